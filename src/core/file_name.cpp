#include "core/file_name.hpp"

#include <array>
#include <cstdio>

#include "core/hash.hpp"

namespace spider_check {

namespace {

constexpr std::size_t longest = 120;

bool stays(char c, bool first) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || (c == '.' && !first);
}

std::string hex(const char* format, unsigned value) {
  std::array<char, 16> buffer{};
  std::snprintf(buffer.data(), buffer.size(), format, value);
  return buffer.data();
}

}  // namespace

std::string to_file_name(std::string_view text) {
  if (text.empty()) return "%";
  std::string name;
  for (const char c : text) {
    name +=
        stays(c, name.empty()) ? std::string(1, c) : hex("%%%02X", static_cast<unsigned char>(c));
  }
  if (name.size() <= longest) return name;
  const auto mark = hex("~%08x", fnv1a(text));
  return name.substr(0, longest - mark.size()) + mark;
}

std::filesystem::path log_path(const std::filesystem::path& directory, std::string_view schedule,
                               std::string_view spider, RunId run, int attempt) {
  return directory / to_file_name(schedule) / to_file_name(spider) /
         ("run-" + std::to_string(run) + "-attempt-" + std::to_string(attempt) + ".log");
}

}  // namespace spider_check
