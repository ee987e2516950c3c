// How time goes on, and what happens by itself as it does.
#include <algorithm>
#include <utility>

#include "world.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

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
    if (machine.awake()) {
      for (const auto& spider : machine.lingering) consider(spider.second);
    }
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
    if (machine.awake()) end_lingering(machine);
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
  if (database_.down && now_ >= down_until_) database_.up_since = database_.now;
  database_.down = now_ < down_until_;
  for (auto& machine : machines_) {
    machine.cut_off = now_ < machine.cut_until;
    machine.disk.full = now_ < machine.full_until;
    if (machine.disk.full) machine.disk_trouble = now_;
    if (machine.ghost_until > now_) continue;
    machine.ghost.lose_connection();
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

void World::wake(Machine& machine) {
  const auto slept = now_ - machine.slept_at;
  if (slept >= keepalives) server_drops(machine);
  machine.asleep += slept;
  machine.sleeps_until.reset();
  machine.woke = now_;
  // What had to wait when it fell asleep waits on.
  if (machine.slow_until > machine.slept_at) machine.slow_until += slept;
  for (auto& process : processes_) {
    if (&process->machine != &machine) continue;
    // The jump of the host's clock ends a wait for spiders.
    process->wakes = process->watches ? now_ : process->wakes + slept;
  }
  for (auto& [pid, until] : machine.lingering) until += slept;
  if (machine.next_tick <= now_) machine.next_tick = now_ + until_first_tick;
}

/** The supervisors of killed processes have done their work. */
void World::end_lingering(Machine& machine) {
  std::erase_if(machine.lingering, [&](const auto& spider) {
    if (spider.second > now_) return false;
    machine.living.erase(spider.first);
    return true;
  });
}

/** The server has given up the sessions of this host. */
void World::server_drops(Machine& machine) {
  for (auto& process : processes_) {
    if (&process->machine != &machine) continue;
    // A host that sleeps, or is cut off, hears nothing of it, and nobody says it again.
    if (machine.awake() && now_ >= machine.cut_until) {
      process->store.break_session();
    } else {
      process->store.break_session_silently();
    }
  }
}

}  // namespace spider_check::test
