#include "app/spider_list.hpp"

#include <algorithm>

#include "core/errors.hpp"
#include "render/zone.hpp"

namespace spider_check::app {

namespace {

const SpiderJob* find(const std::vector<SpiderJob>& jobs, const std::string& name) {
  const auto found =
      std::find_if(jobs.begin(), jobs.end(), [&](const auto& job) { return job.name == name; });
  return found == jobs.end() ? nullptr : &*found;
}

std::string names_of(const std::vector<SpiderJob>& jobs) {
  std::string names;
  for (const auto& job : jobs) names += (names.empty() ? "" : ", ") + render::printable(job.name);
  return names;
}

}  // namespace

SpiderList list_spiders(const Schedule& schedule) {
  SpiderList list;
  for (auto* source : schedule.sources) {
    try {
      auto listing = source->list();
      list.left_out.insert(list.left_out.end(), listing.left_out.begin(), listing.left_out.end());
      for (auto& job : listing.jobs) {
        if (find(list.jobs, job.name) != nullptr) {
          list.faults.push_back("two spiders have the name '" + render::printable(job.name) +
                                "'; only the first is run");
          continue;
        }
        if (schedule.rules) schedule.rules(job);
        list.jobs.push_back(std::move(job));
      }
    } catch (const ListingStopped&) {
      list.stopped = true;
      return list;
    } catch (const ListingError& error) {
      list.faults.emplace_back(error.what());
    }
  }
  return list;
}

SpiderList select(const SpiderList& all, const std::vector<std::string>& names) {
  SpiderList selected;
  for (const auto& name : names) {
    const auto* job = find(all.jobs, name);
    if (job == nullptr && !all.faults.empty()) throw ListingError(all.faults.front());
    if (job == nullptr) {
      throw UsageError("--spider: there is no spider '" + render::printable(name) +
                       "'; there are: " + names_of(all.jobs));
    }
    if (find(selected.jobs, name) == nullptr) selected.jobs.push_back(*job);
  }
  return selected;
}

}  // namespace spider_check::app
