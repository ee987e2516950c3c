#include "world.hpp"

#include <algorithm>
#include <utility>

#include "clock.hpp"
#include "core/errors.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

constexpr Duration cadence = 5min;

// How long a server takes to notice that a peer has gone without a word.
constexpr Duration keepalives = 100s;

// From switching a host on, or from waking it up, to its first tick.
constexpr Duration until_first_tick = 20s;

constexpr TimePoint database_epoch{std::chrono::hours(500'000)};

}  // namespace

World::World() : machines_{Machine(0, database_), Machine(1, database_)} {
  database_.now = database_epoch;
  policy_.interval = 1h;
  policy_.retry_after = 10min;
  database_.before_statement = [this] {
    if (current_ != nullptr && current_->act()) current_->store.break_session();
  };
  database_.after_write = [this] {
    if (current_ == nullptr || !current_->act()) return;
    current_->store.lose_connection();
    throw DbError(DbError::Kind::connection, "the connection was lost");
  };
  for (auto& machine : machines_) {
    machine.disk.before_write = [this] {
      if (current_ != nullptr && current_->act()) current_->store.break_session();
    };
  }
  model_clock().now = [this] {
    if (current_ == nullptr) return now_;
    const auto clock = current_->machine.clock(now_);
    return clock.since_boot - clock.asleep + 1000h;
  };
  model_clock().sleep = [this](Duration time) { current_->pass(std::max<Duration>(time, 1ms)); };
  boot(machines_[0], 0s);
}

World::~World() {
  for (auto& machine : machines_) power_off(machine);
  model_clock() = {};
}

const render::Zone& World::zone() const {
  static const render::Zone utc("UTC");
  return utc;
}

void World::tell(const std::string& text) {
  story_.push_back(time_of_day(now_) + "  " + text);
}

std::string World::play(const Steps& history) {
  for (const auto& step : history) {
    advance(now_ + step.after);
    if (!judge_.objection().empty()) return judge_.objection();
    apply(step);
  }
  mend();
  advance(now_ + policy_.interval + 2 * cadence);
  judge_.settle_all();
  return judge_.objection();
}

/** All is well from now on. */
void World::mend() {
  tell("from now on all is well");
  failing_.clear();
  down_until_ = std::min(down_until_, now_);
  on_database_error_ = OnDatabaseError::run;
  policy_since_ = now_;
  for (auto& machine : machines_) {
    machine.cut_until = std::min(machine.cut_until, now_);
    machine.full_until = std::min(machine.full_until, now_);
    machine.kill_at = machine.lose_at = 0;
    if (machine.sleeps_until) machine.sleeps_until = now_;
  }
  happen();
  for (auto& machine : machines_) boot(machine, 0s);
}

bool World::reaches(const Machine& machine) const {
  return now_ >= down_until_ && now_ >= machine.cut_until;
}

Duration World::reaches_since(const Machine& machine) const {
  return std::max({down_until_, machine.cut_until, machine.woke, machine.booted, machine.lost});
}

void World::apply(const Step& step) {
  tell(to_text(step));
  switch (step.what) {
    case What::down:
      return database_away(step.by);
    case What::fails:
      failing_.insert(spider_name(step.number));
      return;
    case What::works:
      failing_.erase(spider_name(step.number));
      return;
    case What::interval:
      policy_.interval = step.by;
      break;
    case What::attempts:
      policy_.max_attempts = step.number;
      break;
    case What::skip:
      on_database_error_ = OnDatabaseError::skip;
      break;
    case What::run:
      on_database_error_ = OnDatabaseError::run;
      break;
    case What::future:
      return add_future_row(24h * 365);
    default:
      return apply_to(machines_[static_cast<std::size_t>(step.host)], step);
  }
  policy_since_ = now_;
}

void World::apply_to(Machine& machine, const Step& step) {
  switch (step.what) {
    case What::boot:
      return boot(machine, step.by);
    case What::off:
      return power_off(machine);
    case What::suspend:
      return suspend(machine, step.by);
    case What::cut:
      machine.cut_from = now_;
      machine.cut_until = now_ + step.by;
      judge_.silent(machine);
      return happen();
    case What::force:
      return start(machine, {true, {}});
    case What::by_hand:
      return start(machine, {true, {spider_name(step.number)}});
    case What::kill:
      machine.kill_at = step.number;
      return;
    case What::lose:
      machine.lose_at = step.number;
      return;
    case What::stop:
      for (auto& process : processes_) {
        if (&process->machine != &machine) continue;
        process->signal = 15;
        process->trace().told_to_end = true;
      }
      return;
    case What::wipe:
      // Files that a process has open are another matter.
      if (!machine.living.empty()) return;
      machine.disk.attempts.clear();
      machine.disk.known = {};
      machine.disk_trouble = now_;
      return;
    case What::full:
      machine.full_until = now_ + step.by;
      return update_outages();
    default:
      return;
  }
}

void World::boot(Machine& machine, Duration clock_change) {
  if (machine.on) return;
  machine.on = true;
  ++machine.boots;
  machine.booted = now_;
  machine.asleep = 0s;
  machine.offset += clock_change;
  machine.offsets.first = std::min(machine.offsets.first, machine.offset);
  machine.offsets.second = std::max(machine.offsets.second, machine.offset);
  machine.next_tick = now_ + until_first_tick;
}

void World::power_off(Machine& machine) {
  if (!machine.on) return;
  judge_.silent(machine);
  for (const auto& process : processes_) {
    if (&process->machine != &machine || process->ended()) continue;
    // Nobody tells the server.
    for (auto& [slot, holder] : database_.slots) {
      if (holder != &process->store) continue;
      holder = &machine.ghost;
      machine.ghost_until = now_ + keepalives;
    }
    current_ = process.get();
    process->kill();
    current_ = nullptr;
  }
  machine.on = false;
  machine.sleeps_until.reset();
  machine.disk.kill_writers();
  bury();
}

void World::suspend(Machine& machine, Duration time) {
  if (!machine.awake()) return;
  judge_.silent(machine);
  machine.slept_at = now_;
  machine.sleeps_until = now_ + time;
}

void World::wake(Machine& machine) {
  const auto slept = now_ - machine.slept_at;
  if (slept >= keepalives) server_drops(machine);
  machine.asleep += slept;
  machine.sleeps_until.reset();
  machine.woke = now_;
  for (auto& process : processes_) {
    if (&process->machine == &machine) process->wakes += slept;
  }
  if (machine.next_tick <= now_) machine.next_tick = now_ + until_first_tick;
}

/** The server has given up the sessions of this host. */
void World::server_drops(Machine& machine) {
  for (auto& process : processes_) {
    if (&process->machine == &machine) process->store.break_session();
  }
}

void World::database_away(Duration time) {
  down_until_ = now_ + time;
  for (auto& machine : machines_) {
    server_drops(machine);
    judge_.silent(machine);
  }
  database_.slots.clear();
  update_outages();
}

void World::add_future_row(Duration ahead) {
  MemoryRun row;
  row.run.id = static_cast<RunId>(database_.runs.size()) + 1;
  row.run.uuid = "of the future " + std::to_string(row.run.id);
  row.run.started = row.run.heartbeat = database_.now + ahead;
  row.run.spider_count = 3;
  database_.runs.push_back(std::move(row));
}

void World::advance(Duration until) {
  while (now_ < until && judge_.objection().empty()) {
    now_ = next_event(until);
    happen();
    judge_.look();
  }
}

Duration World::next_event(Duration until) const {
  auto next = until;
  const auto consider = [&](Duration at) {
    if (at > now_) next = std::min(next, at);
  };
  consider(down_until_);
  for (const auto& machine : machines_) {
    for (const auto at : {machine.cut_until, machine.full_until, machine.ghost_until}) consider(at);
    if (machine.cut_until > now_) consider(machine.cut_from + keepalives);
    if (machine.sleeps_until) {
      consider(*machine.sleeps_until);
      consider(machine.slept_at + keepalives);
    } else if (machine.on) {
      consider(machine.next_tick);
    }
  }
  for (const auto& process : processes_) {
    if (process->machine.awake()) consider(process->wakes);
  }
  return next;
}

/** All that happens at this very moment. */
void World::happen() {
  database_.now = database_epoch + now_;
  update_outages();
  for (auto& machine : machines_) {
    if (machine.sleeps_until && *machine.sleeps_until <= now_) wake(machine);
    const bool asleep_long = machine.sleeps_until && now_ == machine.slept_at + keepalives;
    const bool cut_long = now_ < machine.cut_until && now_ == machine.cut_from + keepalives;
    if (asleep_long || cut_long) server_drops(machine);
  }
  for (auto& process : processes_) {
    if (process->machine.awake() && process->wakes <= now_) resume(*process);
  }
  bury();
  for (auto& machine : machines_) {
    if (!machine.awake() || machine.next_tick > now_) continue;
    machine.next_tick = now_ + cadence;
    start(machine, {});
  }
}

void World::update_outages() {
  database_.now = database_epoch + now_;
  database_.down = now_ < down_until_;
  for (auto& machine : machines_) {
    if (now_ < machine.cut_until) {
      database_.cut_off.insert(machine.name);
    } else {
      database_.cut_off.erase(machine.name);
    }
    machine.disk.full = now_ < machine.full_until;
    if (machine.disk.full) machine.disk_trouble = now_;
    if (machine.ghost_until > now_) continue;
    std::erase_if(database_.slots, [&](const auto& held) { return held.second == &machine.ghost; });
  }
}

void World::start(Machine& machine, Request request) {
  if (!machine.awake()) return;
  processes_.push_back(std::make_unique<Process>(*this, machine, ++pids_, std::move(request)));
  resume(*processes_.back());
  bury();
}

void World::resume(Process& process) {
  current_ = &process;
  process.resume();
  current_ = nullptr;
}

void World::bury() {
  processes_.remove_if([](const auto& process) { return process->ended(); });
}

}  // namespace spider_check::test
