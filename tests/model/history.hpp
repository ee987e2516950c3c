#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "util/time.hpp"

namespace spider_check::test {

/** What can happen to two hosts that share a schedule. */
enum class What {
  nothing,
  boot,      ///< a host is switched on, its clock moved by `by`
  off,       ///< a host loses its power
  suspend,   ///< a host sleeps for `by`
  down,      ///< the database is away for everybody, for `by`
  cut,       ///< the database is away for one host, for `by`
  fails,     ///< spider `number` fails from now on
  works,     ///< and works again
  force,     ///< somebody forces a run
  by_hand,   ///< somebody forces spider `number`
  kill,      ///< the next process of a host that gets so far is killed at its act `number`
  lose,      ///< it loses its connection there
  slow,      ///< it has to wait there, for `by`
  stop,      ///< the processes of a host are told to end
  interval,  ///< the interval is `by` from now on
  attempts,  ///< max_attempts is `number` from now on
  skip,      ///< on_database_error is skip from now on
  run,       ///< and run again
  future,    ///< a row of the future is put into the database, `by` ahead
  wipe,      ///< somebody deletes a host's journal
  full,      ///< the disk of a host is full, for `by`
  rename,    ///< a host goes by name `number` from now on, which may be the other's
  clone,     ///< machine ids: 0: each its own, 1: one of both, as clones have, 2: none
  grace,     ///< spiders take `by` to stop from now on
  slots,     ///< max_instances is `number` from now on
  remove,    ///< somebody removes the rows of what runs
  back,      ///< whoever next marks a run as interrupted waits there, and its owner is back
};

struct Step {
  Duration after{0};  ///< since the step before
  What what = What::nothing;
  int host = 0;
  int number = 0;
  Duration by{0};
};

using Steps = std::vector<Step>;

/** The history of this number: always the same. */
[[nodiscard]] Steps make_history(std::uint64_t seed);

/** What happens, in words. */
[[nodiscard]] std::string to_text(const Step& step);

/** "day 2 08:05:00" */
[[nodiscard]] std::string time_of_day(Duration since_start);

[[nodiscard]] std::string host_name(int host);
[[nodiscard]] std::string spider_name(int spider);

}  // namespace spider_check::test
