#include "os/published_file.hpp"

#include "os/new_file.hpp"

namespace spider_check::os {

void PublishedFile::replace(std::string_view text) {
  publish_file(file_to_replace(path_), text);
}

}  // namespace spider_check::os
