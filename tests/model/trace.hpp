#pragma once

#include <set>
#include <string>
#include <vector>

#include "schedule/decide.hpp"
#include "schedule/run_store.hpp"
#include "util/time.hpp"

namespace spider_check::test {

struct Machine;

/** A spider that a process started, or was about to. */
struct SpiderTrace {
  std::string name;
  Duration at{0};
  bool started = false;  ///< not only about to
  bool ended = false;
  bool ok = false;
  bool told = false;  ///< the program has heard of its end
};

/** What one process of the program really did. */
struct Trace {
  int pid = 0;
  const Machine* machine = nullptr;
  Request request;
  Policy policy;  ///< when it began
  Duration began{0};
  Duration idle_since{0};  ///< when its last spider ended
  Duration over_at{0};
  bool over = false;
  bool killed = false;
  bool lost_connection = false;
  bool lost_run = false;
  bool told_to_end = false;
  bool alone = true;    ///< no other process of its host lived when it began
  bool reached = true;  ///< the database could be reached when it began
  bool succeeded = false;
  bool in_database = false;  ///< what came of it was when it ended
  bool claimed = false;
  bool unasked = false;  ///< it began its attempt without the database, or its row was removed
  bool settled = false;  ///< what it did was found recorded
  bool fenced = false;   ///< it was heard of just before it was killed, and its row still stands
  int slot = 0;
  Claim claim;
  std::set<std::string> done_before;  ///< the spiders that have succeeded in this run
  std::vector<SpiderTrace> spiders;

  /** It may have a run. */
  [[nodiscard]] bool runs() const { return claimed && !over; }

  [[nodiscard]] bool whole() const { return request.spiders.empty(); }
};

/** "process 7 on A" */
[[nodiscard]] std::string to_text(const Trace& trace);

}  // namespace spider_check::test
