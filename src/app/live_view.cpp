#include "app/live_view.hpp"

#include <algorithm>

#include "render/run_summary.hpp"

namespace spider_check::app {

namespace {

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

LiveView::LiveView(int fd, bool colour, Log& log, const std::vector<SpiderJob>& jobs)
    : colour_(colour),
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
  const render::Screen screen{std::max<std::size_t>(size.width, 2) - 1, size.height, colour_};
  auto lines = render::live_table(progress_.at(Clock::now()), screen);
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
  std::string text;
  for (const auto& line :
       render::run_summary(progress_.summary(now), progress_.elapsed(now), colour_)) {
    text += line + "\n";
  }
  leave(text);
}

}  // namespace spider_check::app
