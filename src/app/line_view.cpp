#include "app/line_view.hpp"

#include "core/duration.hpp"
#include "render/sentences.hpp"

namespace spider_check::app {

void LineView::started(const SpiderJob& job) {
  log_.info("Spider '{}' started ({} of {}), log {}", render::printable(job.name), ++started_,
            spiders_, render::printable(job.log.string()));
}

void LineView::stopping(const SpiderJob& job, StopCause cause) {
  log_.warn("Stopping spider '{}': {}", render::printable(job.name), render::explain(cause));
}

void LineView::finished(const SpiderJob& job, const SpiderOutcome& outcome) {
  const auto name = render::printable(job.name);
  const auto took = to_words(outcome.child.took);
  const auto did = render::with_rows(outcome.crawl ? render::amounts(outcome.crawl->progress) : "",
                                     outcome.rows);
  const auto done = did.empty() ? did : ", " + did;
  const auto why = render::join(outcome.judgement.reasons);
  switch (outcome.judgement.verdict) {
    case Verdict::ok:
      log_.info("Spider '{}' ok after {}{}", name, took, done);
      return;
    case Verdict::degraded:
      log_.warn("Spider '{}' degraded after {}{}: {}", name, took, done, why);
      return;
    case Verdict::failed:
      log_.error("Spider '{}' failed after {}{}: {}; log {}", name, took, done, why,
                 render::printable(job.log.string()));
  }
}

}  // namespace spider_check::app
