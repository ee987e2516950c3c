#include "render/page_headline.hpp"

#include "core/duration.hpp"
#include "render/sentences.hpp"

namespace spider_check::render {

namespace {

Json headline(bool fresh, const char* word, const std::string& sentence,
              const std::optional<TimePoint>& stale_since) {
  return {{"fresh", fresh},
          {"word", word},
          {"sentence", sentence},
          {"stale_since", optional_time(stale_since)}};
}

Json freshness(const StatusReport& status) {
  const auto& success = status.state.newest_success;
  if (!success) {
    return headline(false, "No success yet", "No run of all spiders has succeeded so far.", {});
  }
  const auto age = status.state.now - *success;
  const auto interval = to_words(status.policy.interval);
  const auto text = "The data is " + to_words(age) + " old";
  if (age < status.policy.interval) {
    return headline(true, "Fresh", text + "; the interval is " + interval + ".", {});
  }
  return headline(false, "Stale",
                  text + ", and was to be renewed every " + interval + ": stale since",
                  *success + status.policy.interval);
}

Json due(const std::string& words, const std::optional<TimePoint>& at, const std::string& why) {
  return {{"words", words}, {"at", optional_time(at)}, {"why", why}};
}

Json due_of(const StatusReport& status, const Zone& zone) {
  const auto& action = status.decision.action;
  if (std::holds_alternative<Disabled>(action)) return due("never: enabled = false", {}, {});
  if (std::holds_alternative<AlreadyRunning>(action)) {
    const auto interval = to_words(status.policy.interval);
    return due(interval + " after the start of the run that is going on", {}, {});
  }
  const auto why = explain(status.decision, status.policy, status.state.now, zone);
  const auto at = next_due(status);
  if (!at) return due(why, {}, {});
  // After a recent success the sentence says nothing that the time does not.
  if (std::holds_alternative<RecentRun>(action)) return due({}, at, {});
  return *at > status.state.now ? due({}, at, why) : due("now", {}, why);
}

std::vector<std::string> notes_of(const StatusReport& status) {
  std::vector<std::string> notes;
  for (const auto& run : status.decision.interrupted) {
    notes.push_back(run_words(run) + " was " + interruption(run));
  }
  if (status.failed_runs > 1) {
    notes.push_back(std::to_string(status.failed_runs) + " runs failed since the newest success");
  }
  if (const int future = status.state.future_runs; future > 0) {
    notes.push_back(std::to_string(future) + (future == 1 ? " run starts" : " runs start") +
                    " in the future of the database's clock: not counted");
  }
  return notes;
}

}  // namespace

bool is_fresh(const SpiderSummary& spider, const StatusReport& status) {
  return spider.last_success && status.state.now - *spider.last_success < status.policy.interval;
}

Json page_headline(const StatusReport& status, const Zone& zone) {
  auto json = freshness(status);
  json["notes"] = notes_of(status);
  json["due"] = due_of(status, zone);
  return json;
}

}  // namespace spider_check::render
