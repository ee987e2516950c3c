// The journal: what a power cut, a full disk, another version of the program or a person left.
#include "outbox/journal.hpp"

#include <string>

#include "directory.hpp"
#include "fuzz.hpp"
#include "outbox/attempt_file.hpp"
#include "outbox/file_journal.hpp"
#include "outbox/record_json.hpp"

namespace spider_check::fuzz {

namespace {

/** In a directory as the journal has it, on a file name as it gives them. */
void check_files(std::string_view bytes) {
  static const Directory directory;
  std::filesystem::create_directories(directory.path() / "journal/x");
  const auto file = directory.write("journal/x/000000000001-token.attempt", bytes);
  directory.write("journal/x/known", bytes);
  FileJournal journal(directory.path(), "x", 1);
  (void)journal.host_state();
  (void)journal.is_current(TimePoint(Duration(17)));
  const auto contents = journal.read();
  const HostTime now{"boot", std::chrono::hours(1), Duration{0}, TimePoint(std::chrono::hours(9))};
  (void)state_of(contents, now);
  journal.visit_pending([&](const PendingAttempt& held) {
    const auto& attempt = held.record;
    expect(!attempt.claim.uuid.empty(), "what is held can be recorded");
    const auto outcomes = outcomes_of(attempt);
    const auto end = end_of(attempt, now);
    const auto facts = facts_json({attempt, outcomes, &end, false}, now);
    expect(Json::parse(facts, nullptr, false).is_object(), "and is one document");
    journal.append(held.name, end_json(end), true);
    journal.forget(held.name);
    return true;
  });
  expect(!journal.pending(), "what was replayed, or cannot be, does not come back");
  std::filesystem::remove(file.string() + ".kept");
}

/** As if the checksum were right. */
void check_record(std::string_view bytes) {
  const std::string record(bytes);
  AttemptRecord attempt;
  (void)apply_json(record, attempt);
  attempt.claim.uuid = "uuid";
  (void)apply_json(record, attempt);
  (void)parse_host_state(record);
  auto line = to_line(record);
  line.pop_back();
  const auto again = read_line(line);
  expect(again.kind == Line::Kind::good && again.record == record, "a line reads back");
}

}  // namespace

void try_input(std::string_view bytes) {
  check_record(bytes);
  check_files(bytes);
}

}  // namespace spider_check::fuzz
