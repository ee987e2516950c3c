#include "core/attempt_record.hpp"

#include <string_view>
#include <unordered_set>

namespace spider_check {

namespace {

JournaledOutcome unknown_outcome(const JournaledStart& start) {
  SpiderOutcome outcome;
  outcome.spider = start.spider;
  outcome.child.termination = Unknown{};
  outcome.judgement = {Verdict::failed,
                       {"interrupted: the program that ran it ended before it did"}};
  outcome.log = start.log;
  return {std::move(outcome), start.at};
}

/** The latest instant that it tells of. */
HostTime last_heard_of(const AttemptRecord& attempt) {
  auto last = attempt.began;
  const auto later = [&](const HostTime& at) {
    if (at.since_boot > last.since_boot) last = at;
  };
  for (const auto& start : attempt.starts) later(start.at);
  for (const auto& outcome : attempt.outcomes) later(outcome.ended);
  return last;
}

}  // namespace

std::vector<JournaledOutcome> outcomes_of(const AttemptRecord& attempt) {
  std::vector<JournaledOutcome> all;
  std::unordered_set<std::string_view> spiders;
  for (const auto& outcome : attempt.outcomes) {
    if (spiders.insert(outcome.outcome.spider).second) all.push_back(outcome);
  }
  for (const auto& start : attempt.starts) {
    if (spiders.insert(start.spider).second) all.push_back(unknown_outcome(start));
  }
  return all;
}

JournaledEnd end_of(const AttemptRecord& attempt) {
  if (attempt.end) return *attempt.end;
  RunEnd end;
  end.status = RunStatus::failed;
  end.failure = "interrupted: " + attempt.owner.host + ", pid " +
                std::to_string(attempt.owner.pid) + " is gone";
  end.retry_after = Duration{0};
  return {std::move(end), last_heard_of(attempt)};
}

std::vector<std::string> succeeded_in(const AttemptRecord& attempt) {
  std::vector<std::string> names;
  for (const auto& [outcome, ended] : attempt.outcomes) {
    if (outcome.judgement.verdict != Verdict::failed) names.push_back(outcome.spider);
  }
  return names;
}

}  // namespace spider_check
