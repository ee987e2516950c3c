#pragma once

#include <deque>
#include <map>
#include <string>

#include "machine.hpp"
#include "schedule/instance.hpp"
#include "schedule/run_store.hpp"
#include "trace.hpp"

namespace spider_check::test {

class World;

/**
 * Holds what really happened against what was promised and what was recorded. It knows what the
 * hosts did from themselves, and not from the rows that they wrote.
 */
class Judge {
 public:
  explicit Judge(World& world) : world_(world) {}

  /** A process begins; gives the place of its trace. */
  [[nodiscard]] std::size_t begin(const Machine& machine, int pid, const Request& request);

  [[nodiscard]] Trace& trace(std::size_t place) { return traces_[place]; }

  void claimed(Trace& trace, const Claim& claim);
  void about_to_start(Trace& trace, const std::string& spider);
  void started(Trace& trace);
  void ended(Trace& trace, bool ok);
  void told(Trace& trace);
  void end(Trace& trace, const Result& result);

  /** A host fell silent, or out of touch: others may take over what it runs. */
  void silent(const Machine& machine);

  /** Somebody removes this row: what its owner left running keeps nobody off any more. */
  void removed(const Run& row);

  /** Whether the row of what this process runs says of now that it lives. */
  [[nodiscard]] bool is_heard_of(const Trace& trace) const;

  /** Whether this process may end by DbError now. */
  [[nodiscard]] bool may_throw(const Trace& trace) const;

  /** Something went on, and it is later now. */
  void look();

  /** All was well for long enough: everything must be recorded. */
  void settle_all();

  /** The first objection counts. */
  void object(const std::string& what);

  [[nodiscard]] const std::string& objection() const { return objection_; }

 private:
  [[nodiscard]] bool runs_a_spider(const Trace& trace) const;
  [[nodiscard]] Duration takeover() const;
  [[nodiscard]] bool is_unfenced(const Trace& killed, const Trace& other) const;
  [[nodiscard]] bool is_overtaken(const Trace& killed) const;
  [[nodiscard]] Duration knows_since(const Machine& machine) const;
  void set_back(const Trace& trace, Duration until_known);
  void one_at_a_time(const Trace& one, const Trace& other);
  void not_again(const Trace& trace, const Trace& before);
  [[nodiscard]] const Trace& beginner_of(const Claim& claim) const;
  [[nodiscard]] bool left_claim(const Trace& trace) const;
  void settle(Trace& trace);
  void no_others_rows();
  void keep_the_promise(const Machine& machine);
  [[nodiscard]] bool is_current(const Trace& trace, const Trace& before) const;
  [[nodiscard]] bool is_in_journal(const Trace& trace) const;
  [[nodiscard]] bool is_in_rows(const Trace& trace) const;
  [[nodiscard]] bool reached_throughout(const Trace& trace) const;
  [[nodiscard]] bool disk_is_fine_since(const Machine& machine, Duration time) const;

  World& world_;
  std::deque<Trace> traces_;
  std::map<std::string, Duration> successes_;  ///< the start of each spider's last good attempt
  Duration setback_{-1};                       ///< the last attempt that came to nothing
  Duration resumed_by_{-1};  ///< when the rest of one that was interrupted is tried again
  std::string objection_;
};

}  // namespace spider_check::test
