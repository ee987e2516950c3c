#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace spider_check::render {

/** Escapes what HTML would take for its own, in text and in quoted attributes. */
[[nodiscard]] std::string escape_html(std::string_view text);

/** A foreign name or message on one line, as printable() shows it, of at most so many columns. */
[[nodiscard]] std::string shown_text(std::string_view foreign, std::size_t max_width = 300);

/** JSON for a <script>: nothing in it can end the script, or begin a comment of HTML. */
[[nodiscard]] std::string escape_json(std::string_view json);

}  // namespace spider_check::render
