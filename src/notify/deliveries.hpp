#pragma once

#include <memory>
#include <string>
#include <vector>

#include "notify/rules.hpp"

namespace spider_check {

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

}  // namespace spider_check
