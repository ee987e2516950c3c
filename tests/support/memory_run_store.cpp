#include "support/memory_run_store.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "util/errors.hpp"

namespace spider_check::test {

class MemorySlotLock final : public SlotLock {
 public:
  MemorySlotLock(MemoryRunStore& store, int slot) : store_(store), slot_(slot) {}

  MemorySlotLock(const MemorySlotLock&) = delete;
  MemorySlotLock& operator=(const MemorySlotLock&) = delete;
  MemorySlotLock(MemorySlotLock&&) = delete;
  MemorySlotLock& operator=(MemorySlotLock&&) = delete;

  ~MemorySlotLock() override {
    auto& slots = store_.database_.slots;
    if (const auto held = slots.find(slot_); held != slots.end() && held->second == &store_) {
      slots.erase(held);
    }
    let_others_decide();
  }

  [[nodiscard]] int slot() const noexcept override { return slot_; }

  void decided() override {
    store_.require_up();
    let_others_decide();
  }

  void release() override {
    store_.require_up();
    let_others_decide();
    store_.database_.slots.erase(slot_);
  }

 private:
  void let_others_decide() {
    auto& decides = store_.database_.decides;
    if (decides == &store_) decides = nullptr;
  }

  MemoryRunStore& store_;
  int slot_;
};

namespace {

bool later(const MemoryRun* a, const MemoryRun* b) {
  return std::pair(a->run.started, a->run.id) < std::pair(b->run.started, b->run.id);
}

template <typename Condition>
const MemoryRun* newest(const MemoryDatabase& database, Condition condition) {
  const MemoryRun* found = nullptr;
  for (const auto& row : database.runs) {
    if (row.run.started > database.now || !condition(row.run)) continue;
    if (found == nullptr || later(found, &row)) found = &row;
  }
  return found;
}

bool is_marker(const Run& run) {
  return run.status == RunStatus::completed && run.spider_count == 0;
}

/** Of a spider's attempts with items or rows those that say what is usual, the newest first. */
std::vector<const SpiderOutcome*> usual_outcomes(const MemoryDatabase& database,
                                                 const std::string& spider) {
  std::vector<const SpiderOutcome*> successes;
  for (auto row = database.runs.rbegin(); row != database.runs.rend(); ++row) {
    for (const auto& [outcome, attempt, finished] : row->outcomes) {
      const bool succeeded = outcome.judgement.verdict != Verdict::failed;
      const bool counted = outcome.crawl || outcome.rows;
      if (outcome.spider == spider && counted && succeeded) successes.push_back(&outcome);
    }
  }
  successes.resize(std::min(successes.size(), successes_for_baseline));
  const auto is_good = [](const auto* each) { return each->judgement.verdict == Verdict::ok; };
  const auto good = std::count_if(successes.begin(), successes.end(), is_good);
  if (static_cast<std::size_t>(good) >= runs_for_baseline) {
    std::erase_if(successes, [&](const auto* each) { return !is_good(each); });
  }
  successes.resize(std::min(successes.size(), max_runs_for_baseline));
  return successes;
}

}  // namespace

RunId MemoryDatabase::next_id() {
  // Tests put rows in by themselves, too.
  for (const auto& row : runs) last_id = std::max(last_id, row.run.id);
  return ++last_id;
}

MemoryRun& MemoryDatabase::find(RunId id) {
  return *std::find_if(runs.begin(), runs.end(), [&](const auto& row) { return row.run.id == id; });
}

MemoryRun* MemoryDatabase::find(const std::string& uuid) {
  const auto row =
      std::find_if(runs.begin(), runs.end(), [&](const auto& r) { return r.run.uuid == uuid; });
  return row == runs.end() ? nullptr : &*row;
}

void MemoryRunStore::require_up() {
  if (database_.before_statement) database_.before_statement();
  if (database_.down || database_.cut_off.contains(owner_.host) ||
      (cut_off != nullptr && *cut_off)) {
    throw DbError(DbError::Kind::connection, "the database is down");
  }
  // It is not made again without a word: the lock is gone with it.
  if (broken_) {
    throw DbError(DbError::Kind::connection, "the connection was lost");
  }
}

void MemoryRunStore::require_taken(const std::string& verb, const std::string& run) const {
  if (!database_.refuses || !database_.refuses(verb, run)) return;
  throw DbError(DbError::Kind::data, "it is refused; type: MEND " + verb, "refused");
}

void MemoryRunStore::answer() const {
  if (database_.after_write) database_.after_write();
}

bool MemoryRunStore::held_by_others(int slot) const {
  const auto held = database_.slots.find(slot);
  return held != database_.slots.end() && held->second != this;
}

LatestSuccess MemoryRunStore::latest_success() {
  require_up();
  const auto* success = newest(database_, [](const Run& run) {
    return run.status == RunStatus::completed && !run.partial && run.spider_count > 0;
  });
  if (success == nullptr) return {database_.now, std::nullopt};
  return {database_.now, success->run.started, may_notify};
}

DatabaseIdentity MemoryRunStore::database() {
  require_up();
  return database_.identity;
}

State MemoryRunStore::state() {
  const auto latest_success = this->latest_success();
  State state;
  state.now = latest_success.now;
  state.newest_success = latest_success.newest_success;
  const auto* last =
      newest(database_, [](const Run& run) { return !run.partial && !is_marker(run); });
  if (last != nullptr) state.last = last->run;
  const auto* partial = newest(
      database_, [](const Run& run) { return run.partial && run.status == RunStatus::running; });
  if (partial != nullptr && (last == nullptr || last->run.started <= partial->run.started)) {
    state.partial = partial->run;
  }
  state.free_slots = 0;
  for (int slot = 0; slot < max_instances_; ++slot)
    state.free_slots += held_by_others(slot) ? 0 : 1;
  for (auto* run : {&state.last, &state.partial}) {
    if (*run) (*run)->lock_held = held_by_others((*run)->slot);
  }
  state.server_since = database_.up_since;
  state.future_runs = static_cast<int>(
      std::count_if(database_.runs.begin(), database_.runs.end(),
                    [&](const auto& row) { return row.run.started > database_.now; }));
  return state;
}

std::unique_ptr<SlotLock> MemoryRunStore::try_lock() {
  require_up();
  if (const auto hook = std::exchange(database_.before_lock, nullptr)) hook();
  if (max_instances_ > 1 && database_.decides != nullptr) return nullptr;
  for (int slot = 0; slot < max_instances_; ++slot) {
    if (database_.slots.contains(slot)) continue;
    database_.slots[slot] = this;
    if (max_instances_ > 1) database_.decides = this;
    return std::make_unique<MemorySlotLock>(*this, slot);
  }
  return nullptr;
}

std::optional<LockHolder> MemoryRunStore::lock_holder() {
  require_up();
  for (const auto& [slot, holder] : database_.slots) {
    if (holder == this) continue;
    return LockHolder{holder->owner_.host, holder->owner_.pid, database_.now};
  }
  return std::nullopt;
}

bool MemoryRunStore::mark_interrupted(const Run& run, const std::string& why) {
  require_up();
  require_taken("mark_interrupted");
  auto* row = database_.find(run.uuid);
  if (row == nullptr) return false;
  auto& now = row->run;
  const bool as_seen = now.status == RunStatus::running && now.attempt == run.attempt &&
                       now.heartbeat == run.heartbeat && now.token == run.token;
  if (!as_seen) return false;
  now.status = RunStatus::failed;
  now.failure = why;
  now.finished = now.heartbeat;
  now.next_attempt = now.heartbeat = database_.now;
  now.token.clear();
  answer();
  return true;
}

std::vector<std::string> MemoryRunStore::succeeded(RunId run) {
  require_up();
  std::set<std::string> names;
  for (const auto& row : database_.runs) {
    if (row.run.id != run) continue;
    for (const auto& [outcome, attempt, finished] : row.outcomes) {
      if (outcome.judgement.verdict != Verdict::failed) names.insert(outcome.spider);
    }
  }
  return {names.begin(), names.end()};
}

PollRequest MemoryRunStore::poll_request() const {
  PollRequest poll_request;
  if (write_ || heard_) poll_request.until = std::chrono::steady_clock::now();
  return poll_request;
}

void MemoryRunStore::watch() {
  if (heard_) throw DbError(DbError::Kind::connection, "the connection was lost");
}

std::unique_ptr<SlotLock> MemoryRunStore::unheld_lock(int slot) {
  return std::make_unique<MemorySlotLock>(*this, slot);
}

std::vector<RecordedOutcome> MemoryRunStore::outcomes(RunId run) {
  require_up();
  std::map<std::string, RecordedOutcome> newest;
  for (const auto& row : database_.runs) {
    if (row.run.id != run) continue;
    for (const auto& recorded : row.outcomes) newest[recorded.outcome.spider] = recorded;
  }
  std::vector<RecordedOutcome> outcomes;
  for (auto& [spider, recorded] : newest) outcomes.push_back(recorded);
  return outcomes;
}

std::map<std::string, Baseline> MemoryRunStore::baselines(const std::vector<std::string>& spiders) {
  require_up();
  if (database_.refuses_history) {
    throw DbError(DbError::Kind::statement, "it takes too long");
  }
  std::map<std::string, Baseline> baselines;
  for (const auto& spider : spiders) {
    for (const auto* outcome : usual_outcomes(database_, spider)) {
      const auto crawl = outcome->crawl.value_or(CrawlReport{});
      baselines[spider].push_back({crawl.progress.items, outcome->child.took, crawl.fields,
                                   outcome->judgement.verdict == Verdict::ok, outcome->rows,
                                   crawl.progress.pages});
    }
  }
  return baselines;
}

std::vector<std::string> MemoryRunStore::spiders_of_last_success() {
  require_up();
  const auto* success = newest(database_, [](const Run& run) {
    return run.status == RunStatus::completed && !run.partial && run.spider_count > 0;
  });
  std::set<std::string> names;
  if (success != nullptr) {
    for (const auto& recorded : success->outcomes) names.insert(recorded.outcome.spider);
  }
  return {names.begin(), names.end()};
}

std::vector<std::filesystem::path> MemoryRunStore::newest_failed_logs() {
  require_up();
  std::map<std::string, std::filesystem::path> logs;
  for (const auto& row : database_.runs) {
    for (const auto& [outcome, attempt, finished] : row.outcomes) {
      if (outcome.judgement.verdict == Verdict::failed) logs[outcome.spider] = outcome.log;
    }
  }
  std::vector<std::filesystem::path> paths;
  for (auto& [spider, log] : logs) paths.push_back(log);
  return paths;
}

RunId MemoryRunStore::newest_run_before(Duration age) {
  require_up();
  // Its ids are in the order of its rows.
  RunId newest = 0;
  for (const auto& row : database_.runs) {
    if (row.run.started > database_.now) continue;
    if (row.run.started >= database_.now - age) break;
    newest = row.run.id;
  }
  return newest;
}

void MemoryRunStore::take_locks_of(const MemoryRunStore& other) {
  for (auto& [slot, holder] : database_.slots) {
    if (holder == &other) holder = this;
  }
  if (database_.decides == &other) database_.decides = this;
}

void MemoryRunStore::lose_connection() {
  if (database_.decides == this) database_.decides = nullptr;
  std::erase_if(database_.slots, [this](const auto& held) { return held.second == this; });
}

void MemoryRunStore::drop_connection() noexcept {
  broken_ = heard_ = false;
}

void MemoryRunStore::break_session() {
  break_session_silently();
  heard_ = true;
}

void MemoryRunStore::break_session_silently() {
  lose_connection();
  broken_ = true;
}

}  // namespace spider_check::test
