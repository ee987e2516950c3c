#pragma once

#include <string>
#include <string_view>

#include <soci/soci.h>

namespace spider_check::db {

/** Whether the database can keep every text: in UTF8, or in SQL_ASCII, which looks at none. */
[[nodiscard]] bool keeps_every_text(soci::session& sql);

/** The text as this database can keep it: elsewhere with \uXXXX for what is not ASCII. */
[[nodiscard]] std::string to_kept(soci::session& sql, const std::string& text);

/** The same within a JSON document or an array literal, where a backslash stands twice. */
[[nodiscard]] std::string to_kept_quoted(soci::session& sql, const std::string& text);

/** What to_kept() was given. */
[[nodiscard]] std::string from_kept(soci::session& sql, const std::string& text);

/** A text of UTF-8 with \uXXXX, or two of them, for what is not ASCII. mark: instead of \u. */
[[nodiscard]] std::string escaped(std::string_view text, std::string_view mark = "\\u");

/** What escaped() was given. */
[[nodiscard]] std::string unescaped(std::string_view text);

}  // namespace spider_check::db
