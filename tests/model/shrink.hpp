#pragma once

#include <functional>

#include "history.hpp"

namespace spider_check::test {

/** The smallest history that can be got from this one by leaving out and making smaller, and still
 * fails. */
[[nodiscard]] Steps shrink(Steps history, const std::function<bool(const Steps&)>& fails);

}  // namespace spider_check::test
