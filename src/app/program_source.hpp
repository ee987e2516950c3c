#pragma once

#include <utility>
#include <vector>

#include "core/ports.hpp"

namespace spider_check::app {

/** Spiders that are programs of their own, named in the configuration. */
class ProgramSource final : public SpiderSource {
 public:
  explicit ProgramSource(std::vector<SpiderJob> jobs) : jobs_(std::move(jobs)) {}

  [[nodiscard]] Listing list() override { return {jobs_, {}}; }

 private:
  std::vector<SpiderJob> jobs_;
};

}  // namespace spider_check::app
