#include "notify/deliveries.hpp"

#include <cerrno>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os/child.hpp"
#include "os/descriptors.hpp"
#include "util/text.hpp"
#include "util/time.hpp"

namespace spider_check {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t max_words = 4096;
constexpr std::size_t max_line = 300;

/** Only in memory, because a message may hold a secret. */
FileDescriptor in_memory(const std::string& text) {
  FileDescriptor file(Adopt{}, ::memfd_create("message", MFD_CLOEXEC));
  if (!file) throw system_error("cannot keep a message in memory");
  if (write_all(file, text) != text.size()) throw system_error("cannot keep a message in memory");
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

}  // namespace

/** A program that runs. */
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
    if (!end.done && end.words.empty()) end.words = "it " + to_verb(report.termination);
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
    // Its end does not matter.
  }
}

}  // namespace spider_check
