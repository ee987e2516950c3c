#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace spider_check {

/**
 * How many columns of a terminal a text takes: two for East Asian wide characters and most emoji,
 * none for what combines with the character before, one for a byte that is no UTF-8. The same
 * whatever the process' locale.
 */
[[nodiscard]] std::size_t width_of(std::string_view text);

/** The text cut to `width` columns, with "…" where it was cut, and "?" for what is not UTF-8. */
[[nodiscard]] std::string cut_to(std::string_view text, std::size_t width);

/** The text with blanks behind it up to `width` columns; a longer one stays as it is. */
[[nodiscard]] std::string pad_to(std::string text, std::size_t width);

/** cut_to(), with blanks behind it up to `width` columns. */
[[nodiscard]] std::string fill_to(std::string_view text, std::size_t width);

/** What a text is written to. */
struct Output {
  std::size_t width = 0;  ///< columns of a terminal; 0: none, and lines are as long as they like
  bool colour = false;
  std::string logs{};     ///< what shows the logs there: "spider-check logs"
  std::string log_dir{};  ///< where these are
};

/**
 * Breaks lines longer than `width` between words; the rest hangs below the line's last column,
 * which two blanks begin. 0: as it is.
 */
[[nodiscard]] std::string wrap(std::string_view text, std::size_t width);

/** Where a spider's newest log is: "log: FILE", or on a terminal the command that shows it. */
[[nodiscard]] std::string place_of_log(const std::string& log, const std::string& spider,
                                       const Output& output, const std::string& which = "");

}  // namespace spider_check
