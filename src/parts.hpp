#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/instance.hpp"
#include "app/log.hpp"
#include "app/notifications.hpp"
#include "app/publication.hpp"
#include "app/spider_list.hpp"
#include "config/command_line.hpp"
#include "config/config.hpp"
#include "db/notification_store.hpp"
#include "db/report_store.hpp"
#include "db/run_store.hpp"
#include "db/session.hpp"
#include "journal/file_journal.hpp"
#include "notify/channels.hpp"
#include "os/deliveries.hpp"
#include "os/files.hpp"
#include "os/host.hpp"
#include "os/loop_runner.hpp"
#include "os/schedule_logs.hpp"
#include "scrapy/crawl_monitor.hpp"
#include "scrapy/project.hpp"

namespace spider_check {

/** The state as Prometheus reads it, with this program's version. Throws DbError. */
[[nodiscard]] std::string metrics(const app::Instance& schedule);

/** The parts that a configuration asks for, put together; the configuration outlives them. */
class Parts {
 public:
  /** Connects to nothing yet. Throws std::system_error. */
  Parts(const config::Config& config, const config::CommandLine& line);
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;
  Parts(Parts&&) = delete;
  Parts& operator=(Parts&&) = delete;
  ~Parts() = default;

  [[nodiscard]] app::Instance& schedule() noexcept { return instance_; }

  [[nodiscard]] db::Session& session() noexcept { return session_; }

  [[nodiscard]] const os::ScheduleLogs& logs() const noexcept { return logs_; }

 private:
  /** What a schedule that tells nobody does without. */
  struct Notifications {
    Notifications(const config::Config& config, NotificationStore& store, const LogDirectory& logs);

    notify::Channels channels;
    os::Deliveries deliveries;
    app::Notifier notifier;
  };

  void set_notifier(const config::Config& config);
  void publish(const config::Config& config);
  [[nodiscard]] std::vector<SpiderSource*> sources(const config::Config& config);

  os::Host host_;
  db::Session session_;
  db::PgRunStore store_;
  db::PgReportStore reports_;
  db::PgNotificationStore messages_;
  scrapy::Project project_;
  app::ProgramSource programs_;
  os::LoopRunner runner_;
  os::ScheduleLogs logs_;
  journal::FileJournal journal_;
  os::LogFallback log_fallback_;
  scrapy::Monitors monitors_;
  app::Log log_;
  app::Instance instance_;
  std::optional<Notifications> notifications_;
};

}  // namespace spider_check
