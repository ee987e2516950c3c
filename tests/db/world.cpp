#include "world.hpp"

#include <cstdlib>
#include <map>
#include <stdexcept>

#include "os/host.hpp"
#include "run/verdict.hpp"
#include "schedule/run_store.hpp"

namespace spider_check::test {

namespace {

std::string maintenance_url() {
  const char* url = std::getenv("SPIDER_CHECK_TEST_URL");
  if (url == nullptr) {
    throw std::runtime_error(
        "SPIDER_CHECK_TEST_URL is not set: run this by tests/support/with-postgres");
  }
  return url;
}

std::map<std::string, std::string> maintenance_parameters() {
  std::map<std::string, std::string> parameters;
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(
      PQconninfoParse(maintenance_url().c_str(), nullptr), &PQconninfoFree);
  for (const auto* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) parameters[option->keyword] = option->val;
  }
  return parameters;
}

std::string execute(std::map<std::string, std::string> parameters, const std::string& text) {
  std::vector<const char*> keys;
  std::vector<const char*> values;
  for (const auto& [key, value] : parameters) {
    keys.push_back(key.c_str());
    values.push_back(value.c_str());
  }
  keys.push_back(nullptr);
  values.push_back(nullptr);
  const std::unique_ptr<PGconn, void (*)(PGconn*)> connection(
      PQconnectdbParams(keys.data(), values.data(), 0), &PQfinish);
  const std::unique_ptr<PGresult, void (*)(PGresult*)> result(
      PQexec(connection.get(), text.c_str()), &PQclear);
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
    throw std::runtime_error(PQerrorMessage(connection.get()));
  }
  return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

}  // namespace

TestDatabase::TestDatabase() {
  static int count = 0;
  name_ = "test_" + std::to_string(++count);
  // Half the time of a copy by way of the log.
  execute(maintenance_parameters(), "CREATE DATABASE " + name_ + " STRATEGY FILE_COPY");
}

TestDatabase::~TestDatabase() {
  try {
    execute(maintenance_parameters(), "DROP DATABASE " + name_ + " WITH (FORCE)");
  } catch (const std::exception&) {
    // The whole server is thrown away in the end.
  }
}

ConnectionOptions TestDatabase::options() const {
  ConnectionOptions options;
  options.parameters = maintenance_parameters();
  options.parameters["dbname"] = name_;
  return options;
}

std::string TestDatabase::sql(const std::string& text) const {
  return execute(options().parameters, text);
}

Owner owner(int pid, const std::string& host) {
  return {host, "boot of " + host, 1, pid, 99};
}

SpiderOutcome outcome(const std::string& spider, Termination end) {
  SpiderOutcome result;
  result.spider = spider;
  result.child.termination = std::move(end);
  result.child.took = std::chrono::milliseconds(1500);
  result.child.cpu_time = std::chrono::milliseconds(250);
  result.child.peak_memory = 12 << 20;
  result.judgement = judge(result.child);
  result.log = "/logs/" + spider + ".log";
  return result;
}

namespace {

/** None that was given before, of this form. */
std::string new_uuid() {
  static int last = 0;
  const auto number = std::to_string(++last);
  return "00000000-0000-4000-8000-" + std::string(12 - number.size(), '0') + number;
}

AttemptRecord attempt_of(const Owner& who, const SlotLock& lock) {
  AttemptRecord attempt;
  attempt.claim.uuid = new_uuid();
  attempt.claim.token = new_uuid();
  attempt.owner = who;
  attempt.slot = lock.slot();
  return attempt;
}

}  // namespace

AttemptRecord start(RunStore& store, const SlotLock& lock, const NewRun& run, const Owner& who) {
  auto attempt = attempt_of(who, lock);
  attempt.run = run;
  attempt.claim.id = record(store, {attempt}, {}).id;
  return attempt;
}

AttemptRecord retry(RunStore& store, const Run& run, const SlotLock& lock, const Owner& who) {
  auto attempt = attempt_of(who, lock);
  attempt.claim.id = run.id;
  attempt.claim.uuid = run.uuid;
  attempt.claim.attempt = run.attempt + 1;
  (void)record(store, {attempt}, {});
  return attempt;
}

RecordedRun beat(RunStore& store, const AttemptRecord& attempt) {
  return record(store, {attempt}, {});
}

void count(RunStore& store, AttemptRecord& attempt, int spiders, Duration spiders_outlive) {
  attempt.spider_count = spiders;
  attempt.spiders_outlive = spiders_outlive;
  (void)beat(store, attempt);
}

void add(RunStore& store, const AttemptRecord& attempt, const std::vector<SpiderOutcome>& outcomes,
         Duration ago) {
  std::vector<JournaledOutcome> all;
  for (const auto& outcome : outcomes) all.push_back({outcome, earlier({}, ago)});
  (void)record(store, {attempt, all}, {});
}

void finish(RunStore& store, AttemptRecord& attempt, const RunEnd& end) {
  attempt.end = JournaledEnd{end, {}};
  (void)record(store, {attempt, {}, &*attempt.end}, {});
}

RecordedRun reclaim(RunStore& store, const AttemptRecord& attempt, SlotLock& lock,
                    const HostTime& now) {
  store.take_again(lock);
  return record(store, {attempt}, now);
}

RunId replay(RunStore& store, const AttemptRecord& attempt, const HostTime& now) {
  const auto outcomes = outcomes_of(attempt);
  const auto end = end_of(attempt, now);
  return record(store, {attempt, outcomes, &end, false}, now).id;
}

}  // namespace spider_check::test
