#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/crawl.hpp"
#include "core/owner.hpp"
#include "core/run.hpp"
#include "core/spider_rules.hpp"
#include "core/termination.hpp"
#include "core/time.hpp"
#include "core/verdict.hpp"

namespace spider_check {

/** An interface: used by reference, never copied. */
class Port {
 public:
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  Port(Port&&) = delete;
  Port& operator=(Port&&) = delete;
  virtual ~Port() = default;

 protected:
  Port() = default;
};

/** What one cheap look at the store tells, enough for the tick that finds nothing to do. */
struct Glance {
  TimePoint now{};
  std::optional<TimePoint> newest_success;
};

/** The session that holds a slot's lock. */
struct LockHolder {
  std::string host;  ///< empty when the server does not tell
  int pid = 0;       ///< 0 when the server does not tell
  TimePoint since{};
};

/** A new run, before it is recorded. */
struct NewRun {
  Trigger trigger = Trigger::tick;
  bool partial = false;
  std::optional<Duration> late;
  std::optional<int> missed_intervals;
};

/**
 * The right to write to one attempt of a run. The token changes with each attempt, so that whoever
 * was overtaken cannot write any more.
 */
struct Claim {
  RunId id = 0;
  int attempt = 1;
  TimePoint started{};  ///< of the run, not of the attempt
  std::string token;
};

/** What became of one spider in one attempt: one row of spider_run. */
struct SpiderOutcome {
  std::string spider;
  ChildReport child;
  std::optional<CrawlReport> crawl;  ///< empty for a program that is no crawl
  Judgement judgement;
  std::filesystem::path log;
  Duration ago{0};  ///< how long ago it ended, when it is recorded
};

/** A spider's outcome as it was recorded. */
struct RecordedOutcome {
  SpiderOutcome outcome;
  int attempt = 1;
  TimePoint finished{};
};

/** How an attempt at a run ended. */
struct RunEnd {
  RunStatus status = RunStatus::failed;
  std::string failure;                  ///< why, in words; empty when completed
  std::vector<std::string> faults;      ///< what was wrong that is no spider's own
  std::optional<Duration> retry_after;  ///< failed: how long until the next attempt may start
};

/** What an event loop waits for on behalf of somebody. */
struct Interest {
  int fd = -1;  ///< none
  bool to_write = false;
  bool to_read = false;
  std::optional<std::chrono::steady_clock::time_point> until;  ///< and not longer than this
};

/**
 * The lock of one slot of the schedule, held until release() or destruction. Where more than one
 * slot exists it also holds off other deciders until decided() is called.
 */
class SlotLock : public Port {
 public:
  [[nodiscard]] virtual int slot() const noexcept = 0;

  /** The run is recorded, or there is none: others may decide now. Throws DbError. */
  virtual void decided() = 0;

  /** Throws DbError; the destructor does the same and ignores failures. */
  virtual void release() = 0;
};

/**
 * Where the runs of one schedule are recorded. Every verb throws DbError when the store cannot be
 * used; those that take a Claim throw LostRun when the run is no longer the caller's.
 */
class RunStore : public Port {
 public:
  /** One round trip, one index probe. */
  [[nodiscard]] virtual Glance glance() = 0;

  /** Everything that the decision needs. A lock that this store holds itself counts as free. */
  [[nodiscard]] virtual State state() = 0;

  /** Takes the lock of a free slot; null when none is free. Never waits for a run. */
  [[nodiscard]] virtual std::unique_ptr<SlotLock> try_lock() = 0;

  /** Who holds a slot; empty when nobody does any more. */
  [[nodiscard]] virtual std::optional<LockHolder> lock_holder() = 0;

  /** Records a new run that starts now, as running. */
  [[nodiscard]] virtual Claim start(const NewRun& run, const SlotLock& lock) = 0;

  /** Sets a failed run back to running for its next attempt; last_run_at stays. */
  [[nodiscard]] virtual Claim retry(const Run& run, const SlotLock& lock) = 0;

  /** Marks a running run whose owner is gone as failed, due again at once. */
  virtual void mark_interrupted(const Run& run, const std::string& why) = 0;

  /** The spiders that have succeeded in this run so far, in any attempt. */
  [[nodiscard]] virtual std::vector<std::string> succeeded(RunId run) = 0;

  /** How many spiders the whole run has. */
  virtual void set_spider_count(const Claim& claim, int count) = 0;

  /**
   * Begins to record these outcomes, none or more, and to say that the run's owner lives; does not
   * wait. Recording the same spider and attempt twice records it once. One write at a time: not
   * before the last one is written().
   */
  virtual void send(const Claim& claim, const std::vector<SpiderOutcome>& outcomes) = 0;

  /** What the write under way waits for. */
  [[nodiscard]] virtual Interest interest() const = 0;

  /**
   * Goes on with the write under way as far as it can without waiting. True once it is done, or
   * there is none. When it throws there is none any more.
   */
  [[nodiscard]] virtual bool written() = 0;

  /** Waits until it is written, at most as long as a statement may take. */
  virtual void wait_written() = 0;

  /** Ends the attempt. */
  virtual void finish(const Claim& claim, const RunEnd& end) = 0;

  /**
   * After a lost connection: connects again, takes the same lock again and makes sure that the run
   * is still the caller's. Throws DbError when the database is still away, LostRun when it is not.
   */
  virtual void reclaim(const Claim& claim, SlotLock& lock) = 0;

  /** The newest outcome of each spider in this run, by name. */
  [[nodiscard]] virtual std::vector<RecordedOutcome> outcomes(RunId run) = 0;

  /** The last good runs of these spiders, at most `most` each; none for a spider without. */
  [[nodiscard]] virtual std::map<std::string, History> histories(
      const std::vector<std::string>& spiders, int most) = 0;

  /** The names of the spiders in the newest whole run that completed. */
  [[nodiscard]] virtual std::vector<std::string> spiders_of_last_success() = 0;

  /** The logs of each spider's newest failed attempt, in whichever run. */
  [[nodiscard]] virtual std::vector<std::filesystem::path> newest_failed_logs() = 0;
};

/** One spider to be run: a child process. */
struct SpiderJob {
  std::string name;
  std::vector<std::string> command;         ///< argv; never given to a shell
  std::size_t arguments_at = 0;             ///< where in it further arguments belong
  std::filesystem::path working_directory;  ///< empty: the program's own
  std::filesystem::path log;
  bool crawl = false;  ///< a crawl of Scrapy's, whose report and statistics are judged
  std::vector<std::pair<std::string, std::string>> environment;  ///< beside the program's own
  int nice = 0;
  SpiderLimits limits;
  Criteria criteria;
  std::filesystem::path report;  ///< where a crawl reports to; empty: nowhere
  std::string report_token;      ///< what each record of the report must hold
};

/** What a source offers. */
struct Listing {
  std::vector<SpiderJob> jobs;
  std::vector<std::string> left_out;  ///< what was listed and cannot be run: one line each, why
};

/** Where spiders come from. */
class SpiderSource : public Port {
 public:
  /**
   * Every spider there is, without log paths. Throws ListingError; its message is one line that
   * names the cause and, where there is one, the file and line.
   */
  [[nodiscard]] virtual Listing list() = 0;
};

/** Watches one crawl by what it tells. */
class CrawlWitness : public Port {
 public:
  /** How far it has come, as of now; empty when it does not tell. Never waits or throws. */
  [[nodiscard]] virtual std::optional<Progress> progress() = 0;

  /** Everything, once the crawl has ended. Does not throw. */
  [[nodiscard]] virtual CrawlReport report() = 0;
};

/** Prepares crawls so that they tell what they do. */
class CrawlWitnesses : public Port {
 public:
  /** Lets the job report. Where that cannot be, its log must do. */
  virtual void prepare(SpiderJob& job) = 0;

  /** Watches a prepared job that is about to start. */
  [[nodiscard]] virtual std::unique_ptr<CrawlWitness> watch(const SpiderJob& job) = 0;
};

/** Told what happens while spiders run; called on the runner's own thread. */
class RunObserver : public Port {
 public:
  virtual void on_start(const SpiderJob& job) = 0;

  /** The job was told to stop. */
  virtual void on_stop(const SpiderJob& job, StopCause cause) = 0;

  virtual void on_finish(const SpiderJob& job, const ChildReport& report) = 0;

  /** A number that changes when the job makes progress; asked only where that matters. */
  [[nodiscard]] virtual std::uint64_t progress_mark(const SpiderJob& job) = 0;

  /** What the observer itself waits for. */
  [[nodiscard]] virtual Interest interest() = 0;

  /** Called each time the runner wakes up, and at least when the interest asks for it. */
  virtual void attend() = 0;

  /** Returning false stops the spiders and ends the run. */
  [[nodiscard]] virtual bool go_on() = 0;
};

/** Why a run ended before all its spiders had been run. */
struct RunCut {
  int signal = 0;          ///< this program was told to stop by it
  bool timed_out = false;  ///< the limit for the whole run was reached
};

/** Runs child processes. */
class SpiderRunner : public Port {
 public:
  /**
   * Runs the jobs and reports each. None of their processes is left when it returns. What was cut
   * off was not started.
   */
  [[nodiscard]] virtual RunCut run_all(const std::vector<SpiderJob>& jobs,
                                       RunObserver& observer) = 0;
};

/** A log file of a spider, or what belongs to it. */
struct LogFile {
  std::filesystem::path path;
  std::int64_t size = 0;  ///< bytes
  std::chrono::system_clock::time_point written;
};

/** The folder where the logs of one schedule are. */
class LogFolder : public Port {
 public:
  [[nodiscard]] virtual const std::filesystem::path& path() const noexcept = 0;

  /**
   * The logs, and the reports that crawls left beside them; nothing else that may be there. Throws
   * std::system_error when the folder is there and cannot be read.
   */
  [[nodiscard]] virtual std::vector<LogFile> list() = 0;

  /** Removes one of them, and its folder with the last one. Why it is still there; else empty. */
  [[nodiscard]] virtual std::string remove(const std::filesystem::path& file) = 0;
};

/** What only the operating system knows about owners. */
class OwnerProbe : public Port {
 public:
  /** This very process. */
  [[nodiscard]] virtual const Owner& self() const = 0;

  /** Whether the very process of a neighbour (is_neighbour) exists. */
  [[nodiscard]] virtual bool exists(const Owner& neighbour) const = 0;
};

}  // namespace spider_check
