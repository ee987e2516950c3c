#pragma once

#include <optional>
#include <string_view>

#include "core/terminal_text.hpp"

namespace spider_check::os {

/**
 * Where logs are shown. A terminal gets what is harmless to it; a pipe or a file gets the very
 * bytes. SIGPIPE has to be ignored.
 */
class LogOutput {
 public:
  /** The descriptor is not owned, and outlives the output. */
  explicit LogOutput(int fd);

  /** False when nobody reads any more. Throws std::system_error. */
  [[nodiscard]] bool write(std::string_view bytes);

  /** The log ends here. As write(). */
  [[nodiscard]] bool end_log();

  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  [[nodiscard]] bool write_all(std::string_view bytes) const;

  int fd_;
  std::optional<TerminalText> terminal_;  ///< empty: no terminal
};

}  // namespace spider_check::os
