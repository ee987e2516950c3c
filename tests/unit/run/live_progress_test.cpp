#include <doctest/doctest.h>

#include "run/live_view.hpp"

namespace spider_check {

using namespace std::chrono_literals;

namespace {

SpiderJob job(const std::string& name) {
  SpiderJob job;
  job.name = name;
  job.log = "/logs/" + name + ".log";
  return job;
}

SpiderOutcome outcome(Verdict verdict, std::vector<std::string> reasons = {}) {
  SpiderOutcome outcome;
  outcome.child.took = 5s;
  outcome.judgement = {verdict, std::move(reasons)};
  return outcome;
}

/** Two spiders at a moment that the test moves on. */
struct World {
  std::vector<SpiderJob> jobs{job("a"), job("b\n")};
  LiveProgress::Time now{};
  LiveProgress progress{jobs, now};

  [[nodiscard]] LiveRow row(std::size_t i) const { return progress.at(now).rows.at(i); }
};

}  // namespace

TEST_CASE("a spider waits, runs and ends") {
  World world;
  world.progress.begin({12, 1, {}, ""});
  CHECK(world.progress.at(world.now).title == "Run 12");
  CHECK(world.row(1).name == "b\\n");
  CHECK(world.row(0).note == "for a free place");
  world.progress.started(world.jobs[0], world.now);
  world.now += 7s;
  CHECK(world.row(0).state == RowState::running);
  CHECK(world.row(0).elapsed == 7s);
  CHECK(world.row(0).note.empty());
  world.progress.finished(world.jobs[0], outcome(Verdict::failed, {"exit status 1"}));
  CHECK(world.row(0).state == RowState::failed);
  CHECK(world.row(0).elapsed == 5s);
  CHECK(world.row(0).note == "exit status 1");
  CHECK(world.row(0).order == 2);
  const auto summary = world.progress.summary(world.now, {});
  CHECK(summary.at(0).reasons == "exit status 1");
  CHECK(summary.at(0).log == "log: /logs/a.log");
  CHECK(summary.at(1).state == RowState::waiting);
}

TEST_CASE("a later attempt says so") {
  World world;
  world.progress.begin({12, 3, {}, ""});
  CHECK(world.progress.at(world.now).title == "Run 12, attempt 3");
}

TEST_CASE("a crawl that stands still says for how long") {
  World world;
  world.progress.started(world.jobs[0], world.now);
  world.progress.progressed(world.jobs[0], {0, 0, 0}, world.now);
  CHECK(world.row(0).note == "for its first page");
  world.progress.progressed(world.jobs[0], {1, 2, 0}, world.now);
  CHECK(world.row(0).progress == Progress{1, 2, 0});
  world.now += 59s;
  CHECK(world.row(0).note.empty());
  world.progress.progressed(world.jobs[0], {1, 2, 0}, world.now);
  world.now += 90s;
  CHECK(world.row(0).note == "no progress for 2 min");
  world.progress.progressed(world.jobs[0], {1, 3, 0}, world.now);
  CHECK(world.row(0).note.empty());
}

TEST_CASE("a spider that stops says why and until when") {
  World world;
  world.progress.started(world.jobs[0], world.now);
  world.progress.stopping(world.jobs[0], StopCause::timeout, world.now);
  CHECK(world.row(0).state == RowState::stopping);
  world.now += 5s;
  CHECK(world.row(0).note == "for its end: SIGTERM sent (timeout), SIGKILL in 1 min");
  world.now += 60s;
  CHECK(world.row(0).note == "for its end: SIGKILL sent (timeout)");
  CHECK(world.row(1).note == "for a free place");
}

TEST_CASE("once the whole run stops nothing waits for a free place any more") {
  World world;
  world.progress.started(world.jobs[0], world.now);
  world.progress.stopping(world.jobs[0], StopCause::run_stopped, world.now);
  CHECK(world.row(1).note == "for nothing: it is not started any more");
}

}  // namespace spider_check
