#pragma once

#include "core/ports.hpp"

namespace spider_check::os {

/** Reads /proc: who this process is, and whether another one is still there. */
class ProcessIdentity final : public OwnerProbe {
 public:
  /** Throws std::system_error when /proc cannot be read. */
  ProcessIdentity();

  [[nodiscard]] const Owner& self() const override { return self_; }

  [[nodiscard]] bool exists(const Owner& neighbour) const override;

 private:
  Owner self_;
};

}  // namespace spider_check::os
