#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/interface.hpp"
#include "core/notification.hpp"
#include "core/time.hpp"

namespace spider_check {

/** Where people are told, as it is configured. The URLs are secrets. */
struct ChannelOptions {
  std::vector<std::string> program;             ///< argv; empty: none
  std::string webhook;                          ///< a URL; empty: none
  std::string ping;                             ///< the URL of a check; empty: none
  std::string ca_file;                          ///< whom to trust; empty: whom the host trusts
  Duration timeout = std::chrono::seconds(10);  ///< for one message

  [[nodiscard]] bool any() const { return !program.empty() || !webhook.empty() || !ping.empty(); }
};

/** A short program to be run, which takes a message on its standard input. */
struct Delivery {
  std::vector<std::string> command;
  std::string input;
  std::vector<std::pair<std::string, std::string>> environment{};  ///< beside this program's own
  Duration limit{0};                                               ///< then it is killed
};

/** How it ended. */
struct DeliveryEnd {
  bool done = false;
  std::string words;  ///< the line that it said, or why it was not done; may be hostile
};

/** Runs deliveries. */
class DeliveryRunner : public Interface {
 public:
  /** Side by side, to their ends; in the order of the deliveries. Does not throw. */
  [[nodiscard]] virtual std::vector<DeliveryEnd> run_all(
      const std::vector<Delivery>& deliveries) = 0;

  /** Starts one and does not wait for it. Whatever becomes of it does not matter. */
  virtual void start(const Delivery& delivery) noexcept = 0;
};

/** Puts what is to be told into the words of each channel. */
class Channels : public Interface {
 public:
  /** Of those that are told about events: "program", "webhook". */
  [[nodiscard]] virtual std::vector<std::string> of_events() const = 0;

  /** Of those that are told about each run: "ping". */
  [[nodiscard]] virtual std::vector<std::string> of_runs() const = 0;

  /** The facts of an event, one JSON object. log: the end of the log of a spider that failed. */
  [[nodiscard]] virtual std::string facts(const Event& event, const std::string& schedule,
                                          const std::string& host, const ScheduleSummary& summary,
                                          const Policy& policy, const std::string& log) const = 0;

  /** What tells one channel these facts. */
  [[nodiscard]] virtual Delivery delivery(const std::string& channel, EventKind event,
                                          const std::string& facts) const = 0;

  /** What checks in at the start of a run; empty where nobody is to be told. */
  [[nodiscard]] virtual std::optional<Delivery> start(const std::string& run_uuid) const = 0;
};

}  // namespace spider_check
