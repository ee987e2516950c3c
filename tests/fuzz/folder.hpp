#pragma once

#include <filesystem>
#include <string_view>

namespace spider_check::fuzz {

/** A private folder for readers that want a file, in memory where the host has such a place. */
class Folder {
 public:
  Folder();

  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  Folder(Folder&&) = delete;
  Folder& operator=(Folder&&) = delete;

  ~Folder();

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

  /** Replaces the file with these bytes; gives its path. */
  std::filesystem::path write(std::string_view name, std::string_view bytes) const;

  /** Adds them to it. */
  void append(std::string_view name, std::string_view bytes) const;

 private:
  std::filesystem::path path_;
};

}  // namespace spider_check::fuzz
