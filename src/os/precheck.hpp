#pragma once

#include <string>
#include <vector>

#include "core/precheck.hpp"

namespace spider_check::os {

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
