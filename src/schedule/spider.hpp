#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "os/termination.hpp"
#include "schedule/crawl.hpp"
#include "schedule/run_store.hpp"
#include "util/interface.hpp"
#include "util/time.hpp"

namespace spider_check {

/** One spider to be run: a child process. */
struct SpiderJob {
  std::string name;
  std::vector<std::string> command;         ///< argv; never given to a shell
  std::size_t arguments_at = 0;             ///< where in it further arguments belong
  std::filesystem::path working_directory;  ///< empty: the program's own
  std::filesystem::path log;
  bool crawl = false;  ///< known to be one of Scrapy's; another program may turn out to be one
  std::vector<std::pair<std::string, std::string>> environment;  ///< beside the program's own
  SpiderLimits limits;
  Criteria criteria;
  std::filesystem::path report;         ///< where a crawl reports to; empty: nowhere
  std::string report_token;             ///< what each record of the report must hold
  std::string obstacle{};               ///< why it must not start; empty: it may
  std::optional<RowCheck> row_check{};  ///< asked after it; empty: nothing is
};

/** What a source offers. */
struct Listing {
  std::vector<SpiderJob> jobs;
  std::vector<std::string> left_out;  ///< what was listed and cannot be run: one line each, why
};

/** Where spiders come from. */
class SpiderSource : public Interface {
 public:
  /**
   * Every spider there is, without log paths. Throws ListingError; its message is one line that
   * names the cause and, where there is one, the file and line. Throws ListingStopped when this
   * program is told to stop; the signal stays for the StopSignals of the caller.
   */
  [[nodiscard]] virtual Listing list() = 0;
};

/** Told what happens while spiders run; called on the runner's own thread. */
class RunObserver : public Interface {
 public:
  virtual void on_start(const SpiderJob& job) = 0;

  /** The job is being stopped. */
  virtual void on_stop(const SpiderJob& job, StopCause cause) = 0;

  virtual void on_finish(const SpiderJob& job, const ChildReport& report) = 0;

  /** A number that changes when the job makes progress; asked only where that matters. */
  [[nodiscard]] virtual std::uint64_t progress_mark(const SpiderJob& job) = 0;

  /** Where the job stands, as of now. */
  [[nodiscard]] virtual CrawlPhase phase(const SpiderJob& job) = 0;

  /** What the observer itself waits for. */
  [[nodiscard]] virtual PollRequest poll_request() = 0;

  /** Called each time the runner wakes up, and at least when the poll_request asks for it. */
  virtual void attend() = 0;

  /** Returning false stops the spiders and ends the run. */
  [[nodiscard]] virtual bool go_on() = 0;
};

/** Why a run ended before all its spiders had been run. */
struct RunCut {
  int signal = 0;          ///< this program was stopped by it
  bool timed_out = false;  ///< the limit for the whole run was reached
};

/** Runs child processes. */
class SpiderRunner : public Interface {
 public:
  /**
   * Runs the jobs and reports each. None of their processes is left when it returns. What was cut
   * off was not started. A signal that StopSignals blocked before counts, too.
   */
  [[nodiscard]] virtual RunCut run_all(const std::vector<SpiderJob>& jobs,
                                       RunObserver& observer) = 0;
};

}  // namespace spider_check
