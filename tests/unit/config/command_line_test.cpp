#include "config/command_line.hpp"

#include <sstream>

#include <doctest/doctest.h>

#include "config/version.hpp"
#include "util/errors.hpp"
#include "util/time.hpp"

namespace spider_check {

using namespace std::chrono_literals;

namespace {

using Words = std::vector<std::string>;

CommandLine parse(const Words& words) {
  std::vector<const char*> argv{"spider-check"};
  for (const auto& word : words) argv.push_back(word.c_str());
  return parse_command_line(static_cast<int>(argv.size()), argv.data());
}

template <typename T>
T command(const Words& words) {
  return std::get<T>(parse(words).command);
}

/** Why a command line is refused. */
std::string refusal(const Words& words) {
  try {
    (void)parse(words);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "it is not refused";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("without a word it is a tick of all spiders") {
  const auto line = parse({});
  REQUIRE(std::holds_alternative<TickCommand>(line.command));
  const auto& tick = std::get<TickCommand>(line.command);
  CHECK_FALSE(tick.request.force);
  CHECK(tick.request.spiders.empty());
  CHECK_FALSE(tick.dry_run);
  CHECK_FALSE(line.config_file.has_value());
  CHECK(line.verbosity == Verbosity::normal);
}

TEST_CASE("--force forces all spiders") {
  const auto tick = command<TickCommand>({"--force"});
  CHECK(tick.request.force);
  CHECK(tick.request.spiders.empty());
}

TEST_CASE("--spider names one spider or several, and implies --force") {
  using Names = std::vector<std::string>;
  const std::pair<Words, Names> rows[] = {
      {{"--spider", "a"}, {"a"}},
      {{"--spider=a"}, {"a"}},
      {{"--spider", "a", "b", "c"}, {"a", "b", "c"}},
      {{"--spider", "a", "--spider", "b"}, {"a", "b"}},
      {{"--spider", "a", "b", "--dry-run"}, {"a", "b"}},
      {{"--spider", "status"}, {"status"}},
      {{"--spider", "a b"}, {"a b"}},
      {{"--force", "--spider", "a"}, {"a"}},
  };
  for (const auto& [words, names] : rows) {
    const auto tick = command<TickCommand>(words);
    CHECK(tick.request.spiders == names);
    CHECK(tick.request.force);
  }
}

TEST_CASE("--dry-run is a tick that changes nothing") {
  CHECK(command<TickCommand>({"--dry-run"}).dry_run);
  CHECK_FALSE(command<TickCommand>({"--dry-run"}).request.force);
  CHECK(command<TickCommand>({"--dry-run", "--force"}).request.force);
}

TEST_CASE("migrate waits as long as --wait says, and not at all without it") {
  CHECK(command<MigrateCommand>({"migrate"}).wait == 0s);
  CHECK(command<MigrateCommand>({"migrate", "--wait", "1m30s"}).wait == 90s);
  CHECK(command<MigrateCommand>({"migrate", "--wait=30s"}).wait == 30s);
}

TEST_CASE("status is for people, and with --json for programs") {
  CHECK_FALSE(command<StatusCommand>({"status"}).json);
  CHECK(command<StatusCommand>({"status", "--json"}).json);
}

TEST_CASE("history goes back a week unless told otherwise, and can be narrowed") {
  const auto week = command<HistoryCommand>({"history"});
  CHECK(week.since == 168h);
  CHECK_FALSE(week.spider);
  CHECK_FALSE(week.status);
  CHECK_FALSE(week.json);
  const auto narrow = command<HistoryCommand>(
      {"history", "--since", "36h", "--spider", "news", "--status", "failed", "--json"});
  CHECK(narrow.since == 36h);
  CHECK(narrow.spider == "news");
  CHECK(narrow.status == RunStatus::failed);
  CHECK(narrow.json);
  CHECK(refusal({"history", "--since", "x"}) ==
        "--since: \"x\" is not a valid duration; write it like " + std::string(duration_examples));
  CHECK(refusal({"history", "--status", "bad"}) ==
        "--status: \"bad\" is not a status; write running, completed or failed");
}

TEST_CASE("show wants the number of a run") {
  CHECK(command<ShowCommand>({"show", "17"}).run == 17);
  CHECK_FALSE(command<ShowCommand>({"show", "17"}).json);
  CHECK(command<ShowCommand>({"show", "17", "--json"}).json);
  CHECK(refusal({"show", "x"}) == "show: \"x\" is not a positive number; write it like 17");
  CHECK(contains(refusal({"show"}), "RUN is required"));
}

TEST_CASE("report prints the page, or writes it to a file") {
  CHECK_FALSE(command<ReportCommand>({"report"}).output.has_value());
  CHECK(command<ReportCommand>({"report", "-o", "x.html"}).output == "x.html");
  CHECK(command<ReportCommand>({"report", "--output=x.html", "-q"}).output == "x.html");
  CHECK(refusal({"report", "-o", ""}) ==
        "report: -o names no file; name one, or leave it out to print the page");
}

TEST_CASE("health takes the age from which on data is stale, and metrics no words of its own") {
  CHECK_FALSE(command<HealthCommand>({"health"}).max_age.has_value());
  CHECK(command<HealthCommand>({"health", "--max-age", "1h30m"}).max_age == 90min);
  CHECK(parse({"health", "-c", "x"}).config_file == "x");
  CHECK(std::holds_alternative<MetricsCommand>(parse({"metrics", "-q"}).command));
  for (const std::string age : {"5", "0s", "-1h", "1 h", "20000d"}) {
    CHECK(refusal({"health", "--max-age=" + age}) ==
          "--max-age: \"" + age + "\" is not a duration above 0s; write it like " +
              R"("4h", "90m", "1h30m", "45s" or "90d")");
  }
}

TEST_CASE("it is known for which lines monitoring must be answered, wrong ones, too") {
  const std::pair<Words, bool> rows[] = {
      {{"health"}, true},
      {{"health", "--nonsense"}, true},
      {{"-q", "-c", "x", "health", "--max-age"}, true},
      {{"--config=x", "health"}, true},
      {{"--config", "health", "health"}, true},
      {{}, false},
      {{"-c", "health"}, false},
      {{"status", "health"}, false},
      {{"--spider", "a", "health"}, false},
      {{""}, false},
      {{"-c"}, false},
  };
  for (const auto& [words, answer] : rows) {
    std::vector<const char*> argv{"spider-check"};
    for (const auto& word : words) argv.push_back(word.c_str());
    const auto count = words.size();
    CAPTURE(count);
    CHECK(asks_for_health(static_cast<int>(argv.size()), argv.data()) == answer);
  }
}

TEST_CASE("logs shows the newest log of a spider unless told which") {
  const auto newest = command<LogsCommand>({"logs", "a"});
  CHECK(newest.spider == "a");
  CHECK_FALSE(newest.run.has_value());
  CHECK_FALSE(newest.attempt.has_value());
  CHECK_FALSE(newest.follow);
  for (const auto& words : {Words{"logs", "a b", "--run", "9000000000", "--attempt=2", "-f"},
                            Words{"logs", "--follow", "--run=9000000000", "--attempt", "2", "a b"},
                            Words{"logs", "-f", "--attempt=2", "--run=9000000000", "--", "a b"}}) {
    const auto logs = command<LogsCommand>(words);
    CHECK(logs.spider == "a b");
    CHECK(logs.run == LogRun{9'000'000'000});
    CHECK(logs.attempt == 2);
    CHECK(logs.follow);
  }
}

TEST_CASE("logs of no spider asks which there are") {
  CHECK_FALSE(command<LogsCommand>({"logs"}).spider.has_value());
  CHECK(command<LogsCommand>({"logs", ""}).spider == "");
  for (const auto& words :
       {Words{"logs", "-f"}, Words{"logs", "--run=1"}, Words{"logs", "--attempt", "1"}}) {
    CHECK(refusal(words) ==
          "logs: SPIDER is required with --run, --attempt and --follow; name one");
  }
}

TEST_CASE("an attempt is a number from 1 on, and so is a run that had an id") {
  for (const std::string text :
       {"x", "0", "-1", "+1", "1.05", "1.", " 1", "1 ", "0x10", "99999999999999999999"}) {
    CAPTURE(text);
    CHECK(refusal({"logs", "a", "--attempt=" + text}) ==
          "--attempt: \"" + text + "\" is not a positive number; write it like 17");
    CHECK(refusal({"logs", "a", "--run=" + text}) ==
          "--run: \"" + text +
              "\" is not a run; write it like 17, or 17+2 or 17.2 where its logs are named so");
  }
}

TEST_CASE("a run that had no id is named as in its logs") {
  CHECK(command<LogsCommand>({"logs", "a", "--run=17+2"}).run == LogRun{17, 2});
  CHECK(command<LogsCommand>({"logs", "a", "--run=0+1"}).run == LogRun{0, 1});
  CHECK(command<LogsCommand>({"logs", "a", "--run=17.2"}).run == LogRun{17, 0, 2});
  for (const std::string text : {"17+", "17+0", "+2", "17+2+1", "0+0"}) {
    CHECK(refusal({"logs", "a", "--run=" + text})
              .starts_with("--run: \"" + text + "\" is not a run"));
  }
}

TEST_CASE("check takes no words of its own") {
  CHECK(std::holds_alternative<CheckCommand>(parse({"check"}).command));
  CHECK(parse({"check", "-c", "x"}).config_file == "x");
}

TEST_CASE("init looks here and writes beside the project unless told otherwise") {
  const auto plain = command<InitCommand>({"init"});
  CHECK(plain.directory == ".");
  CHECK_FALSE(plain.output.has_value());
  CHECK_FALSE(plain.to_stdout);
  for (const auto& words : {Words{"init", "jobs", "-o", "x"}, Words{"init", "-o", "x", "jobs"},
                            Words{"init", "--output=x", "--", "jobs"}}) {
    CHECK(command<InitCommand>(words).directory == "jobs");
    CHECK(command<InitCommand>(words).output == "x");
  }
  CHECK(command<InitCommand>({"init", "--stdout"}).to_stdout);
}

TEST_CASE("init --cron takes a configuration and nothing else") {
  CHECK(std::holds_alternative<CronCommand>(parse({"init", "--cron"}).command));
  CHECK(parse({"init", "--cron", "-c", "x"}).config_file == "x");
  CHECK(parse({"-c", "x", "init", "--cron"}).config_file == "x");
  for (const auto& words : {Words{"init", "--cron", "jobs"}, Words{"init", "--cron", "-o", "x"},
                            Words{"init", "--stdout", "--cron"}}) {
    CHECK(contains(refusal(words), "init --cron: there is no place for "));
  }
}

TEST_CASE("prune takes --dry-run before it and after it") {
  CHECK_FALSE(command<PruneCommand>({"prune"}).dry_run);
  CHECK(command<PruneCommand>({"prune", "--dry-run"}).dry_run);
  CHECK(command<PruneCommand>({"--dry-run", "prune", "-q"}).dry_run);
  CHECK(contains(command<PrintCommand>({"prune", "-h"}).text, "--dry-run"));
}

TEST_CASE("init reads no configuration, and writes to one place") {
  CHECK(refusal({"init", "-c", "x"}) ==
        "-c names a configuration to read, and init writes one; use -o FILE");
  CHECK(refusal({"init", "-o", "x", "--stdout"}) ==
        "-o and --stdout exclude each other; give one of them");
  for (const auto& words : {Words{"init", ""}, Words{"init", "-o", ""}}) {
    CHECK(contains(refusal(words), "an empty text names no file and no directory"));
  }
}

TEST_CASE("no line of any help is longer than a terminal") {
  for (const auto& words :
       {Words{"--help"}, Words{"migrate", "-h"}, Words{"status", "-h"}, Words{"history", "-h"},
        Words{"show", "-h"}, Words{"report", "-h"}, Words{"health", "-h"}, Words{"metrics", "-h"},
        Words{"logs", "-h"}, Words{"prune", "-h"}, Words{"check", "-h"}, Words{"init", "-h"}}) {
    std::istringstream lines(command<PrintCommand>(words).text);
    for (std::string line; std::getline(lines, line);) {
      CAPTURE(line);
      CHECK(line.size() <= 80);
    }
  }
}

TEST_CASE("-c, -q and -v work before the command and after it") {
  for (const std::string name : {"migrate", "status", "prune"}) {
    for (const auto& words :
         {Words{"-c", "x", "-q", name}, Words{name, "-c", "x", "-q"}, Words{"-c", "x", name, "-q"},
          Words{"-q", name, "-cx"}, Words{name, "--config=x", "--quiet"}}) {
      const auto line = parse(words);
      CHECK(line.config_file == "x");
      CHECK(line.verbosity == Verbosity::quiet);
      CHECK_FALSE(std::holds_alternative<TickCommand>(line.command));
    }
    CHECK(parse({"-v", name}).verbosity == Verbosity::verbose);
    CHECK(parse({name, "--verbose"}).verbosity == Verbosity::verbose);
  }
  CHECK(parse({"-c", "x", "-v"}).config_file == "x");
  CHECK(parse({"-v"}).verbosity == Verbosity::verbose);
  CHECK(parse({"-q"}).verbosity == Verbosity::quiet);
}

TEST_CASE("--version is one line, whatever else is given") {
  const auto line = "spider-check " + std::string(program_version) + "\n";
  CHECK(command<PrintCommand>({"--version"}).text == line);
  CHECK(command<PrintCommand>({"--version", "--force"}).text == line);
  CHECK(command<PrintCommand>({"status", "--version"}).text == line);
}

TEST_CASE("--help names every command, flag and exit status") {
  for (const std::string flag : {"-h", "--help"}) {
    const auto help = command<PrintCommand>({flag}).text;
    for (const std::string part :
         {"migrate",         "status",    "history", "show",     "report",    "health",
          "metrics",         "logs",      "prune",   "check",    "init",      "--config",
          "--quiet",         "--verbose", "--force", "--spider", "--dry-run", "--version",
          "Exit status: 0 ", " 1 ",       " 2 ",     " 3 ",      " 4 ",       "128+N"}) {
      CAPTURE(part);
      CHECK(contains(help, part));
    }
  }
}

TEST_CASE("--help behind a command is that command's") {
  CHECK(contains(command<PrintCommand>({"migrate", "--help"}).text, "--wait DURATION"));
  CHECK(contains(command<PrintCommand>({"status", "-h"}).text, "--json"));
  CHECK(contains(command<PrintCommand>({"health", "-h"}).text, "--max-age DURATION"));
  for (const std::string part : {"SPIDER", "--run ID", "--attempt N", "-f,--follow"}) {
    CHECK(contains(command<PrintCommand>({"logs", "-h"}).text, part));
  }
}

TEST_CASE("a wrong command line is refused on one line that names the flag") {
  struct Row {
    Words words;
    std::string part;
  };

  const Row rows[] = {
      {{"--frobnicate"}, "--frobnicate"},
      {{"-x"}, "-x"},
      {{"tick"}, "tick"},
      {{"--json"}, "--json"},
      {{"--wait", "3s"}, "--wait"},
      {{"status", "--wait", "3s"}, "--wait"},
      {{"migrate", "--json"}, "--json"},
      {{"metrics", "x"}, "x"},
      {{"health", "x"}, "x"},
      {{"--max-age", "3h"}, "--max-age"},
      {{"migrate", "now"}, "now"},
      {{"migrate", "status"}, "status"},
      {{"prune", "x"}, "x"},
      {{"prune", "--json"}, "--json"},
      {{"report", "x"}, "x"},
      {{"report", "-o"}, "--output"},
      {{"check", "x"}, "x"},
      {{"check", "--json"}, "--json"},
      {{"init", "a", "b"}, "b"},
      {{"init", "-o"}, "--output"},
      {{"logs", "a", "b"}, "b"},
      {{"logs", "a", "--run"}, "--run"},
      {{"logs", "a", "--json"}, "--json"},
      {{"-c"}, "--config"},
      {{"-c", "a", "-c", "b"}, "--config"},
      {{"--spider"}, "--spider"},
      {{"migrate", "--wait"}, "--wait"},
      {{"--force=perhaps"}, "--force"},
  };
  for (const auto& row : rows) {
    const auto text = refusal(row.words);
    CAPTURE(text);
    CAPTURE(row.part);
    CHECK(contains(text, row.part));
    CHECK((contains(text, "; see: spider-check ") || contains(text, "; did you mean ")));
    CHECK_FALSE(contains(text, "\n"));
  }
}

TEST_CASE("a word that nothing takes is told with what comes near, or where to read more") {
  CHECK(refusal({"stauts"}) == "there is no command \"stauts\"; did you mean status?");
  CHECK(refusal({"histroy", "--since", "3x"}) ==
        "there is no command \"histroy\"; did you mean history?");
  CHECK(refusal({"frobnicate"}) == "there is no command \"frobnicate\"; see: spider-check --help");
  CHECK(refusal({"help", "stauts"}) == "there is no command \"stauts\"; did you mean status?");
  CHECK(refusal({"status", "--jsn"}) == "status has no option --jsn; did you mean --json?");
  CHECK(refusal({"--frce"}) == "a tick has no option --frce; did you mean --force?");
  CHECK(refusal({"migrate", "--json=1"}) ==
        "migrate has no option --json; see: spider-check migrate --help");
  CHECK(refusal({"status", "now"}) ==
        "status does not take \"now\"; see: spider-check status --help");
  CHECK(contains(refusal({"migrate", "--wait"}), "; see: spider-check migrate --help"));
}

TEST_CASE("help is another way to ask for --help") {
  CHECK(command<PrintCommand>({"help"}).text == command<PrintCommand>({"--help"}).text);
  CHECK(command<PrintCommand>({"help", "status"}).text ==
        command<PrintCommand>({"status", "--help"}).text);
  CHECK(command<PrintCommand>({"help", "status"}).text != command<PrintCommand>({"help"}).text);
}

TEST_CASE("-q and -v exclude each other") {
  CHECK(refusal({"-q", "-v"}) == "-q and -v exclude each other; give one of them");
  CHECK(refusal({"-q", "status", "-v"}) == "-q and -v exclude each other; give one of them");
}

TEST_CASE("a tick's flags are refused beside a command") {
  const std::string rest = " belongs to a tick, not to the command ";
  CHECK(refusal({"--force", "migrate"}) == "--force" + rest + "migrate; leave one of them out");
  CHECK(refusal({"status", "--dry-run"}) == "--dry-run" + rest + "status; leave one of them out");
  CHECK(refusal({"--spider", "a", "status"}) ==
        "--spider" + rest + "status; leave one of them out");
  CHECK(refusal({"--force", "prune"}) == "--force" + rest + "prune; leave one of them out");
  CHECK(refusal({"--force", "report"}) == "--force" + rest + "report; leave one of them out");
  CHECK(refusal({"--force", "logs", "a"}) == "--force" + rest + "logs; leave one of them out");
}

TEST_CASE("--wait takes a duration and nothing else") {
  for (const std::string wait : {"5", "soon", "-5s", "1 h", "20000d"}) {
    CAPTURE(wait);
    CHECK(refusal({"migrate", "--wait=" + wait}) ==
          "--wait: \"" + wait + "\" is not a valid duration; write it like " +
              R"("4h", "90m", "1h30m", "45s" or "90d")");
  }
}

}  // namespace spider_check
