#pragma once

#include <filesystem>
#include <string_view>

namespace spider_check::fuzz {

/** A private directory for readers that want a file, in memory where the host has such a place. */
class Directory {
 public:
  Directory();

  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  Directory(Directory&&) = delete;
  Directory& operator=(Directory&&) = delete;

  ~Directory();

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

  /** Replaces the file with these bytes; gives its path. */
  std::filesystem::path write(std::string_view name, std::string_view bytes) const;

  /** Adds them to it. */
  void append(std::string_view name, std::string_view bytes) const;

 private:
  std::filesystem::path path_;
};

}  // namespace spider_check::fuzz
