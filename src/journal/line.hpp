#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace spider_check::journal {

/** The version of what this program writes. */
inline constexpr int version = 1;

/** A record as one line: version, checksum, the record; it holds no line end, and the line one. */
[[nodiscard]] std::string to_line(std::string_view record);

/** What a line turned out to be. */
struct Line {
  enum class Kind {
    good,
    foreign,  ///< of another version of the program
    damaged,  ///< torn, or never one of ours
  };
  Kind kind = Kind::damaged;
  std::string record;
};

/** Reads a line back, without its line end. */
[[nodiscard]] Line read_line(std::string_view line);

}  // namespace spider_check::journal
