#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/channels.hpp"

namespace spider_check::os {

/** Where the program is that sends requests (src/send). */
[[nodiscard]] std::string sender();

/** Runs short programs that take a message. Those that are left at the end are killed. */
class Errands final : public ErrandRunner {
 public:
  Errands();
  Errands(const Errands&) = delete;
  Errands& operator=(const Errands&) = delete;
  Errands(Errands&&) = delete;
  Errands& operator=(Errands&&) = delete;
  ~Errands() override;

  /** First waits for what was only started, so that nothing overtakes it. */
  [[nodiscard]] std::vector<ErrandEnd> run_all(const std::vector<Errand>& errands) override;

  void start(const Errand& errand) noexcept override;

 private:
  struct Running;

  static void wait_for(std::vector<std::unique_ptr<Running>>& all);

  std::vector<std::unique_ptr<Running>> started_;
};

}  // namespace spider_check::os
