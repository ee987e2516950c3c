#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace spider_check {

// What spiders and sites have said, as the page and messages show it.

/** The text with the passwords in it replaced by ***: of URLs (//USER:***@), and password=***. */
[[nodiscard]] std::string without_passwords(std::string_view text);

/**
 * The last lines of a log, at most 40 and 8 KiB, with "…" before them where there are more: without
 * passwords, and harmless to a terminal.
 */
[[nodiscard]] std::string shown_end(std::string_view log);

/**
 * A text of one line without passwords, at most so many bytes: what steers a terminal becomes \xNN
 * or \uNNNN, a newline \n. What is no UTF-8 stays.
 */
[[nodiscard]] std::string shown_line(std::string_view text, std::size_t most);

}  // namespace spider_check
