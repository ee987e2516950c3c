#include "world.hpp"

#include <algorithm>
#include <utility>

#include "clock.hpp"
#include "util/errors.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

World::World() : machines_{Machine(0, database_), Machine(1, database_)} {
  database_.now = database_epoch;
  policy_.interval = 1h;
  policy_.retry_after = 10min;
  database_.before_statement = [this] {
    auto* process = current_;
    if (process != nullptr && process->act()) process->store.break_session();
  };
  database_.after_write = [this] {
    auto* process = current_;
    if (process == nullptr || !process->act()) return;
    process->store.lose_connection();
    throw DbError(DbError::Kind::connection, "the connection was lost");
  };
  database_.refuses = [this](const std::string& verb, const std::string&) {
    if (verb == "mark_interrupted" && std::exchange(owners_return_, false)) bring_owners_back();
    return false;
  };
  for (auto& machine : machines_) {
    machine.disk.before_write = [this] {
      auto* process = current_;
      if (process != nullptr && process->act()) process->store.break_session();
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

const Zone& World::zone() const {
  static const Zone utc("UTC");
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

/** While a process is about to mark a run as interrupted. */
void World::bring_owners_back() {
  for (auto& machine : machines_) machine.cut_until = std::min(machine.cut_until, now_);
  update_outages();
  tell("the database is there for both hosts while a run is to be marked as interrupted");
  auto& marker = *current_;
  marker.machine.slow_until = now_ + 5s;
  marker.pass(5s);
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
    machine.kill_at = machine.lose_at = machine.slow_at = 0;
    if (machine.sleeps_until) machine.sleeps_until = now_;
  }
  happen();
  for (auto& machine : machines_) boot(machine, 0s);
}

bool World::reaches(const Machine& machine) const {
  return now_ >= down_until_ && now_ >= machine.cut_until;
}

Duration World::reaches_since(const Machine& machine) const {
  return std::max({out_of_reach_until(machine), machine.woke, machine.booted});
}

Duration World::out_of_reach_until(const Machine& machine) const {
  return std::max({down_until_, machine.cut_until, machine.lost, machine.slow_until});
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
    case What::clone:
      return set_machine_ids(step.number);
    case What::remove:
      // Of what others did in it before nobody has a copy.
      std::erase_if(database_.runs, [this](const auto& row) {
        const bool goes = row.run.status == RunStatus::running && row.run.attempt == 1;
        if (goes) judge_.removed(row.run);
        return goes;
      });
      return;
    case What::back:
      owners_return_ = true;
      return;
    case What::grace:
      grace_ = step.by;
      max_grace_ = std::max(max_grace_, grace_);
      break;
    case What::slots:
      slots_ = step.number;
      break;
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
    case What::slow:
      machine.slow_at = step.number;
      machine.slow_for = step.by;
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
      machine.disk.host_state = {};
      machine.disk_trouble = now_;
      return;
    case What::full:
      machine.full_until = now_ + step.by;
      return update_outages();
    case What::rename:
      machine.called = host_name(step.number);
      return;
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
    machine.ghost.take_locks_of(process->store);
    machine.ghost_until = now_ + keepalives;
    current_ = process.get();
    process->kill();
    current_ = nullptr;
  }
  machine.on = false;
  machine.sleeps_until.reset();
  machine.lingering.clear();
  machine.living.clear();
  machine.disk.kill_writers();
  bury();
}

void World::suspend(Machine& machine, Duration time) {
  if (!machine.awake()) return;
  judge_.silent(machine);
  machine.slept_at = now_;
  machine.sleeps_until = now_ + time;
}

void World::database_away(Duration time) {
  down_until_ = now_ + time;
  for (auto& machine : machines_) {
    server_drops(machine);
    judge_.silent(machine);
  }
  for (auto& process : processes_) {
    // A server that goes says so, where that can be heard: not by a host that sleeps.
    const auto& machine = process->machine;
    if (process->watches && machine.awake() && now_ >= machine.cut_until) process->wakes = now_;
  }
  database_.slots.clear();
  database_.decides = nullptr;
  update_outages();
}

void World::set_machine_ids(int how) {
  for (auto& machine : machines_) {
    const char own = how == 1 ? 'c' : static_cast<char>('a' + machine.number);
    machine.machine_id = how == 2 ? no_machine_id : std::string(32, own);
  }
}

void World::add_future_row(Duration ahead) {
  MemoryRun row;
  row.run.id = database_.next_id();
  row.run.uuid = "of the future " + std::to_string(row.run.id);
  row.run.started = row.run.heartbeat = database_.now + ahead;
  row.run.spider_count = 3;
  database_.runs.push_back(std::move(row));
}

}  // namespace spider_check::test
