#include "run/spider_list.hpp"

#include <algorithm>
#include <unordered_set>

#include "schedule/sentences.hpp"
#include "util/errors.hpp"
#include "util/log.hpp"
#include "util/text.hpp"
#include "util/zone.hpp"

namespace spider_check {

namespace {

const SpiderJob* find(const std::vector<SpiderJob>& jobs, const std::string& name) {
  const auto found =
      std::find_if(jobs.begin(), jobs.end(), [&](const auto& job) { return job.name == name; });
  return found == jobs.end() ? nullptr : &*found;
}

std::string names_of(const std::vector<SpiderJob>& jobs) {
  return join(jobs, ", ", [](const SpiderJob& job) { return printable(job.name); });
}

}  // namespace

SpiderList list_spiders(const Instance& instance) {
  SpiderList list;
  std::unordered_set<std::string> names;
  // A project takes seconds.
  if (instance.spiders.empty()) instance.log.info("Listing the spiders");
  for (auto* source : instance.sources) {
    try {
      auto listing = source->list();
      list.left_out.insert(list.left_out.end(), listing.left_out.begin(), listing.left_out.end());
      for (auto& job : listing.jobs) {
        if (!names.insert(job.name).second) {
          list.faults.push_back("two spiders have the name '" + printable(job.name) +
                                "'; only the first is run");
          continue;
        }
        if (instance.rules) instance.rules(job);
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
      throw UsageError("--spider: there is no spider '" + printable(name) +
                       "'; there are: " + names_of(all.jobs));
    }
    if (find(selected.jobs, name) == nullptr) selected.jobs.push_back(*job);
  }
  return selected;
}

std::string shared_name_fault(const Instance& instance, const std::vector<std::string>& last,
                              const std::vector<std::string>& here) {
  const std::unordered_set<std::string> names(here.begin(), here.end());
  const auto is_here = [&](const auto& name) { return names.contains(name); };
  if (last.empty() || here.empty() || std::any_of(last.begin(), last.end(), is_here)) return {};
  return "none of the spiders that schedule '" + instance.name + "' ran last (" + name_list(last) +
         ") is one of this configuration's (" + name_list(here) +
         "): another configuration runs under the same name in this database, and each of the two "
         "keeps the other from running; " +
         instance.how_to_name;
}

void warn_of_shared_name(const Instance& instance) {
  if (instance.spiders.empty()) return;
  try {
    const auto fault =
        shared_name_fault(instance, instance.store.spiders_of_last_success(), instance.spiders);
    if (!fault.empty()) instance.log.warn("{}", printable(fault));
  } catch (const DbError& error) {
    instance.log.debug("What spiders did before cannot be read: {}", error.what());
  }
}

}  // namespace spider_check
