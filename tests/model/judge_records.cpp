// What is recorded, held against what happened.
#include <algorithm>
#include <set>
#include <utility>

#include "judge.hpp"
#include "world.hpp"

namespace spider_check::test {

bool Judge::is_in_journal(const Trace& trace) const {
  const auto& attempts = trace.machine->disk.attempts;
  return std::any_of(attempts.begin(), attempts.end(), [&](const auto& held) {
    return held.record.claim.token == trace.claim.token;
  });
}

bool Judge::is_in_rows(const Trace& trace) const {
  const auto& rows = world_.rows();
  return std::any_of(rows.begin(), rows.end(), [&](const auto& row) {
    return std::any_of(row.tokens.begin(), row.tokens.end(),
                       [&](const auto& token) { return token.second == trace.claim.token; });
  });
}

/** It was killed right after it had begun a run. */
bool Judge::left_claim(const Trace& trace) const {
  const auto& rows = world_.rows();
  const auto& attempts = trace.machine->disk.attempts;
  return std::any_of(rows.begin(), rows.end(),
                     [&](const auto& row) { return row.run.owner.pid == trace.pid; }) ||
         std::any_of(attempts.begin(), attempts.end(),
                     [&](const auto& attempt) { return attempt.record.owner.pid == trace.pid; });
}

/** What a process did is recorded once, and as it was. */
void Judge::settle(Trace& trace) {
  if (trace.settled || trace.spiders.empty()) return;
  trace.settled = true;
  if (!disk_is_fine_since(*trace.machine, trace.began)) return;
  for (const auto& spider : trace.spiders) {
    int found = 0;
    for (const auto& row : world_.rows()) {
      for (const auto& recorded : row.outcomes) {
        const auto token = row.tokens.find(recorded.attempt);
        const bool own = token != row.tokens.end() && token->second == trace.claim.token;
        if (!own || recorded.outcome.spider != spider.name) continue;
        ++found;
        const bool ok = recorded.outcome.judgement.verdict != Verdict::failed;
        if ((ok && !spider.ok) || (spider.told && !ok && spider.ok)) {
          object("spider " + spider.name + " of " + to_text(trace) + " is recorded as " +
                 (ok ? "a success" : "a failure") + ", which it was not");
        }
      }
    }
    if (found > 1 || (found == 0 && spider.started)) {
      object(to_text(trace) + " started spider " + spider.name + ", which is recorded " +
             std::to_string(found) + " times");
    }
  }
}

/** Nothing is recorded that never happened, and no run twice. */
void Judge::no_others_rows() {
  std::set<std::string> uuids;
  std::set<std::pair<std::string, std::string>> starts;  // by token
  for (const auto& trace : traces_) {
    for (const auto& spider : trace.spiders) starts.emplace(trace.claim.token, spider.name);
  }
  for (const auto& row : world_.rows()) {
    if (!uuids.insert(row.run.uuid).second) object("run " + row.run.uuid + " has two rows");
    for (const auto& recorded : row.outcomes) {
      const auto& spider = recorded.outcome.spider;
      const auto token = row.tokens.find(recorded.attempt);
      if (token != row.tokens.end() && starts.contains({token->second, spider})) continue;
      object("run " + row.run.uuid + " has a start of spider " + spider + " that never happened");
    }
  }
}

void Judge::settle_all() {
  for (auto& trace : traces_) {
    if (trace.over) settle(trace);
  }
  no_others_rows();
}

}  // namespace spider_check::test
