#include "process.hpp"

#include <memory>
#include <system_error>
#include <utility>

#include "process/temp_directory.hpp"
#include "run/run_view.hpp"
#include "run/tick.hpp"
#include "util/errors.hpp"
#include "world.hpp"

namespace spider_check::test {

using namespace std::chrono_literals;

namespace {

/** Nobody reads what a tick says of itself; what it does is judged. */
Log& no_log() {
  static Log log(LogLevel::error, {});
  return log;
}

/** Where no log is ever written, because the spiders of the model write none. */
const std::filesystem::path& log_dir() {
  static const TempDirectory directory;
  return directory.path();
}

/** Tells the judge which run it is. */
class ModelView final : public RunView {
 public:
  explicit ModelView(Process& process) : process_(process) {}

  void begin(const Claim& claim) override {
    process_.world.judge().claimed(process_.trace(), claim);
  }

  void started(const SpiderJob&) override {}

  void stopping(const SpiderJob&, StopCause) override {}

  void progressed(const SpiderJob&, const Progress&) override {}

  void finished(const SpiderJob&, const SpiderOutcome&) override {}

  [[nodiscard]] std::optional<Clock::time_point> next_refresh() const override {
    return std::nullopt;
  }

  void refresh() override {}

  void close() override {}

 private:
  Process& process_;
};

Duration length_of(const SpiderJob& job) {
  if (job.name == "a") return 60s;
  return job.name == "b" ? 100s : 20s;
}

}  // namespace

Process::Process(World& its_world, Machine& its_machine, int pid, Request request)
    : world(its_world),
      machine(its_machine),
      store(world.database(), world.slots(), machine.owner(pid)),
      trace_(world.judge().begin(machine, pid, request)),
      request_(std::move(request)),
      grace_(world.grace()),
      host_(machine.owner(pid), machine.living),
      journal_(machine.disk, world.slots()),
      logs_(log_dir(), "default"),
      schedule_{
          .name = "default",
          .policy = world.policy(),
          .takeover_after = 2min,
          .store = store,
          .journal = journal_,
          .logs = logs_,
          .host = host_,
          .runner = runner_,
          .probe = [] { return std::filesystem::path(); },
          .log = no_log(),
          .zone = world.zone(),
          .sources = {&source_},
          .make_view =
              [this](const std::vector<SpiderJob>&) { return std::make_unique<ModelView>(*this); }},
      fiber_([this] { run(); }) {
  store.cut_off = &machine.cut_off;
  schedule_.rules = [this](SpiderJob& job) { job.limits.grace = grace_; };
  schedule_.on_database_error = world.on_database_error();
  schedule_.wake_wait = 3s;
  machine.living.insert(pid);
}

Trace& Process::trace() {
  return world.judge().trace(trace_);
}

void Process::resume() {
  host_.clock = machine.clock(world.now());
  fiber_.resume();
}

void Process::kill() {
  killed_ = true;
  fiber_.resume();
}

void Process::pass(Duration time) {
  wakes = world.now() + time;
  fiber_.pause();
  if (killed_) throw Killed{};
}

bool Process::act() {
  ++acts_;
  if (machine.kill_at == acts_) {
    machine.kill_at = 0;
    throw Killed{};
  }
  if (machine.slow_at == acts_) {
    machine.slow_at = 0;
    machine.slow_until = world.now() + machine.slow_for;
    pass(machine.slow_for);
  }
  if (machine.lose_at != acts_) return false;
  machine.lose_at = 0;
  machine.lost = world.now();
  trace().lost_connection = true;
  return true;
}

/** What runs when it is killed takes its grace. */
void Process::leave_spider() {
  const auto& spiders = trace().spiders;
  if (spiders.empty() || !spiders.back().started || spiders.back().ended) return;
  machine.lingering[host_.self().pid] = world.now() + max_stop({{.grace = grace_}});
  trace().fenced = world.judge().is_heard_of(trace());
}

void Process::run() {
  std::string fault;
  Result result{ExitCode::internal};
  try {
    result = tick(schedule_, request_);
  } catch (const Killed&) {
    trace().killed = true;
    // Without power nothing goes on.
    if (!killed_) leave_spider();
  } catch (const DbError& error) {
    fault = world.judge().may_throw(trace()) ? "" : error.what();
  } catch (const LostRun&) {
    trace().lost_run = true;
  } catch (const std::exception& error) {
    fault = error.what();
  }
  if (!machine.lingering.contains(host_.self().pid)) machine.living.erase(host_.self().pid);
  if (!fault.empty()) world.judge().object("a tick throws: " + fault);
  world.judge().end(trace(), result);
}

RunCut ModelRunner::run_all(const std::vector<SpiderJob>& jobs, RunObserver& observer) {
  for (const auto& job : jobs) {
    if (!run(job, observer)) return {process_.signal, false};
  }
  return {process_.signal, false};
}

/** True when the next one may start. */
bool ModelRunner::run(const SpiderJob& job, RunObserver& observer) {
  auto& judge = process_.world.judge();
  judge.about_to_start(process_.trace(), job.name);
  observer.on_start(job);
  judge.started(process_.trace());
  auto left = length_of(job);
  bool stopped = false;
  while (left > 0s && !stopped) {
    auto wait = left;
    if (const auto until = observer.poll_request().until) {
      const auto next =
          std::chrono::duration_cast<Duration>(*until - std::chrono::steady_clock::now());
      wait = std::clamp(next, Duration(1ms), left);
    }
    const auto before = process_.world.now();
    process_.watches = true;
    process_.pass(wait);
    process_.watches = false;
    // It may have been woken up before, or have slept longer.
    left -= std::min(wait, process_.world.now() - before);
    observer.attend();
    stopped = process_.signal != 0 || !observer.go_on();
  }
  ChildReport report;
  report.took = length_of(job) - left;
  if (process_.world.fails(job.name)) report.termination = Exited{1};
  if (stopped) report.stopped = StopCause::run_stopped;
  judge.ended(process_.trace(), !stopped && !process_.world.fails(job.name));
  observer.on_finish(job, report);
  judge.told(process_.trace());
  observer.attend();
  return !stopped && observer.go_on() && process_.signal == 0;
}

}  // namespace spider_check::test
