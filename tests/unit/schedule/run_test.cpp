#include "schedule/run.hpp"

#include <doctest/doctest.h>

namespace spider_check {

TEST_CASE("a status is one of the three words of the column") {
  CHECK(to_text(RunStatus::running) == "running");
  CHECK(to_text(RunStatus::completed) == "completed");
  CHECK(to_text(RunStatus::failed) == "failed");
}

TEST_CASE("the words of the column read back as the same status") {
  for (const auto status : {RunStatus::running, RunStatus::completed, RunStatus::failed}) {
    CHECK(parse_run_status(to_text(status)) == status);
  }
}

TEST_CASE("any other word is no status") {
  for (const std::string text : {"", "Running", "running ", "complete", "success", "skipped"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_run_status(text).has_value());
  }
}

TEST_CASE("a trigger has the words of its column") {
  CHECK(to_text(Trigger::tick) == "tick");
  CHECK(to_text(Trigger::force) == "force");
}

}  // namespace spider_check
