#include "app/telling.hpp"

#include <chrono>
#include <exception>

#include "core/duration.hpp"
#include "core/errors.hpp"
#include "render/zone.hpp"

namespace spider_check::app {

namespace {

using namespace std::chrono_literals;

using Clock = std::chrono::steady_clock;
using Names = std::vector<std::string>;

// Longer than all that is sent in one go may take: only then may another host try.
constexpr Duration lease = 3min;
// No further message is begun after that; one that was begun has its own limit.
constexpr auto patience = 8s;

Names all_channels(const Channels& channels) {
  auto names = channels.of_events();
  const auto more = channels.of_runs();
  names.insert(names.end(), more.begin(), more.end());
  return names;
}

class Teller {
 public:
  Teller(Schedule& schedule, Notifier& notifier) : schedule_(schedule), notifier_(notifier) {}

  void note() {
    const auto told = notifier_.store.told();
    const auto situation = notifier_.store.situation();
    const auto telling = what_to_tell(told, situation, schedule_.policy, notifier_.policy);
    if (telling.changed) {
      std::vector<NewNotification> news;
      for (const auto& event : telling.events) {
        add(news, notifier_.channels.of_events(), event, situation);
      }
      if (!notifier_.store.tell(telling.told, news)) {
        schedule_.log.debug("Another host tells what there is to tell");
      }
    }
    note_run(situation);
  }

  void send() {
    const auto channels = all_channels(notifier_.channels);
    const auto deadline = Clock::now() + patience;
    notifier_.store.give_up(channels);
    while (Clock::now() < deadline) {
      const auto due = notifier_.store.take_due(channels, lease);
      if (due.empty()) return;
      std::vector<Errand> errands;
      for (const auto& one : due) {
        errands.push_back(notifier_.channels.errand(one.channel, one.event, one.facts));
      }
      const auto ends = notifier_.errands.run_all(errands);
      for (std::size_t i = 0; i < due.size(); ++i) settle(due[i], ends[i]);
    }
  }

 private:
  /** Of each run, not only of changes; the key makes it once for each attempt. */
  void note_run(const Situation& situation) {
    const auto channels = notifier_.channels.of_runs();
    if (channels.empty()) return;
    const auto event = check_in(situation, schedule_.policy);
    if (!event) return;
    std::vector<NewNotification> news;
    add(news, channels, *event, situation);
    notifier_.store.add(news);
  }

  void add(std::vector<NewNotification>& news, const Names& channels, const Event& event,
           const Situation& situation) const {
    const auto log = log_of(event, situation);
    for (const auto& channel : channels) {
      news.push_back({channel, event.kind, event.key,
                      notifier_.channels.facts(event, schedule_.name, schedule_.owners.self().host,
                                               situation, schedule_.policy, log)});
    }
  }

  /** A check shows the end of a log; to others a log is only named. */
  [[nodiscard]] std::string log_of(const Event& event, const Situation& situation) const {
    if (event.kind != EventKind::ping_fail && event.kind != EventKind::ping_log) return {};
    for (const auto& recorded : situation.outcomes) {
      const auto& outcome = recorded.outcome;
      if (outcome.judgement.verdict != Verdict::failed || outcome.log.empty()) continue;
      return notifier_.log_end(outcome.log);
    }
    return {};
  }

  void settle(const DueNotification& due, const ErrandEnd& end) {
    if (end.done) {
      notifier_.store.sent(due.id);
      schedule_.log.info("Told {}: {}", due.channel, to_text(due.event));
      return;
    }
    const auto pause = pause_after(due.tries);
    const auto why = render::printable(end.words);
    notifier_.store.not_sent(due.id, why, pause);
    // Loud once: a receiver may be away for long, and ticks come every few minutes.
    schedule_.log.at(due.tries == 1 ? LogLevel::warning : LogLevel::info,
                     "Could not tell {} ({}): {}; a tick tries again in {}", due.channel,
                     to_text(due.event), why, to_words(pause));
  }

  Schedule& schedule_;
  Notifier& notifier_;
};

}  // namespace

void give_up_messages(const Schedule& schedule) {
  if (schedule.messages == nullptr) return;
  schedule.messages->give_up(
      schedule.notifier == nullptr ? Names() : all_channels(schedule.notifier->channels));
}

void check_in_at_start(Schedule& schedule, const AttemptRecord& attempt) {
  if (schedule.notifier == nullptr || attempt.run.partial) return;
  const auto errand = schedule.notifier->channels.start(attempt.claim.uuid);
  if (errand) schedule.notifier->errands.start(*errand);
}

void tell(Schedule& schedule) noexcept {
  if (schedule.notifier == nullptr) return;
  try {
    Teller teller(schedule, *schedule.notifier);
    teller.note();
    teller.send();
  } catch (const std::exception& error) {
    schedule.log.warn("Nobody could be told how the spiders are doing: {}",
                      render::printable(error.what()));
  }
}

TestedChannels test_channels(Schedule& schedule) {
  if (schedule.notifier == nullptr) {
    throw UsageError(
        "notify: the configuration names nobody to tell; add [notify.program], [notify.webhook] or "
        "[notify.ping]");
  }
  auto& notifier = *schedule.notifier;
  Situation situation;
  situation.now = schedule.owners.now().wall;
  const auto facts =
      notifier.channels.facts({EventKind::test, "test", {}}, schedule.name,
                              schedule.owners.self().host, situation, schedule.policy, "");
  const auto channels = all_channels(notifier.channels);
  std::vector<Errand> errands;
  for (const auto& channel : channels) {
    errands.push_back(notifier.channels.errand(channel, EventKind::test, facts));
  }
  const auto ends = notifier.errands.run_all(errands);
  TestedChannels tested;
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const auto& [done, words] = ends[i];
    tested.text += channels[i] + (done ? ": sent" : ": not sent") +
                   (words.empty() ? "" : ": " + render::printable(words)) + "\n";
    tested.all_sent = tested.all_sent && done;
  }
  return tested;
}

}  // namespace spider_check::app
