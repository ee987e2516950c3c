#pragma once

#include <filesystem>
#include <utility>

#include "core/published_file.hpp"

namespace spider_check::os {

/**
 * A file in a directory that is there, for its owner only, unless somebody has given the one that
 * is there other permissions: those stay. What is no regular file (file_to_replace) is left alone.
 */
class PrivateFile final : public spider_check::PublishedFile {
 public:
  explicit PrivateFile(std::filesystem::path path) : path_(std::move(path)) {}

  void replace(std::string_view text) override;

  [[nodiscard]] std::string place() const override { return path_.string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace spider_check::os
