#pragma once

#include <optional>
#include <string>
#include <vector>

#include "notify/deliveries.hpp"
#include "notify/rules.hpp"

namespace spider_check {

/** Where an event was noticed. */
struct Origin {
  std::string schedule;
  std::string host;
};

/**
 * The facts of an event, one JSON object, as docs/reference.md describes it. log: the end of a log,
 * or empty. What is no UTF-8 is replaced, and nothing holds more than the page would show.
 */
[[nodiscard]] std::string facts(const Event& event, const Origin& origin,
                                const ScheduleSummary& summary, const Policy& policy,
                                const std::string& log);

/** The URL of a check with what is said to it, as healthchecks.io reads it: "URL/fail?rid=UUID". */
[[nodiscard]] std::string ping_url(const std::string& url, const std::string& what,
                                   const std::string& run_uuid);

/** Makes deliveries of events, as each configured channel wants them. */
class Channels {
 public:
  /** sender: the program that sends a request (src/send), by its path. */
  Channels(ChannelOptions options, std::string sender)
      : options_(std::move(options)), sender_(std::move(sender)) {}

  /** Those that get events: "program", "webhook". */
  [[nodiscard]] std::vector<std::string> of_events() const;

  /** Those that get each run: "ping". */
  [[nodiscard]] std::vector<std::string> of_runs() const;

  /** Both. */
  [[nodiscard]] std::vector<std::string> all() const;

  /** What tells one channel these facts(). */
  [[nodiscard]] Delivery delivery(const std::string& channel, EventKind event,
                                  const std::string& facts) const;

  /** The check-in at the start of a run; empty without a ping. */
  [[nodiscard]] std::optional<Delivery> start(const std::string& run_uuid) const;

 private:
  [[nodiscard]] Delivery run_program(const std::string& facts) const;
  [[nodiscard]] Delivery post(const std::string& url, const std::string& type,
                              const std::string& body) const;

  ChannelOptions options_;
  std::string sender_;
};

}  // namespace spider_check
