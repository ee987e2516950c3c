#pragma once

#include <string>
#include <string_view>

#include "core/interface.hpp"

namespace spider_check {

/** A file that others read at any time, like a page or what a collector of metrics takes. */
class PublishedFile : public Interface {
 public:
  /**
   * Puts the text in place of what is there: a reader sees the old one or the new one whole. Throws
   * std::system_error that names the file; then the old one stays.
   */
  virtual void replace(std::string_view text) = 0;

  /** Where it is, for messages. */
  [[nodiscard]] virtual std::string place() const = 0;
};

}  // namespace spider_check
