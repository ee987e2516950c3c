#include <doctest/doctest.h>
#include <unistd.h>

#include "db/conninfo.hpp"

namespace spider_check {

using Messages = std::vector<std::string>;

TEST_CASE("what libpq wrote to stderr is a line for each message") {
  CHECK(messages_in("").empty());
  CHECK(messages_in("\n \n").empty());
  CHECK(messages_in("WARNING: password file \"x\" is not a plain file\n") ==
        Messages{"password file \"x\" is not a plain file"});
  CHECK(messages_in("WARNING:  a\nDETAIL:  b\n\tof two lines\nHINT:  c\nWARNING:  d") ==
        Messages{"a; b; of two lines; c", "d"});
  CHECK(messages_in("HINT:  alone") == Messages{"alone"});
}

TEST_CASE("stderr is silent for a while, and what was written is kept") {
  Messages messages;
  {
    const SilentStderr silence;
    REQUIRE(::write(STDERR_FILENO, "WARNING:  first\nsecond\n", 23) == 23);
    messages = silence.messages();
  }
  CHECK(messages == Messages{"first", "second"});
}

}  // namespace spider_check
