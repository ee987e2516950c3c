#pragma once

#include <optional>
#include <string>

#include "os/host.hpp"

namespace spider_check {

/** The host's name. Throws std::system_error. */
[[nodiscard]] std::string host_name();

/** Reads /proc: who this process is, and whether another one is still there. */
class ThisHost final : public Host {
 public:
  /** Read at the first call, since a tick that skips needs none of it. Throws std::system_error. */
  [[nodiscard]] const Owner& self() const override;

  /**
   * A process that was killed exists for as long as its supervisors stop its spiders. Where /proc
   * hides a process of that pid it exists, too: only the kernel's word that there is none counts.
   */
  [[nodiscard]] bool exists(const Owner& neighbour) const override;

  /** A process that /proc hides, because it is another user's, is taken for alive. */
  [[nodiscard]] bool is_alive(int pid, std::int64_t start) const override;

  [[nodiscard]] HostTime now() const override;

  [[nodiscard]] std::string new_uuid() const override;

 private:
  mutable std::optional<Owner> self_;
};

}  // namespace spider_check
