#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "db/notification_store.hpp"
#include "notify/channels.hpp"
#include "notify/deliveries.hpp"
#include "notify/rules.hpp"
#include "schedule/instance.hpp"

namespace spider_check {

/** How each channel took a test. */
struct TestedChannels {
  std::string text;  ///< a line for each
  bool all_sent = true;
};

/** Tells people what changes in a schedule. What it refers to outlives it. */
struct Notifier {
  const Instance& instance;
  NotifyPolicy policy;
  NotificationStore& store;
  Channels channels;
  /** Deliveries::run_all() */
  std::function<std::vector<DeliveryEnd>(const std::vector<Delivery>&)> run_all;
  /** Deliveries::start() */
  std::function<void(const Delivery&)> start;
  /** The end of a log; empty where it cannot be read. */
  std::function<std::string(const std::filesystem::path&)> log_end;

  /** Checks in at the start of the run of this uuid, without waiting for that. */
  void check_in(const std::string& run_uuid) const;

  /**
   * Compares what is with what people know, records it, and sends what is due. Takes as long as the
   * receivers do, at most some twenty seconds. What goes wrong is logged, and tried again by a
   * later tick.
   */
  void tell() const noexcept;

  /** Gives up what is not worth telling any more, and forgets what is settled. Throws DbError. */
  void tidy() const;

  /** Sends a test by each channel. Throws UsageError when there is none. */
  [[nodiscard]] TestedChannels test() const;

 private:
  void note() const;
  void send() const;
  void settle(const DueNotification& due, const DeliveryEnd& end) const;
  [[nodiscard]] std::vector<NewNotification> messages(const Event& event,
                                                      const std::vector<std::string>& names,
                                                      const ScheduleSummary& summary) const;
  [[nodiscard]] std::string log_of(const Event& event, const ScheduleSummary& summary) const;
};

}  // namespace spider_check
