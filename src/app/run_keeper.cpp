#include "app/run_keeper.hpp"

#include <chrono>
#include <thread>

#include "core/duration.hpp"
#include "core/errors.hpp"
#include "render/zone.hpp"

namespace spider_check::app {

using namespace std::chrono_literals;

namespace {

// A restart of PostgreSQL takes seconds, crash recovery or a reboot of its host a minute or two.
constexpr auto patience = 2min;

std::string reasons(const Judgement& judgement) {
  std::string text;
  for (const auto& reason : judgement.reasons) text += (text.empty() ? "" : "; ") + reason;
  return render::printable(text);
}

}  // namespace

RunKeeper::RunKeeper(Schedule& schedule, const Claim& claim, SlotLock& lock, std::size_t spiders)
    : schedule_(schedule), claim_(claim), lock_(lock), spiders_(spiders) {}

void RunKeeper::on_start(const SpiderJob& job) {
  schedule_.log.info("Spider '{}' started ({} of {}), log {}", render::printable(job.name),
                     ++started_, spiders_, job.log.string());
}

bool RunKeeper::on_finish(const SpiderJob& job, const ChildReport& report) {
  const auto judgement = judge(report);
  const auto name = render::printable(job.name);
  if (judgement.verdict == Verdict::ok) {
    schedule_.log.info("Spider '{}' ok after {}", name, to_words(report.took));
  } else {
    failed_.push_back(job.name);
    schedule_.log.error("Spider '{}' failed after {}: {}; log {}", name, to_words(report.took),
                        reasons(judgement), job.log.string());
  }
  unwritten_.push_back({{job.name, report, judgement, job.log}, std::chrono::steady_clock::now()});
  flush();
  return !lost_;
}

bool RunKeeper::on_pulse() {
  flush();
  write([&] { schedule_.store.heartbeat(claim_); });
  return !lost_;
}

bool RunKeeper::finish(const RunEnd& end) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (auto pause = 250ms;; pause = std::min<std::chrono::milliseconds>(2 * pause, 5s)) {
    if (flush() && write([&] { schedule_.store.finish(claim_, end); })) return true;
    if (lost_) return false;
    if (std::chrono::steady_clock::now() + pause > deadline) break;
    // A server that comes back tells nobody: it can only be asked again.
    std::this_thread::sleep_for(pause);
  }
  schedule_.log.error("The database stayed away: the end of run {} could not be recorded",
                      claim_.id);
  return false;
}

/** True when it was written. Otherwise the run is lost, or the database is away and may return. */
template <typename Write>
bool RunKeeper::write(Write&& write) {
  if (lost_ || (!connected_ && !reconnect())) return false;
  try {
    write();
    return true;
  } catch (const LostRun& error) {
    lost_ = true;
    schedule_.log.error("{}; its spiders are stopped here", error.what());
  } catch (const DbError& error) {
    connected_ = false;
    schedule_.log.warn("The database went away: {}; the spiders go on", error.what());
    // Most often it is back at once: a restart, or an administrator who ended the session.
    if (reconnect()) return this->write(std::forward<Write>(write));
  }
  return false;
}

bool RunKeeper::flush() {
  while (!unwritten_.empty()) {
    const bool written = write([&] {
      // Counted anew at each try: while the database is away it grows.
      auto& [outcome, ended] = unwritten_.front();
      outcome.ago = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - ended);
      schedule_.store.record(claim_, outcome);
    });
    if (!written) return false;
    unwritten_.pop_front();
  }
  return true;
}

bool RunKeeper::reconnect() {
  try {
    schedule_.store.reclaim(claim_, lock_);
    connected_ = true;
    schedule_.log.info("Connected again: run {} is still ours", claim_.id);
  } catch (const LostRun& error) {
    lost_ = true;
    schedule_.log.error("{}; its spiders are stopped here", error.what());
  } catch (const DbError& error) {
    schedule_.log.debug("The database is still away: {}", error.what());
  }
  return connected_;
}

}  // namespace spider_check::app
