#pragma once

#include <memory>
#include <optional>
#include <string>

#include <sys/types.h>

#include "os/child.hpp"
#include "os/descriptors.hpp"
#include "os/process_tree.hpp"
#include "os/termination.hpp"

namespace spider_check {

struct SupervisorResult;

/** The name by which `ps` shows the supervisors of a process; at most 15 bytes, as the kernel
 * keeps. */
[[nodiscard]] std::string supervisor_name(pid_t owner);

/**
 * A spider behind a supervisor: a small process of ours that starts the spider, inherits whatever
 * it leaves behind, stops it on request or when this program dies, by whatever signal, and
 * kills every process that the spider started before it reports the end.
 *
 * A supervisor that is killed, or does not answer, is replaced: what it watched over becomes this
 * program's, which must be a subreaper, and is ended by it.
 */
class Supervisor : NonCopyable {
 public:
  using Time = Escalation::Time;

  /** Throws std::system_error. A spider that cannot be executed is reported by reap(). */
  Supervisor(const ChildOptions& options, const SpiderLimits& limits);

  /** Kills what is left of the spider, at once; waits for that a bounded time. */
  ~Supervisor();

  /** Readable when attend() is to be called; -1: there is nothing to wait for but next(). */
  [[nodiscard]] int fd() const noexcept { return process_.get(); }

  /** When attend() is to be called at the latest; empty: never. */
  [[nodiscard]] std::optional<Time> next() const;

  /**
   * Goes on without waiting. True once all processes are gone or given up: then there is reap().
   */
  [[nodiscard]] bool attend(bool readable);

  /** SIGTERM to the spider; after the grace once more; after the second grace SIGKILL to all. */
  void stop();

  /** SIGKILL to all, at once. */
  void kill();

  /** How it went. How long it took is for the caller to say. */
  [[nodiscard]] ChildReport reap();

 private:
  void tell(int signal, Duration answer) noexcept;
  void await_answer();
  void on_end();

  struct GiveBack {
    void operator()(SupervisorResult* result) const noexcept;
  };

  SpiderLimits limits_;
  std::unique_ptr<SupervisorResult, GiveBack> result_;
  pid_t pid_ = -1;
  FileDescriptor process_;  ///< a pidfd; none once it has ended
  std::optional<Time> answer_by_;
  bool told_ = false;  ///< to stop or to kill
  bool told_to_kill_ = false;
  bool silent_ = false;  ///< it did not answer in time
  std::optional<AdoptedProcesses> adopted_;
  bool over_ = false;
};

}  // namespace spider_check
