#pragma once

namespace spider_check::test {

/** How often this program has asked for memory so far: a measure of work that no clock disturbs. */
[[nodiscard]] long allocations() noexcept;

}  // namespace spider_check::test
