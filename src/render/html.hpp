#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace spider_check::render {

// Text of others on its way into HTML: the one place that escapes it.

/** Escapes what HTML would take for its own, in text and in quoted attributes. */
[[nodiscard]] std::string escape_html(std::string_view text);

/**
 * A name or message of somebody else's on one line, of at most `most` characters: what steers,
 * hides or is no UTF-8 is shown as printable() does, and the rest is escaped.
 */
[[nodiscard]] std::string html_text(const std::string& foreign, std::size_t most = 300);

/** The end of a log for <pre>: at most forty lines and 8 KiB, with its lines and tabs as they are.
 */
[[nodiscard]] std::string html_log(std::string_view log);

/** JSON for a <script>: nothing in it can end the script or is no JavaScript. */
[[nodiscard]] std::string escape_json(std::string_view json);

/** "12,345" */
[[nodiscard]] std::string grouped(std::int64_t number);

/** "1 run", "12,345 runs" */
[[nodiscard]] std::string counted(std::int64_t number, const std::string& what);

/** Rounds; not with libm, which the program does without. */
[[nodiscard]] std::int64_t to_nearest(double value);

/** A share of a width, "43.21%": 0 to 1, held within it. */
[[nodiscard]] std::string percent(double share);

}  // namespace spider_check::render
