#pragma once

#include <filesystem>
#include <utility>

#include "core/published_file.hpp"

namespace spider_check::os {

/** A file in a directory that is there (file_to_replace); whoever may enter that may read it. */
class PublishedFile final : public spider_check::PublishedFile {
 public:
  explicit PublishedFile(std::filesystem::path path) : path_(std::move(path)) {}

  void replace(std::string_view text) override;

  [[nodiscard]] std::string place() const override { return path_.string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace spider_check::os
