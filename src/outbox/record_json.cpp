#include "outbox/record_json.hpp"

#include <algorithm>

#include "outbox/outcome_json.hpp"

namespace spider_check {

namespace {

/** PostgreSQL keeps no NUL in any text. */
std::string without_nul(std::string text) {
  for (auto& c : text) {
    if (c == '\0') c = '?';
  }
  return text;
}

/** The same for all texts in it, and for all keys. */
Json without_nul(const Json& json) {
  if (json.is_string()) return without_nul(json.get<std::string>());
  if (!json.is_structured()) return json;
  auto clean = json.is_array() ? Json::array() : Json::object();
  for (const auto& [key, value] : json.items()) {
    if (json.is_array()) {
      clean.push_back(without_nul(value));
    } else {
      clean[without_nul(key)] = without_nul(value);
    }
  }
  return clean;
}

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

Duration duration_of_seconds(const Json& json) {
  constexpr double most = 1e11;
  const std::chrono::duration<double> length(std::clamp(json.get<double>(), -most, most));
  return std::chrono::round<Duration>(length);
}

DelayCause cause_of(const Json& json) {
  return parse_delay_cause(json.get<std::string>()).value_or(DelayCause::unknown);
}

Json to_json(const HostTime& time) {
  return {time.boot_id, time.since_boot.count(), time.asleep.count(),
          time.wall.time_since_epoch().count()};
}

HostTime time_of(const Json& json) {
  return {json.at(0), duration_in(json.at(1)), duration_in(json.at(2)),
          TimePoint(duration_in(json.at(3)))};
}

Json to_json(const std::optional<Duration>& duration) {
  return duration ? Json(duration->count()) : Json(nullptr);
}

std::optional<Duration> duration_of(const Json& json) {
  if (json.is_null()) return std::nullopt;
  return duration_in(json);
}

std::vector<Delay> delays_of(const Json& json) {
  std::vector<Delay> delays;
  for (const auto& each : json) {
    delays.push_back({cause_of(each.at("cause")), duration_of_seconds(each.at("from_seconds")),
                      duration_of_seconds(each.at("to_seconds")), each.at("detail")});
  }
  return delays;
}

Json to_json(const std::vector<NotedDelay>& delays) {
  auto list = Json::array();
  for (const auto& each : delays) {
    list.push_back({to_text(each.cause), to_json(each.since), each.detail});
  }
  return list;
}

std::vector<NotedDelay> noted_delays_of(const Json& json) {
  std::vector<NotedDelay> delays;
  for (const auto& each : json) {
    delays.push_back({cause_of(each.at(0)), time_of(each.at(1)), each.at(2)});
  }
  return delays;
}

Json to_json(const std::vector<Survivor>& survivors) {
  auto list = Json::array();
  for (const auto& each : survivors) {
    list.push_back({each.spider, each.boot_id, each.pid_namespace, each.pid, each.start});
  }
  return list;
}

std::vector<Survivor> survivors_of(const Json& json) {
  std::vector<Survivor> survivors;
  for (const auto& each : json) {
    survivors.push_back({each.at(0), each.at(1), each.at(2), each.at(3), each.at(4)});
  }
  return survivors;
}

Json to_json(const Owner& owner) {
  return {{"host", owner.host}, {"boot", owner.boot_id},        {"namespace", owner.pid_namespace},
          {"pid", owner.pid},   {"start", owner.process_start}, {"machine", owner.machine}};
}

Owner owner_of(const Json& json) {
  return {json.at("host"), json.at("boot"),  json.at("namespace"),
          json.at("pid"),  json.at("start"), json.at("machine")};
}

/** What an earlier version wrote has none. */
DatabaseIdentity database_of(const Json& json) {
  const auto database = json.find("database");
  if (database == json.end()) return {};
  return {database->at(0), database->at(1)};
}

Json database_json(const DatabaseIdentity& database) {
  return {database.id, database.name};
}

void read_attempt(const Json& json, AttemptRecord& attempt) {
  attempt.claim.id = json.at("id");
  attempt.claim.uuid = json.at("uuid");
  attempt.claim.token = json.at("token");
  attempt.claim.attempt = json.at("attempt");
  attempt.run.trigger = json.at("trigger") == "force" ? Trigger::force : Trigger::tick;
  attempt.run.partial = json.at("partial");
  attempt.run.late = duration_of(json.at("late"));
  if (json.at("missed").is_number_integer()) attempt.run.missed_intervals = json.at("missed");
  // What an earlier version wrote has none.
  attempt.run.delays = delays_of(json.value("hindrances", Json::array()));
  attempt.database = database_of(json);
  attempt.owner = owner_of(json.at("owner"));
  attempt.slot = json.at("slot");
  attempt.log = {json.at("log").at(0), attempt.claim.attempt, json.at("log").at(1)};
  attempt.spider_count = json.at("spiders");
  attempt.spiders_outlive = duration_in(json.value("outlive", Json(0)));
  attempt.run_started = time_of(json.at("run_started"));
  attempt.began = time_of(json.at("began"));
}

/** What was read before stays: it may stand further up in the file. */
void take_attempt(const Json& json, AttemptRecord& attempt) {
  AttemptRecord read;
  read_attempt(json, read);
  read.starts = std::move(attempt.starts);
  read.outcomes = std::move(attempt.outcomes);
  read.end = std::move(attempt.end);
  attempt = std::move(read);
}

RunEnd end_of(const Json& json) {
  RunEnd end;
  end.status = parse_run_status(json.at("status").get<std::string>()).value_or(RunStatus::failed);
  end.failure = json.at("failure");
  end.faults = json.at("faults").get<std::vector<std::string>>();
  end.retry_after = duration_of(json.at("retry_after"));
  return end;
}

/** Each record is read whole before the attempt is changed. */
void apply(const Json& json, AttemptRecord& attempt) {
  const std::string kind = json.at("kind");
  if (kind == "attempt") {
    take_attempt(json, attempt);
  } else if (kind == "recorded") {
    const RunId id = json.at("id");
    auto database = database_of(json);
    attempt.claim.id = id;
    if (!database.id.empty()) attempt.database = std::move(database);
  } else if (kind == "count") {
    attempt.spider_count = json.at("spiders");
    attempt.spiders_outlive = duration_of(json.value("outlive", Json(0))).value_or(Duration{0});
  } else if (kind == "start") {
    attempt.starts.push_back(
        {json.at("spider"), std::string(json.at("log")), time_of(json.at("at"))});
  } else if (kind == "outcome") {
    attempt.outcomes.push_back({outcome_of(json.at("outcome")), time_of(json.at("at"))});
  } else if (kind == "end") {
    attempt.end = JournaledEnd{end_of(json), time_of(json.at("at"))};
  } else {
    throw Json::other_error::create(501, "no such kind", nullptr);
  }
}

Json host_run(const HostRun& run) {
  return {{"id", run.claim.id},
          {"uuid", run.claim.uuid},
          {"attempt", run.claim.attempt},
          {"status", to_text(run.status)},
          {"started", to_json(run.started)},
          {"ended", to_json(run.ended)},
          {"retry_after", to_json(run.retry_after)},
          {"spiders", run.spider_count},
          {"failure", run.failure},
          {"succeeded", run.succeeded}};
}

HostRun host_run_of(const Json& json) {
  HostRun run;
  run.claim.id = json.at("id");
  run.claim.uuid = json.at("uuid");
  run.claim.attempt = json.at("attempt");
  run.status = parse_run_status(json.at("status").get<std::string>()).value_or(RunStatus::failed);
  run.started = time_of(json.at("started"));
  run.ended = time_of(json.at("ended"));
  run.retry_after = duration_of(json.at("retry_after"));
  run.spider_count = json.at("spiders");
  run.failure = json.at("failure");
  run.succeeded = json.at("succeeded").get<std::vector<std::string>>();
  return run;
}

Json refusal(const Refusal& refused) {
  return {{"cause", refused.cause}, {"text", refused.text}, {"since", to_json(refused.since)}};
}

Json or_null(const std::optional<HostTime>& time) {
  return time ? to_json(*time) : Json(nullptr);
}

std::optional<HostTime> time_or_none(const Json& json) {
  if (json.is_null()) return std::nullopt;
  return time_of(json);
}

Json heartbeats(const std::vector<FutureHeartbeat>& seen) {
  auto list = Json::array();
  for (const auto& each : seen) {
    list.push_back({each.run, each.heartbeat.time_since_epoch().count(), to_json(each.since)});
  }
  return list;
}

std::vector<FutureHeartbeat> heartbeats_of(const Json& json) {
  std::vector<FutureHeartbeat> seen;
  for (const auto& each : json) {
    seen.push_back(
        {each.at(0), TimePoint(Duration(each.at(1).get<std::int64_t>())), time_of(each.at(2))});
  }
  return seen;
}

}  // namespace

Json to_json(const std::vector<Delay>& delays) {
  auto list = Json::array();
  for (const auto& each : delays) {
    list.push_back({{"cause", to_text(each.cause)},
                    {"from_seconds", seconds(each.from)},
                    {"to_seconds", seconds(each.to)},
                    {"detail", each.detail}});
  }
  return list;
}

std::vector<Delay> parse_delays(const std::string& json) {
  try {
    return delays_of(Json::parse(json));
  } catch (const Json::exception&) {
    return {};
  }
}

std::map<std::string, std::int64_t> parse_field_counts(const std::string& json) {
  std::map<std::string, std::int64_t> counts;
  const auto parsed = Json::parse(json, nullptr, false);
  if (!parsed.is_object()) return counts;
  for (const auto& [name, count] : parsed.items()) {
    if (count.is_number_integer()) counts[name] = count.get<std::int64_t>();
  }
  return counts;
}

namespace {

Json to_json(const AttemptRecord& attempt) {
  const auto& [claim, run, database, owner, slot, log, spiders, outlive, run_started, began, starts,
               outcomes, end] = attempt;
  return {{"kind", "attempt"},
          {"id", claim.id},
          {"uuid", claim.uuid},
          {"token", claim.token},
          {"attempt", claim.attempt},
          {"trigger", to_text(run.trigger)},
          {"partial", run.partial},
          {"late", to_json(run.late)},
          {"missed", run.missed_intervals ? Json(*run.missed_intervals) : Json(nullptr)},
          {"hindrances", to_json(run.delays)},
          {"database", database_json(database)},
          {"owner", to_json(owner)},
          {"slot", slot},
          {"log", {log.run, log.after}},
          {"spiders", spiders},
          {"outlive", outlive.count()},
          {"run_started", to_json(run_started)},
          {"began", to_json(began)}};
}

Json to_json(const JournaledEnd& end) {
  return {{"kind", "end"},
          {"status", to_text(end.end.status)},
          {"failure", end.end.failure},
          {"faults", end.end.faults},
          {"retry_after", to_json(end.end.retry_after)},
          {"at", to_json(end.at)}};
}

}  // namespace

std::string attempt_json(const AttemptRecord& attempt) {
  return dump(to_json(attempt));
}

std::string recorded_json(RunId id, const DatabaseIdentity& database) {
  return dump(Json{{"kind", "recorded"}, {"id", id}, {"database", database_json(database)}});
}

std::string count_json(int spiders, Duration spiders_outlive) {
  return dump(Json{{"kind", "count"}, {"spiders", spiders}, {"outlive", spiders_outlive.count()}});
}

std::string start_json(const JournaledStart& start) {
  return dump(Json{{"kind", "start"},
                   {"spider", start.spider},
                   {"log", start.log.string()},
                   {"at", to_json(start.at)}});
}

std::string outcome_json(const JournaledOutcome& outcome) {
  return dump(Json{
      {"kind", "outcome"}, {"outcome", to_json(outcome.outcome)}, {"at", to_json(outcome.ended)}});
}

std::string end_json(const JournaledEnd& end) {
  return dump(to_json(end));
}

std::string facts_json(const AttemptFacts& facts, const HostTime& now) {
  auto outcomes = Json::array();
  for (const auto& each : facts.outcomes) {
    auto json = to_json(each.outcome);
    const auto ended = least_age(each.ended, now);
    json["ended"] = ended.count();
    json["started"] = (ended + each.outcome.child.took).count();
    outcomes.push_back(std::move(json));
  }
  // A program that lives ends its run by having its end recorded.
  const bool over = facts.end != nullptr && !facts.owner_lives;
  return dump(without_nul(
      Json{{"attempt", to_json(facts.attempt)},
           {"alive", facts.owner_lives},
           {"started", least_age(facts.attempt.run_started, now).count()},
           {"ending", facts.end != nullptr ? to_json(*facts.end) : Json::object()},
           {"ended", facts.end == nullptr ? Json(nullptr)
                                          : Json(over ? least_age(facts.end->at, now).count() : 0)},
           {"known", facts.attempt.end.has_value()},
           {"outcomes", std::move(outcomes)}}));
}

bool apply_json(const std::string& record, AttemptRecord& attempt) {
  try {
    const auto json = Json::parse(record);
    if (attempt.claim.uuid.empty() && json.at("kind") != "attempt") return false;
    apply(json, attempt);
    return true;
  } catch (const Json::exception&) {
    return false;
  }
}

std::string host_state_json(const HostState& host_state) {
  return dump(Json{
      {"database", database_json(host_state.database)},
      {"of_others", host_state.of_others},
      {"success", or_null(host_state.success)},
      {"mark", host_state.mark ? Json(host_state.mark->time_since_epoch().count()) : Json(nullptr)},
      {"last", host_state.last ? host_run(*host_state.last) : Json(nullptr)},
      {"away", or_null(host_state.away)},
      {"noted", to_json(host_state.noted)},
      {"published_disabled", host_state.published_disabled},
      {"refused", host_state.refused ? refusal(*host_state.refused) : Json(nullptr)},
      {"unremovable", host_state.unremovable},
      {"hindrances", to_json(host_state.delays)},
      {"heartbeats", heartbeats(host_state.heartbeats)},
      {"survivors", to_json(host_state.survivors)}});
}

HostState parse_host_state(const std::string& record) {
  try {
    const auto json = Json::parse(record);
    HostState host_state;
    host_state.database = database_of(json);
    host_state.of_others = json.value("of_others", 0);
    host_state.success = time_or_none(json.at("success"));
    if (json.at("mark").is_number_integer()) {
      host_state.mark = TimePoint(Duration(json.at("mark").get<std::int64_t>()));
    }
    if (!json.at("last").is_null()) host_state.last = host_run_of(json.at("last"));
    host_state.away = time_or_none(json.at("away"));
    host_state.noted = time_of(json.at("noted"));
    host_state.published_disabled = json.value("published_disabled", false);
    if (const auto& refused = json.value("refused", Json()); !refused.is_null()) {
      host_state.refused =
          Refusal{refused.at("cause"), refused.at("text"), time_of(refused.at("since"))};
    }
    host_state.unremovable = json.value("unremovable", "");
    host_state.delays = noted_delays_of(json.value("hindrances", Json::array()));
    host_state.heartbeats = heartbeats_of(json.value("heartbeats", Json::array()));
    host_state.survivors = survivors_of(json.value("survivors", Json::array()));
    return host_state;
  } catch (const Json::exception&) {
    return {};
  }
}

}  // namespace spider_check
