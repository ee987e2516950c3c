#include "notify/notifications.hpp"

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
using Names = std::vector<std::string>;

// Longer than all that is sent in one go may take: only then may another host try.
constexpr Duration lease = 3min;
// No further message is begun after that; one that was begun has its own limit.
constexpr auto max_time_to_send = 8s;

Names all_channels(const Channels& channels) {
  auto names = channels.of_events();
  const auto more = channels.of_runs();
  names.insert(names.end(), more.begin(), more.end());
  return names;
}

class NotifierRun {
 public:
  NotifierRun(Instance& instance, Notifier& notifier) : instance_(instance), notifier_(notifier) {}

  void note() {
    const auto told = notifier_.store.told();
    const auto summary = notifier_.store.summary();
    const auto plan = plan_notifications(told, summary, instance_.policy, notifier_.policy);
    if (plan.changed) {
      std::vector<NewNotification> news;
      for (const auto& event : plan.events) {
        add(news, notifier_.channels.of_events(), event, summary);
      }
      if (!notifier_.store.tell(plan.told, news)) {
        instance_.log.debug("Another host is sending these notifications");
      }
    }
    note_run(summary);
  }

  void send() {
    const auto channels = all_channels(notifier_.channels);
    const auto deadline = Clock::now() + max_time_to_send;
    notifier_.store.give_up(channels);
    while (Clock::now() < deadline) {
      const auto due = notifier_.store.take_due(channels, lease);
      if (due.empty()) return;
      std::vector<Delivery> deliveries;
      for (const auto& one : due) {
        deliveries.push_back(notifier_.channels.delivery(one.channel, one.event, one.facts));
      }
      const auto ends = notifier_.deliveries.run_all(deliveries);
      for (std::size_t i = 0; i < due.size(); ++i) settle(due[i], ends[i]);
    }
  }

 private:
  /** Of each run, not only of changes; the key makes it once for each attempt. */
  void note_run(const ScheduleSummary& summary) {
    const auto channels = notifier_.channels.of_runs();
    if (channels.empty()) return;
    const auto event = check_in(summary, instance_.policy);
    if (!event) return;
    std::vector<NewNotification> news;
    add(news, channels, *event, summary);
    notifier_.store.add(news);
  }

  void add(std::vector<NewNotification>& news, const Names& channels, const Event& event,
           const ScheduleSummary& summary) const {
    const auto log = log_of(event, summary);
    for (const auto& channel : channels) {
      news.push_back({channel, event.kind, event.key,
                      facts(event, {instance_.name, instance_.host.self().host}, summary,
                            instance_.policy, log)});
    }
  }

  /** A check shows the end of a log; to others a log is only named. */
  [[nodiscard]] std::string log_of(const Event& event, const ScheduleSummary& summary) const {
    if (event.kind != EventKind::ping_fail && event.kind != EventKind::ping_log) return {};
    for (const auto& recorded : summary.outcomes) {
      const auto& outcome = recorded.outcome;
      if (outcome.judgement.verdict != Verdict::failed || outcome.log.empty()) continue;
      return notifier_.log_end(outcome.log);
    }
    return {};
  }

  void settle(const DueNotification& due, const DeliveryEnd& end) {
    if (end.done) {
      notifier_.store.sent(due.id);
      instance_.log.info("Told {}: {}", due.channel, to_text(due.event));
      return;
    }
    const auto pause = pause_after(due.tries);
    const auto why = printable(end.words);
    notifier_.store.not_sent(due.id, why, pause);
    // Loud once: a receiver may be away for long, and ticks come every few minutes.
    instance_.log.at(due.tries == 1 ? LogLevel::warning : LogLevel::info,
                     "Could not tell {} ({}): {}; a tick tries again in {}", due.channel,
                     to_text(due.event), why, to_words(pause));
  }

  Instance& instance_;
  Notifier& notifier_;
};

}  // namespace

void give_up_messages(const Instance& instance) {
  instance.messages.give_up(
      instance.notifier == nullptr ? Names() : all_channels(instance.notifier->channels));
}

void check_in_at_start(Instance& instance, const AttemptRecord& attempt) {
  if (instance.notifier == nullptr || attempt.run.partial) return;
  const auto delivery = instance.notifier->channels.start(attempt.claim.uuid);
  if (delivery) instance.notifier->deliveries.start(*delivery);
}

void tell(Instance& instance) noexcept {
  if (instance.notifier == nullptr) return;
  try {
    NotifierRun run(instance, *instance.notifier);
    run.note();
    run.send();
  } catch (const std::exception& error) {
    instance.log.warn("Notifications could not be sent: {}", printable(error.what()));
  }
}

TestedChannels test_channels(Instance& instance) {
  if (instance.notifier == nullptr) {
    throw UsageError(
        "notify: no channel is configured; add [notify.program], [notify.webhook] or "
        "[notify.ping]");
  }
  auto& notifier = *instance.notifier;
  ScheduleSummary summary;
  summary.now = instance.host.now().wall;
  const auto said = facts({EventKind::test, "test", {}}, {instance.name, instance.host.self().host},
                          summary, instance.policy, "");
  const auto channels = all_channels(notifier.channels);
  std::vector<Delivery> deliveries;
  for (const auto& channel : channels) {
    deliveries.push_back(notifier.channels.delivery(channel, EventKind::test, said));
  }
  const auto ends = notifier.deliveries.run_all(deliveries);
  TestedChannels tested;
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const auto& [done, words] = ends[i];
    tested.text += channels[i] + (done ? ": sent" : ": not sent") +
                   (words.empty() ? "" : ": " + printable(words)) + "\n";
    tested.all_sent = tested.all_sent && done;
  }
  return tested;
}

}  // namespace spider_check
