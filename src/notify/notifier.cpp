#include "notify/notifier.hpp"

#include <chrono>
#include <exception>

#include "util/errors.hpp"
#include "util/log.hpp"
#include "util/time.hpp"
#include "util/zone.hpp"

namespace spider_check {

namespace {

using namespace std::chrono_literals;

using Clock = std::chrono::steady_clock;

// Longer than all that is sent in one go may take: only then may another host try.
constexpr Duration lease = 3min;
// No further message is begun after that; one that was begun has its own limit.
constexpr auto max_time_to_send = 8s;

}  // namespace

void Notifier::check_in(const std::string& run_uuid) const {
  if (const auto delivery = channels.start(run_uuid)) start(*delivery);
}

void Notifier::tell() const noexcept {
  try {
    note();
    send();
  } catch (const std::exception& error) {
    instance.log.warn("Notifications could not be sent: {}", printable(error.what()));
  }
}

void Notifier::tidy() const {
  store.give_up(channels.all());
  if (instance.keep > Duration{0}) store.forget_settled(instance.keep);
}

void Notifier::note() const {
  const auto told = store.told();
  const auto summary = store.summary();
  const auto plan = plan_notifications(told, summary, instance.policy, policy);
  if (plan.changed) {
    std::vector<NewNotification> news;
    for (const auto& event : plan.events) {
      for (auto& message : messages(event, channels.of_events(), summary)) {
        news.push_back(std::move(message));
      }
    }
    if (!store.tell(plan.told, news)) {
      instance.log.debug("Another host is sending these notifications");
    }
  }
  // Of each run, not only of changes; the key makes it once for each attempt.
  const auto checks = channels.of_runs();
  if (checks.empty()) return;
  if (const auto event = spider_check::check_in(summary, instance.policy)) {
    store.add(messages(*event, checks, summary));
  }
}

void Notifier::send() const {
  const auto names = channels.all();
  const auto deadline = Clock::now() + max_time_to_send;
  store.give_up(names);
  while (Clock::now() < deadline) {
    const auto due = store.take_due(names, lease);
    if (due.empty()) return;
    std::vector<Delivery> deliveries;
    for (const auto& one : due) {
      const auto kind = parse_event_kind(one.event).value_or(EventKind::test);
      deliveries.push_back(channels.delivery(one.channel, kind, one.facts));
    }
    const auto ends = run_all(deliveries);
    for (std::size_t i = 0; i < due.size(); ++i) settle(due[i], ends[i]);
  }
}

std::vector<NewNotification> Notifier::messages(const Event& event,
                                                const std::vector<std::string>& names,
                                                const ScheduleSummary& summary) const {
  const auto log = log_of(event, summary);
  std::vector<NewNotification> messages;
  for (const auto& name : names) {
    messages.push_back(
        {name, std::string(to_text(event.kind)), event.key,
         facts(event, {instance.name, instance.host.self().host}, summary, instance.policy, log)});
  }
  return messages;
}

/** A check shows the end of a log; to others a log is only named. */
std::string Notifier::log_of(const Event& event, const ScheduleSummary& summary) const {
  if (event.kind != EventKind::ping_fail && event.kind != EventKind::ping_log) return {};
  for (const auto& recorded : summary.outcomes) {
    const auto& outcome = recorded.outcome;
    if (outcome.judgement.verdict != Verdict::failed || outcome.log.empty()) continue;
    return log_end(outcome.log);
  }
  return {};
}

void Notifier::settle(const DueNotification& due, const DeliveryEnd& end) const {
  const auto event = printable(due.event);
  if (end.done) {
    store.sent(due.id);
    instance.log.info("Told {}: {}", due.channel, event);
    return;
  }
  const auto pause = pause_after(due.tries);
  const auto why = printable(end.words);
  store.not_sent(due.id, why, pause);
  // Loud once: a receiver may be away for long, and ticks come every few minutes.
  instance.log.at(due.tries == 1 ? LogLevel::warning : LogLevel::info,
                  "Could not tell {} ({}): {}; a tick tries again in {}", due.channel, event, why,
                  to_words(pause));
}

TestedChannels Notifier::test() const {
  const auto names = channels.all();
  if (names.empty()) {
    throw UsageError(
        "notify: no channel is configured; add [notify.program], [notify.webhook] or "
        "[notify.ping]");
  }
  ScheduleSummary summary;
  summary.now = instance.host.now().wall;
  std::vector<Delivery> deliveries;
  for (const auto& message : messages({EventKind::test, "test", {}}, names, summary)) {
    deliveries.push_back(channels.delivery(message.channel, EventKind::test, message.facts));
  }
  const auto ends = run_all(deliveries);
  TestedChannels tested;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto& [done, words] = ends[i];
    tested.text += names[i] + (done ? ": sent" : ": not sent") +
                   (words.empty() ? "" : ": " + printable(words)) + "\n";
    tested.all_sent = tested.all_sent && done;
  }
  return tested;
}

}  // namespace spider_check
