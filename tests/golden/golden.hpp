#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <doctest/doctest.h>

namespace spider_check::test {

/** A file of tests/golden, which the build names. */
inline std::filesystem::path golden_file(const std::string& name) {
  return std::filesystem::path(SPIDER_CHECK_GOLDEN_DIR) / name;
}

/** The text of a file of tests/golden. */
inline std::string read_golden(const std::string& name) {
  std::ifstream stream(golden_file(name), std::ios::binary);
  REQUIRE_MESSAGE(stream.is_open(), "there is no " << golden_file(name).string());
  return {std::istreambuf_iterator<char>(stream), {}};
}

/**
 * Holds a text against a file of tests/golden. With SPIDER_CHECK_ACCEPT=1 in the environment the
 * file is written instead: then `git diff` shows what changed.
 */
inline void check_golden(const std::string& name, const std::string& text) {
  const char* accept = std::getenv("SPIDER_CHECK_ACCEPT");
  if (accept != nullptr && std::string(accept) == "1") {
    std::ofstream(golden_file(name), std::ios::binary) << text;
    MESSAGE("written: " << name);
  }
  CAPTURE(name);
  CHECK(text == read_golden(name));
}

}  // namespace spider_check::test
