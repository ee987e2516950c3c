#pragma once

#include <string>
#include <utility>
#include <vector>

#include "schedule/instance.hpp"
#include "schedule/spider.hpp"

namespace spider_check {

/** Spiders that are programs of their own, named in the configuration. */
class ProgramSource final : public SpiderSource {
 public:
  explicit ProgramSource(std::vector<SpiderJob> jobs) : jobs_(std::move(jobs)) {}

  [[nodiscard]] Listing list() override { return {jobs_, {}}; }

 private:
  std::vector<SpiderJob> jobs_;
};

/** What the sources offer: a source that cannot be listed does not keep the others from running. */
struct SpiderList {
  std::vector<SpiderJob> jobs;
  std::vector<std::string> faults;    ///< one line for each source that failed
  std::vector<std::string> left_out;  ///< one line for each spider that cannot be run
  bool stopped = false;               ///< a signal came before all was listed
};

/** Lists all sources and gives each job its rules. Of two spiders with one name the second is a
 * fault.
 */
[[nodiscard]] SpiderList list_spiders(const Instance& instance);

/**
 * The spiders that --spider names, in its order. Throws UsageError for a name that there is not,
 * with those that there are; ListingError when it may be one of a source that cannot be listed.
 */
[[nodiscard]] SpiderList select(const SpiderList& all, const std::vector<std::string>& names);

/**
 * That another configuration runs under this schedule's name: none of the spiders of the last
 * success is among those here. Empty where that is not so, or either is not known.
 */
[[nodiscard]] std::string shared_name_fault(const Instance& instance,
                                            const std::vector<std::string>& last,
                                            const std::vector<std::string>& here);

/** Warns of it where this schedule's spiders are known without listing a project. */
void warn_of_shared_name(const Instance& instance);

}  // namespace spider_check
