#pragma once

#include <span>
#include <string_view>

namespace spider_check::db {

/** One file of migrations/, as it was when the program was built. */
struct Migration {
  int version;
  std::string_view name;
  std::string_view checksum;  ///< SHA-256 of the file, in hexadecimal
  std::string_view sql;
};

/** All of them, in order; the last one's version is the schema that this program needs. */
[[nodiscard]] std::span<const Migration> migrations() noexcept;

}  // namespace spider_check::db
