#include "os/capture.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include <poll.h>

#include "os/child.hpp"
#include "os/pipe.hpp"
#include "os/signals.hpp"
#include "os/system_error.hpp"

namespace spider_check::os {

namespace {

constexpr std::size_t max_captured = std::size_t{1} << 20U;

}  // namespace

Captured capture(const Capture& program) {
  const StopSignals signals;
  auto output = make_pipe();
  auto errors = make_pipe();
  Child child({program.command, program.working_directory, output.write_end.get(),
               errors.write_end.get(), program.environment});
  output.write_end.close();
  errors.write_end.close();

  Captured captured;
  std::optional<Escalation::Time> deadline = Escalation::Time::clock::now() + program.timeout;
  // The end is the child's end, not that of its output: a grandchild may keep the pipe open.
  for (bool over = false; !over;) {
    std::array<pollfd, 4> fds{{{child.fd(), POLLIN, 0},
                               {output.read_end.get(), POLLIN, 0},
                               {errors.read_end.get(), POLLIN, 0},
                               {captured.stopped ? -1 : signals.fd(), POLLIN, 0}}};
    const int ready = ::poll(fds.data(), fds.size(), wait_until(sooner(deadline, child.next())));
    if (ready < 0 && errno != EINTR)
      throw system_error("cannot wait for " + program.command.front());
    if (deadline && Escalation::Time::clock::now() >= *deadline) {
      deadline.reset();
      captured.timed_out = true;
      child.kill();
    }
    if (ready > 0 && fds[3].revents != 0) {
      deadline.reset();
      captured.stopped = true;
      child.kill();
    }
    over = child.attend(ready > 0 && fds[0].revents != 0);
    drain(output.read_end, captured.output, max_captured + 1);
    drain(errors.read_end, captured.errors, max_captured);
  }
  captured.cut = captured.output.size() > max_captured;
  captured.output.resize(std::min(captured.output.size(), max_captured));
  auto report = child.reap();
  captured.termination = std::move(report.termination);
  captured.left = std::move(report.left);
  return captured;
}

}  // namespace spider_check::os
