#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/log.hpp"
#include "app/program_source.hpp"
#include "app/schedule.hpp"
#include "app/telling.hpp"
#include "config/command_line.hpp"
#include "config/config.hpp"
#include "db/report_store.hpp"
#include "db/run_store.hpp"
#include "db/session.hpp"
#include "db/telling_store.hpp"
#include "journal/file_journal.hpp"
#include "notify/channels.hpp"
#include "os/errands.hpp"
#include "os/log_places.hpp"
#include "os/loop_runner.hpp"
#include "os/precheck.hpp"
#include "os/private_file.hpp"
#include "os/process_identity.hpp"
#include "os/published_file.hpp"
#include "os/schedule_logs.hpp"
#include "scrapy/crawl_witness.hpp"
#include "scrapy/project.hpp"

namespace spider_check {

/** The state as Prometheus reads it, with this program's version. Throws DbError. */
[[nodiscard]] std::string metrics(const app::Schedule& schedule);

/** The parts that a configuration asks for, put together; the configuration outlives them. */
class Parts {
 public:
  /** Connects to nothing yet. Throws std::system_error. */
  Parts(const config::Config& config, config::Verbosity verbosity);
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;
  Parts(Parts&&) = delete;
  Parts& operator=(Parts&&) = delete;
  ~Parts() = default;

  [[nodiscard]] app::Schedule& schedule() noexcept { return schedule_; }

  [[nodiscard]] db::Session& session() noexcept { return session_; }

  [[nodiscard]] const os::ScheduleLogs& logs() const noexcept { return logs_; }

 private:
  /** What a schedule that tells nobody does without. */
  struct Telling {
    Telling(const config::Config& config, TellingStore& store, const LogDirectory& logs);

    notify::Channels channels;
    os::Errands errands;
    app::Notifier notifier;
  };

  void tell_people(const config::Config& config);
  void publish(const config::Config& config);
  [[nodiscard]] std::vector<SpiderSource*> sources(const config::Config& config);

  os::ProcessIdentity owners_;
  db::Session session_;
  db::PgRunStore store_;
  db::PgReportStore reports_;
  db::PgTellingStore messages_;
  scrapy::Project project_;
  app::ProgramSource programs_;
  os::LoopRunner runner_;
  os::ScheduleLogs logs_;
  journal::FileJournal journal_;
  os::LogPlaces log_places_;
  os::Precheck precheck_;
  os::PrivateFile page_;
  os::PublishedFile metrics_file_;
  scrapy::Witnesses witnesses_;
  app::Log log_;
  app::Schedule schedule_;
  std::optional<Telling> telling_;
};

}  // namespace spider_check
