#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "notify/channels.hpp"
#include "notify/rules.hpp"
#include "outbox/journal.hpp"
#include "schedule/instance.hpp"

namespace spider_check {

/** What it takes to tell people; main builds the parts, which outlive this. */
struct Notifier {
  NotifyPolicy policy;
  NotificationStore& store;
  const Channels& channels;
  DeliveryRunner& deliveries;
  /** The end of a log; empty where it cannot be read. */
  std::function<std::string(const std::filesystem::path&)> log_end;
};

/** Gives up what nobody is to be told any more. Throws DbError. */
void give_up_messages(const Instance& instance);

/** Checks in at the start of a run, without waiting for that; not for a run of --spider. */
void check_in_at_start(Instance& instance, const AttemptRecord& attempt);

/**
 * Finds out what is to be told, records it, and sends what is due; does nothing where nobody is to
 * be told. Takes as long as the receivers do, at most some twenty seconds, so the run must be
 * recorded and its lock free. Whatever goes wrong is logged, and tried again by a later tick.
 */
void tell(Instance& instance) noexcept;

/**
 * Sends a test by each channel, and says of each how it went in one line. Throws UsageError when
 * there is none.
 */
struct TestedChannels {
  std::string text;
  bool all_sent = true;
};

[[nodiscard]] TestedChannels test_channels(Instance& instance);

}  // namespace spider_check
