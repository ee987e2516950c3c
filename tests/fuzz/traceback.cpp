// What a Python program prints when it dies.
#include <filesystem>
#include <string>

#include "fuzz.hpp"
#include "scrapy/project.hpp"

namespace spider_check::fuzz {

void try_input(std::string_view bytes) {
  const std::string output(bytes);
  for (const auto* directory : {"/srv/jobs", "/srv/jobs/", ""}) {
    const auto cause = explain_traceback(output, directory);
    if (cause.empty()) continue;
    expect(cause.find('\n') == std::string::npos, "a cause is one line");
    expect(output.find("Traceback (most recent call last)") != std::string::npos,
           "only a traceback has a cause");
    expect(cause.size() <= output.size(), "nothing is made up");
  }
}

}  // namespace spider_check::fuzz
