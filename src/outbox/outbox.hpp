#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "outbox/journal.hpp"
#include "util/log.hpp"

namespace spider_check {

/**
 * The facts of an attempt that this process carries out: all of them in memory, and in the journal
 * as far as that can be written, which is one warning where it cannot, and no reason not to run.
 * The database gets the outcomes from here, in order, and each at least once.
 */
class Outbox {
 public:
  /** Both outlive it. */
  Outbox(Journal& journal, Log& log) : journal_(&journal), log_(&log) {}

  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;
  Outbox(Outbox&& other) noexcept;
  Outbox& operator=(Outbox&&) = delete;
  ~Outbox();

  /** What is known of the attempt. What is changed here directly is not journaled. */
  [[nodiscard]] AttemptRecord& attempt() noexcept { return attempt_; }

  [[nodiscard]] const AttemptRecord& attempt() const noexcept { return attempt_; }

  /** Puts the attempt into the journal. Throws std::system_error. */
  void begin();

  /** The same, with a warning instead. */
  void try_to_begin();

  [[nodiscard]] bool has_begun() const noexcept { return !name_.empty(); }

  /** This database has recorded the run, by this id. */
  void recorded(RunId id, const DatabaseIdentity& database);

  /** The spiders that the run has, and how long after its last sign of life they may live. */
  void count(int spiders, Duration spiders_outlive);

  /** Before it is started: from now on the program may die. */
  void start(JournaledStart start);

  /** only_copy: the database does not get it now, so it must survive a power cut. */
  void add(SpiderOutcome outcome, const HostTime& ended, bool only_copy);

  /** Survives a power cut. */
  void end(RunEnd end, const HostTime& at);

  /** Brings to the disk what is not there yet, or not any more. */
  void sync();

  /** All of it is in the database. */
  void forget();

  /** Everything is in the journal, as of the last write. */
  [[nodiscard]] bool is_whole() const noexcept { return whole_; }

  /** What was wrong with the journal first; empty when nothing was. */
  [[nodiscard]] const std::string& fault() const noexcept { return fault_; }

  /** How many outcomes the database has not acknowledged. */
  [[nodiscard]] std::size_t waiting() const noexcept {
    return attempt_.outcomes.size() - acknowledged_;
  }

  /** The one that has waited for the longest is at 0. */
  [[nodiscard]] JournaledOutcome& waiting_at(std::size_t place) {
    return attempt_.outcomes[acknowledged_ + place];
  }

  /** The database has so many of them now. */
  void acknowledge(std::size_t outcomes) noexcept { acknowledged_ += outcomes; }

  /** A server may take over that has none of them: it gets them all. */
  void send_again() noexcept { acknowledged_ = 0; }

 private:
  template <typename Write>
  void write(Write&& write);
  void append(const std::string& fact, bool sync);
  void note_fault(const std::string& fault);

  Journal* journal_;
  Log* log_;
  AttemptRecord attempt_;
  std::string name_;  ///< in the journal; empty: it is not there
  std::string fault_;
  bool whole_ = false;
  std::size_t acknowledged_ = 0;  ///< how many of the first outcomes the database has
};

}  // namespace spider_check
