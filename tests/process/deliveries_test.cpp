// Messages are given to real programs, which may take them or not.
#include "notify/deliveries.hpp"

#include <filesystem>

#include <doctest/doctest.h>

#include "process/temp_directory.hpp"

namespace spider_check {

using namespace std::chrono_literals;

namespace {

/** A shell script that takes a message. */
Delivery script(const std::string& text, std::string input = "", Duration limit = 30s) {
  return {{"sh", "-c", text}, std::move(input), {}, limit};
}

DeliveryEnd run(const Delivery& delivery) {
  Deliveries deliveries;
  return deliveries.run_all({delivery}).at(0);
}

}  // namespace

TEST_CASE("a message arrives whole, and so do the variables") {
  CHECK(run(script("cat", "a message\n")).words == "a message");
  CHECK(run(script("wc -c", std::string(3'000'000, 'x'))).words == "3000000");
  CHECK(run(script("cat; echo end")).words == "end");
  CHECK(run({{"sh", "-c", "echo \"$WORD\""}, "", {{"WORD", "two  blanks"}}, 30s}).words ==
        "two  blanks");
}

TEST_CASE("who does not read the message does no harm") {
  const auto end = run(script("exec <&-; echo done", std::string(3'000'000, 'x')));
  CHECK(end.done);
  CHECK(end.words == "done");
}

TEST_CASE("every end but exit status 0 is told with what was said, or how it ended") {
  CHECK(run(script("exit 0")).done);
  const std::pair<std::string, std::string> cases[] = {
      {"exit 3", "it exited with 3"},
      {"echo no; exit 3", "no"},
      {"echo; echo no >&2; echo more; exit 3", "no"},
      {"kill -SEGV $$", "it was killed by SIGSEGV"},
  };
  for (const auto& [text, words] : cases) {
    const auto end = run(script(text));
    CHECK_FALSE(end.done);
    CHECK(end.words == words);
  }
  const auto missing = run({{"/no/such/program"}, "", {}, 30s});
  CHECK_FALSE(missing.done);
  CHECK(missing.words == "cannot execute /no/such/program: No such file or directory");
  CHECK(run(script("yes | head -c 10000000")).words == "y");
  CHECK(run(script("printf 'x%.0s' $(seq 1000)")).words.size() == 300);
}

TEST_CASE("what takes too long is killed with all that it started") {
  const test::TempDirectory directory;
  const auto pid = (directory.path() / "pid").string();
  const auto end = run(script("sleep 1000 & echo $! >" + pid + "; echo waiting; wait", "", 1s));
  CHECK_FALSE(end.done);
  CHECK(end.words == "it was killed after 1.0 s");
  CHECK(run(script("p=$(cat " + pid +
                   "); while kill -0 $p 2>&- && ! grep -q '^State:.*Z' /proc/$p/status; "
                   "do sleep 0.01; done"))
            .done);
}

TEST_CASE("deliveries are run side by side, and told in their order") {
  const test::TempDirectory directory;
  const auto fifo = (directory.path() / "fifo").string();
  Deliveries deliveries;
  // Each waits for the other to open the other end.
  const auto ends = deliveries.run_all({script("mkfifo " + fifo + " 2>&-; echo a >" + fifo),
                                        {{"/no/such/program"}, "", {}, 30s},
                                        script("mkfifo " + fifo + " 2>&-; cat <" + fifo)});
  CHECK(ends[0].done);
  CHECK_FALSE(ends[1].done);
  CHECK(ends[2].done);
  CHECK(ends[2].words == "a");
}

TEST_CASE("what was only started is not waited for, but nothing overtakes it") {
  const test::TempDirectory directory;
  const auto fifo = (directory.path() / "fifo").string();
  const auto file = (directory.path() / "file").string();
  CHECK(run(script("mkfifo " + fifo)).done);
  Deliveries deliveries;
  deliveries.start(script("read line <" + fifo + "; echo \"$line\" >" + file));
  deliveries.start({{"/no/such/program"}, "", {}, 30s});
  CHECK_FALSE(std::filesystem::exists(file));
  CHECK(run(script("echo first >" + fifo)).done);
  CHECK(deliveries.run_all({script("cat " + file)})[0].words == "first");
}

TEST_CASE("what was started and is still at it in the end is killed") {
  const test::TempDirectory directory;
  const auto fifo = (directory.path() / "fifo").string();
  CHECK(run(script("mkfifo " + fifo)).done);
  {
    Deliveries deliveries;
    deliveries.start(script("echo $$ >" + fifo + "; exec sleep 1000"));
    CHECK(run(script("read pid <" + fifo + "; kill -0 $pid && echo $pid >" + fifo + ".pid")).done);
  }
  CHECK_FALSE(run(script("kill -0 $(cat " + fifo + ".pid) 2>&-")).done);
}

}  // namespace spider_check
