#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spider_check {

/** What a person may write, for messages about what is wrong. */
inline constexpr std::string_view size_examples = R"("500MB", "2GB" or "1GiB")";

/** Reads a size in bytes: a whole number with B, kB, MB, GB, TB or KiB, MiB, GiB, TiB. */
[[nodiscard]] std::optional<std::int64_t> parse_size(std::string_view text);

/** "1.5 GB", "12 kB", "0 B": at most one decimal, for people. */
[[nodiscard]] std::string size_words(std::int64_t bytes);

}  // namespace spider_check
