#include "run/live_view.hpp"

#include <algorithm>

#include "run/live_table.hpp"
#include "schedule/sentences.hpp"
#include "util/time.hpp"

namespace spider_check {

namespace {

using namespace std::chrono_literals;

constexpr auto worth_mentioning = 1min;

Duration between(LiveProgress::Time from, LiveProgress::Time to) {
  return std::chrono::duration_cast<Duration>(to - from);
}

/** Shorter than a sentence, and the name of the setting where there is one. */
std::string name_of(StopCause cause) {
  switch (cause) {
    case StopCause::none:
      return "no reason";
    case StopCause::run_stopped:
      return "the run is stopped";
    case StopCause::run_timeout:
      return "run_timeout";
    case StopCause::timeout:
      return "timeout";
    case StopCause::stall:
      return "stall_timeout";
    case StopCause::stayed:
      return "its crawl is over";
  }
  return "no reason";
}

std::string end_of_stopping(const SpiderLimits& limits, StopCause cause, Duration since) {
  const auto left = limits.grace + limits.second_grace - since;
  const auto why = " (" + name_of(cause) + ")";
  if (left <= 0s) return "for its end: SIGKILL sent" + why;
  return "for its end: SIGTERM sent" + why + ", SIGKILL in " + whole_words(left);
}

using namespace std::chrono_literals;

// What only moves on is drawn twice a second; what happens is seen at once, but many at a time.
constexpr auto usual_pause = 500ms;
constexpr auto min_pause = 100ms;

// The end of a run is recorded before anybody waits longer for a terminal that is held (Ctrl-S).
constexpr int terminal_wait = 1000;  // milliseconds
constexpr int for_ever = -1;

/** From the table's first line on; the cursor is back there afterwards. */
std::string frame(const std::vector<std::string>& lines) {
  // Should a line take more columns than we think, it must not break and push away the others.
  std::string text = "\x1b[?25l\x1b[?7l\r";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    text += (i == 0 ? "" : "\r\n") + lines[i] + "\x1b[K";
  }
  text += "\x1b[J";
  if (lines.size() > 1) text += "\x1b[" + std::to_string(lines.size() - 1) + "A";
  return text + "\r\x1b[?7h";
}

}  // namespace

LiveProgress::LiveProgress(const std::vector<SpiderJob>& jobs, Time now) : begun_(now) {
  for (const auto& job : jobs) {
    places_[job.name] = spiders_.size();
    Spider spider;
    spider.job = &job;
    spider.row.name = printable(job.name);
    spiders_.push_back(std::move(spider));
  }
}

void LiveProgress::begin(const Claim& claim) {
  // One that began without the database has no number yet.
  title_ = claim.id == 0 ? "Run" : "Run " + std::to_string(claim.id);
  if (claim.attempt > 1) title_ += ", attempt " + std::to_string(claim.attempt);
}

LiveProgress::Spider& LiveProgress::change(const SpiderJob& job, RowState state) {
  auto& spider = spiders_.at(places_.at(job.name));
  // A spider keeps its place among those that run when it is being stopped.
  if (state != RowState::stopping) spider.row.order = ++changes_;
  spider.row.state = state;
  return spider;
}

void LiveProgress::started(const SpiderJob& job, Time now) {
  auto& spider = change(job, RowState::running);
  spider.started = spider.progressed = now;
}

void LiveProgress::stopping(const SpiderJob& job, StopCause cause, Time now) {
  auto& spider = change(job, RowState::stopping);
  spider.stopped = now;
  spider.cause = cause;
  if (cause == StopCause::run_stopped || cause == StopCause::run_timeout) ending_ = true;
}

void LiveProgress::progressed(const SpiderJob& job, const Progress& progress, Time now) {
  auto& spider = spiders_.at(places_.at(job.name));
  if (spider.row.progress == progress) return;
  spider.row.progress = progress;
  spider.progressed = now;
}

void LiveProgress::finished(const SpiderJob& job, const SpiderOutcome& outcome) {
  auto& spider = change(job, state_of(outcome.judgement));
  spider.row.elapsed = outcome.child.took;
  spider.row.note = reasons(outcome.judgement);
  if (outcome.crawl && outcome.crawl->source != CrawlSource::nobody) {
    spider.row.progress = outcome.crawl->progress;
    spider.did = amounts(outcome.crawl->progress);
  }
  spider.did = with_rows(std::move(spider.did), outcome.rows);
}

std::string LiveProgress::waits_for(const Spider& spider, Time now) const {
  switch (spider.row.state) {
    case RowState::waiting:
      return ending_ ? "for nothing: it is not started any more" : "for a free place";
    case RowState::running: {
      if (!spider.row.progress) return {};
      const auto idle = between(spider.progressed, now);
      if (idle >= worth_mentioning) {
        return "no progress for " + to_words(std::chrono::floor<std::chrono::minutes>(idle));
      }
      const auto& progress = *spider.row.progress;
      return progress.items + progress.pages == 0 ? "for its first page" : "";
    }
    case RowState::stopping:
      return end_of_stopping(spider.job->limits, spider.cause, between(spider.stopped, now));
    case RowState::ok:
    case RowState::degraded:
    case RowState::failed:
    case RowState::stopped:
      return spider.row.note;
  }
  return {};
}

LiveRow LiveProgress::row_at(const Spider& spider, Time now) const {
  auto row = spider.row;
  if (row.state == RowState::running || row.state == RowState::stopping) {
    row.elapsed = between(spider.started, now);
  }
  row.note = waits_for(spider, now);
  return row;
}

LiveRun LiveProgress::at(Time now) const {
  LiveRun run{title_, elapsed(now), {}};
  run.rows.reserve(spiders_.size());
  for (const auto& spider : spiders_) run.rows.push_back(row_at(spider, now));
  return run;
}

std::vector<SummaryRow> LiveProgress::summary(Time now, const Output& output) const {
  std::vector<SummaryRow> rows;
  for (const auto& spider : spiders_) {
    const auto row = row_at(spider, now);
    rows.push_back({row.name, row.state, row.elapsed, spider.did, spider.row.note,
                    place_of_log(printable(spider.job->log.string()), spider.job->name, output)});
  }
  return rows;
}

Duration LiveProgress::elapsed(Time now) const {
  return between(begun_, now);
}

LiveView::LiveView(int fd, Output output, Log& log, const std::vector<SpiderJob>& jobs)
    : output_(std::move(output)),
      progress_(jobs, Clock::now()),
      terminal_(fd),
      above_(
          log, [this] { make_way(); }, [this] { draw(); }) {}

LiveView::~LiveView() {
  if (!closed_) leave({});
  terminal_.wait(for_ever);
}

void LiveView::begin(const Claim& claim) {
  progress_.begin(claim);
}

void LiveView::started(const SpiderJob& job) {
  progress_.started(job, Clock::now());
  changed_ = true;
}

void LiveView::stopping(const SpiderJob& job, StopCause cause) {
  progress_.stopping(job, cause, Clock::now());
  changed_ = true;
}

void LiveView::progressed(const SpiderJob& job, const Progress& progress) {
  progress_.progressed(job, progress, Clock::now());
}

void LiveView::finished(const SpiderJob& job, const SpiderOutcome& outcome) {
  progress_.finished(job, outcome);
  changed_ = true;
}

std::optional<RunView::Clock::time_point> LiveView::next_refresh() const {
  return drawn_at_ + (changed_ ? min_pause : usual_pause);
}

void LiveView::refresh() {
  changed_ = false;
  drawn_at_ = Clock::now();
  draw();
}

void LiveView::draw() {
  // A terminal that is held (Ctrl-S) gets the newest state when it goes on, and not every one.
  if (closed_ || !terminal_.is_ours() || !terminal_.is_ready()) return;
  const auto size = terminal_.size();
  // In the last column terminals differ in where the cursor goes, and so in what is erased.
  const Screen screen{std::max<std::size_t>(size.width, 2) - 1, size.height, output_.colour};
  auto lines = live_table(progress_.at(Clock::now()), screen);
  if (lines == drawn_ && size == size_) return;
  if (!cursor_) cursor_.emplace();
  terminal_.write(frame(lines));
  drawn_ = std::move(lines);
  size_ = size;
}

/** For a line of the log. */
void LiveView::make_way() {
  // The line itself would wait, too, for a terminal that is held.
  if (closed_) return terminal_.wait(for_ever);
  if (drawn_.empty()) return;
  drawn_.clear();
  terminal_.write("\r\x1b[J");
}

/** Gives the terminal back as it was, with these words where the table stood. */
void LiveView::leave(const std::string& last_words) {
  closed_ = true;
  terminal_.write((cursor_ ? "\r\x1b[J\x1b[?25h" : "") + last_words);
  terminal_.wait(terminal_wait);
  cursor_.reset();
}

void LiveView::close() {
  if (closed_) return;
  const auto now = Clock::now();
  output_.width = terminal_.size().width;
  std::string text;
  for (const auto& line :
       run_summary(progress_.summary(now, output_), progress_.elapsed(now), output_.colour)) {
    text += wrap(line, output_.width) + "\n";
  }
  leave(text);
}

}  // namespace spider_check
