#include "journal/record_json.hpp"

#include <nlohmann/json.hpp>

#include "journal/value_json.hpp"

namespace spider_check::journal {

namespace {

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
  attempt.claim.uuid = attempt.run.uuid = json.at("uuid");
  attempt.claim.token = attempt.run.token = json.at("token");
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

std::string attempt_json(const AttemptRecord& attempt) {
  const auto& [claim, run, database, owner, slot, log, spiders, outlive, run_started, began, starts,
               outcomes, end] = attempt;
  return text({{"kind", "attempt"},
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
               {"run_started", to_json(run_started)},
               {"began", to_json(began)}});
}

std::string recorded_json(RunId id, const DatabaseIdentity& database) {
  return text({{"kind", "recorded"}, {"id", id}, {"database", database_json(database)}});
}

std::string count_json(int spiders, Duration spiders_outlive) {
  return text({{"kind", "count"}, {"spiders", spiders}, {"outlive", spiders_outlive.count()}});
}

std::string start_json(const JournaledStart& start) {
  return text({{"kind", "start"},
               {"spider", start.spider},
               {"log", start.log.string()},
               {"at", to_json(start.at)}});
}

std::string outcome_json(const JournaledOutcome& outcome) {
  return text(
      {{"kind", "outcome"}, {"outcome", to_json(outcome.outcome)}, {"at", to_json(outcome.ended)}});
}

std::string end_json(const JournaledEnd& end) {
  return text({{"kind", "end"},
               {"status", to_text(end.end.status)},
               {"failure", end.end.failure},
               {"faults", end.end.faults},
               {"retry_after", to_json(end.end.retry_after)},
               {"at", to_json(end.at)}});
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
  return text({{"database", database_json(host_state.database)},
               {"of_others", host_state.of_others},
               {"success", or_null(host_state.success)},
               {"mark", host_state.mark ? Json(host_state.mark->time_since_epoch().count())
                                        : Json(nullptr)},
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

}  // namespace spider_check::journal
