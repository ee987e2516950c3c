#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/notification.hpp"
#include "core/ports.hpp"
#include "core/termination.hpp"
#include "core/time.hpp"

namespace spider_check::os {

/** A short program to be run. */
struct Capture {
  std::vector<std::string> command;
  std::filesystem::path working_directory;
  std::vector<std::pair<std::string, std::string>> environment{};  ///< beside this program's own
  Duration timeout = std::chrono::minutes(2);
};

/** What a short program said. */
struct Captured {
  Termination termination;
  bool timed_out = false;         ///< it was killed because it took too long
  bool stopped = false;           ///< it was killed because this program was told to stop
  std::vector<LeftProcess> left;  ///< what even that did not end
  std::string output;
  std::string errors;
  bool cut = false;  ///< the output went on beyond what is kept
};

/**
 * Runs a program to its end and keeps what it prints, at most the first megabyte of each stream.
 * It is killed with all that it started after the timeout, and when SIGTERM, SIGINT or SIGHUP comes
 * to this program, which is left for the caller's own StopSignals, and acts as usual where there is
 * none. What does not end then is not waited for. Throws std::system_error when it cannot be
 * started.
 */
[[nodiscard]] Captured capture(const Capture& program);

/** Where the program is that sends requests (src/send). */
[[nodiscard]] std::string sender();

/** Runs short programs that take a message. Those that are left at the end are killed. */
class Deliveries final : public DeliveryRunner {
 public:
  Deliveries();
  Deliveries(const Deliveries&) = delete;
  Deliveries& operator=(const Deliveries&) = delete;
  Deliveries(Deliveries&&) = delete;
  Deliveries& operator=(Deliveries&&) = delete;
  ~Deliveries() override;

  /** First waits for what was only started, so that nothing overtakes it. */
  [[nodiscard]] std::vector<DeliveryEnd> run_all(const std::vector<Delivery>& deliveries) override;

  void start(const Delivery& delivery) noexcept override;

 private:
  struct Running;

  static void wait_for(std::vector<std::unique_ptr<Running>>& all);

  std::vector<std::unique_ptr<Running>> started_;
};

/** Runs a program: exit status 0 means go on, and any other end is an objection. */
class Precheck final : public spider_check::Precheck {
 public:
  /** command: argv, not empty. It is killed after the limit. */
  explicit Precheck(std::vector<std::string> command, Duration limit = std::chrono::seconds(30))
      : command_(std::move(command)), limit_(limit) {}

  [[nodiscard]] std::optional<std::string> objection() override;

 private:
  std::vector<std::string> command_;
  Duration limit_;
};

}  // namespace spider_check::os
