#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "util/time.hpp"

namespace spider_check {

/** A short program to be run, which takes a message on its standard input. */
struct Delivery {
  std::vector<std::string> command;
  std::string input;
  std::vector<std::pair<std::string, std::string>> environment{};  ///< on top of this program's own
  Duration limit{0};                                               ///< then it is killed
};

/** How it ended. */
struct DeliveryEnd {
  bool done = false;
  std::string words;  ///< the line that it said, or why it was not done; may be hostile
};

/** Where the program is that sends requests (src/send). */
[[nodiscard]] std::string sender();

/** Runs short programs that take a message. Those that are left at the end are killed. */
class Deliveries {
 public:
  Deliveries();
  Deliveries(const Deliveries&) = delete;
  Deliveries& operator=(const Deliveries&) = delete;
  Deliveries(Deliveries&&) = delete;
  Deliveries& operator=(Deliveries&&) = delete;
  ~Deliveries();

  /**
   * Runs them side by side, to their ends, which are in the order of the deliveries. First waits
   * for what was only started, so that nothing overtakes it. Does not throw.
   */
  [[nodiscard]] std::vector<DeliveryEnd> run_all(const std::vector<Delivery>& deliveries);

  /** Starts one and does not wait for it; its end does not matter. */
  void start(const Delivery& delivery) noexcept;

 private:
  struct Running;

  static void wait_for(std::vector<std::unique_ptr<Running>>& all);

  std::vector<std::unique_ptr<Running>> started_;
};

}  // namespace spider_check
