#include "os/programs.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include <poll.h>
#include <unistd.h>

#include "os/child.hpp"
#include "os/descriptors.hpp"
#include "os/signals.hpp"
#include "util/text.hpp"

namespace spider_check {

namespace {

constexpr std::size_t max_captured = std::size_t{1} << 20U;

constexpr std::size_t max_characters = 200;

/** Without what could steer a terminal or end the line, and not too long. */
std::string shown(std::string_view text) {
  std::string line;
  for (std::size_t count = 0; !text.empty(); ++count) {
    if (count == max_characters) return line + "…";
    TerminalText one;
    const auto length = first_character(text).length;
    const auto piece = text.substr(0, length);
    line += piece == "\n" || piece == "\t" ? " " : one.add(piece) + one.finish();
    text.remove_prefix(length);
  }
  return line;
}

std::string end_of(const Captured& said, Duration limit) {
  const auto left = said.left.empty() ? "" : "; " + to_text(said.left);
  if (said.timed_out) return "was killed after " + to_text(limit) + left;
  if (said.stopped) return "was killed because the run is being stopped" + left;
  return to_verb(said.termination);
}

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

std::optional<std::string> ask_precheck(const std::vector<std::string>& command, Duration limit) {
  const auto name = "precheck `" + shown(join(command, " ")) + "` ";
  try {
    const auto said = capture({command, {}, {}, limit});
    if (!said.timed_out && said.termination == Termination{Exited{0}}) return std::nullopt;
    auto line = first_line(said.errors);
    if (line.empty()) line = first_line(said.output);
    return name + end_of(said, limit) + (line.empty() ? "" : ": " + shown(line));
  } catch (const std::system_error& error) {
    return name + "was not started: " + shown(error.what());
  }
}

}  // namespace spider_check
