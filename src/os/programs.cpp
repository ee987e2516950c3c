#include "os/programs.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <variant>

#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/text.hpp"
#include "core/time.hpp"
#include "os/child.hpp"
#include "os/descriptors.hpp"
#include "os/loop_runner.hpp"

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

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t max_words = 4096;
constexpr std::size_t max_line = 300;

/** Only in memory, because a message may hold a secret. */
FileDescriptor in_memory(const std::string& text) {
  FileDescriptor file(Adopt{}, ::memfd_create("message", MFD_CLOEXEC));
  if (!file) throw system_error("cannot keep a message in memory");
  for (std::size_t done = 0; done < text.size();) {
    const auto written = ::write(file.get(), text.data() + done, text.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw system_error("cannot keep a message in memory");
    done += static_cast<std::size_t>(written);
  }
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

/** The first line that is not blank. */
std::string_view first_line(std::string_view text) {
  const auto start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return {};
  text.remove_prefix(start);
  text = text.substr(0, text.find('\n'));
  return text.substr(0, text.find_last_not_of(" \t\r") + 1);
}

std::string end_of(const Termination& termination) {
  if (const auto* signaled = std::get_if<Signaled>(&termination)) {
    return "was killed by " + signal_name(signaled->signal);
  }
  if (const auto* exited = std::get_if<Exited>(&termination)) {
    return "exited with " + std::to_string(exited->code);
  }
  return to_text(termination);
}

}  // namespace

/** A program that is at it. */
struct Deliveries::Running {
  explicit Running(const Delivery& delivery)
      : limit(delivery.limit),
        deadline(Clock::now() + delivery.limit),
        input(in_memory(delivery.input)),
        output(make_pipe()),
        child({delivery.command,
               {},
               output.write_end.get(),
               output.write_end.get(),
               delivery.environment,
               0,
               input.get()}) {
    output.write_end.close();
    input.close();
  }

  void attend(bool ready) {
    drain(output.read_end, said, max_words);
    if (!late && Clock::now() >= deadline) {
      late = true;
      child.kill();
    }
    if (!child.attend(ready)) return;
    const auto report = child.reap();
    // What it said last.
    drain(output.read_end, said, max_words);
    end.done = report.termination == Termination{Exited{0}} && !late;
    end.words = first_line(said).substr(0, max_line);
    if (!end.done && end.words.empty()) end.words = "it " + end_of(report.termination);
    if (late) end.words = "it was killed after " + to_words(limit);
    if (!report.left.empty()) end.words += "; " + to_text(report.left);
    ended = true;
  }

  /** When attend() is to be called at the latest. */
  [[nodiscard]] std::optional<Clock::time_point> next() const {
    return late ? child.next() : deadline;
  }

  Duration limit;
  Clock::time_point deadline;
  FileDescriptor input;
  Pipe output;
  Child child;
  std::string said;
  DeliveryEnd end;
  bool late = false;
  bool ended = false;
};

std::string sender() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  for (const auto* place : {"send/send", "../libexec/spider-check/send"}) {
    const auto file = (self.parent_path() / place).lexically_normal();
    if (std::filesystem::is_regular_file(file, error)) return file.string();
  }
  return SPIDER_CHECK_SENDER;
}

Deliveries::Deliveries() = default;

Deliveries::~Deliveries() {
  // All at once, and then one after the other is waited for.
  for (const auto& running : started_) running->child.kill();
}

void Deliveries::wait_for(std::vector<std::unique_ptr<Running>>& all) {
  for (;;) {
    std::vector<pollfd> fds;
    std::optional<Clock::time_point> next;
    for (const auto& running : all) {
      if (running->ended) continue;
      fds.push_back({running->child.fd(), POLLIN, 0});
      fds.push_back({running->output.read_end ? running->output.read_end.get() : -1, POLLIN, 0});
      next = sooner(next, running->next());
    }
    if (fds.empty()) return;
    const int ready = ::poll(fds.data(), fds.size(), wait_until(next));
    std::size_t at = 0;
    for (const auto& running : all) {
      if (running->ended) continue;
      running->attend(ready > 0 && fds[at].revents != 0);
      at += 2;
    }
  }
}

std::vector<DeliveryEnd> Deliveries::run_all(const std::vector<Delivery>& deliveries) {
  std::vector<DeliveryEnd> ends(deliveries.size());
  std::vector<std::unique_ptr<Running>> all;
  std::vector<std::size_t> numbers;
  try {
    wait_for(started_);
    started_.clear();
    for (std::size_t i = 0; i < deliveries.size(); ++i) {
      try {
        all.push_back(std::make_unique<Running>(deliveries[i]));
        numbers.push_back(i);
      } catch (const std::system_error& error) {
        ends[i].words = error.what();
      }
    }
    wait_for(all);
    for (std::size_t i = 0; i < all.size(); ++i) ends[numbers[i]] = all[i]->end;
  } catch (const std::system_error& error) {
    for (auto& end : ends) {
      if (!end.done && end.words.empty()) end.words = error.what();
    }
  }
  return ends;
}

void Deliveries::start(const Delivery& delivery) noexcept {
  try {
    started_.push_back(std::make_unique<Running>(delivery));
  } catch (const std::exception&) {
    // Nobody waits for it.
  }
}

namespace {

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

std::string words_of(const std::vector<std::string>& command) {
  std::string words;
  for (const auto& word : command) words += (words.empty() ? "" : " ") + word;
  return shown(words);
}

std::string end_of(const Captured& said, Duration limit) {
  const auto left = said.left.empty() ? "" : "; " + to_text(said.left);
  if (said.timed_out) return "was killed after " + to_text(limit) + left;
  if (said.stopped) return "was killed because the run is being stopped" + left;
  if (const auto* signaled = std::get_if<Signaled>(&said.termination)) {
    return "was killed by " + signal_name(signaled->signal);
  }
  if (const auto* exited = std::get_if<Exited>(&said.termination)) {
    return "exited with " + std::to_string(exited->code);
  }
  return to_text(said.termination);
}

}  // namespace

std::optional<std::string> Precheck::objection() {
  const auto name = "precheck `" + words_of(command_) + "` ";
  try {
    const auto said = capture({command_, {}, {}, limit_});
    if (!said.timed_out && said.termination == Termination{Exited{0}}) return std::nullopt;
    auto line = first_line(said.errors);
    if (line.empty()) line = first_line(said.output);
    return name + end_of(said, limit_) + (line.empty() ? "" : ": " + shown(line));
  } catch (const std::system_error& error) {
    return name + "was not started: " + shown(error.what());
  }
}

}  // namespace spider_check::os
