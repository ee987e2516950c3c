#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/command_line.hpp"
#include "config/config.hpp"
#include "db/notification_store.hpp"
#include "db/pg_run_store.hpp"
#include "db/report_store.hpp"
#include "db/session.hpp"
#include "logs/log_directory.hpp"
#include "notify/deliveries.hpp"
#include "notify/notifier.hpp"
#include "os/files.hpp"
#include "os/host.hpp"
#include "outbox/file_journal.hpp"
#include "run/publication.hpp"
#include "run/runner.hpp"
#include "run/spider_list.hpp"
#include "schedule/instance.hpp"
#include "scrapy/project.hpp"
#include "util/log.hpp"

namespace spider_check {

/** The parts that a configuration asks for, put together; the configuration outlives them. */
class Parts {
 public:
  /** Connects to nothing yet. Throws std::system_error. */
  Parts(const Config& config, const CommandLine& line);
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;
  Parts(Parts&&) = delete;
  Parts& operator=(Parts&&) = delete;
  ~Parts() = default;

  [[nodiscard]] Instance& schedule() noexcept { return instance_; }

  [[nodiscard]] ReportStore& reports() noexcept { return reports_; }

  [[nodiscard]] const Notifier& notifier() const noexcept { return notifier_; }

  [[nodiscard]] Session& session() noexcept { return session_; }

 private:
  void publish(const Config& config);
  [[nodiscard]] std::vector<SpiderSource*> sources(const Config& config);

  ThisHost host_;
  Session session_;
  PgRunStore store_;
  ReportStore reports_;
  NotificationStore messages_;
  Project project_;
  ProgramSource programs_;
  LoopRunner runner_;
  LogDirectory logs_;
  FileJournal journal_;
  Log log_;
  Instance instance_;
  Deliveries deliveries_;
  Notifier notifier_;
};

}  // namespace spider_check
