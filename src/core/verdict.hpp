#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/termination.hpp"

namespace spider_check {

/** What a spider's attempt was worth. */
enum class Verdict { ok, failed };

/** "ok", "failed": the words of spider_run.verdict. */
[[nodiscard]] std::string_view to_text(Verdict verdict);

/** A verdict with its reasons in words, for people. */
struct Judgement {
  Verdict verdict = Verdict::failed;
  std::vector<std::string> reasons;
};

/**
 * Judges one attempt by how its process went: anything but exit status 0 is a failure, and so is a
 * spider that was stopped, whose work is half done whatever it exits with.
 */
[[nodiscard]] Judgement judge(const ChildReport& child);

}  // namespace spider_check
