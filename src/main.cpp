// Parse, wire, run: the one catch-all and the one exit.

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <variant>

#include "commands.hpp"
#include "config/check.hpp"
#include "config/command_line.hpp"
#include "config/init.hpp"
#include "config/load.hpp"
#include "os/descriptors.hpp"
#include "os/signals.hpp"
#include "report/monitoring.hpp"
#include "schedule/instance.hpp"
#include "util/errors.hpp"
#include "util/text_width.hpp"
#include "util/zone.hpp"

namespace {

using namespace spider_check;

void complain(const std::string& what) {
  const auto line = "spider-check: " + printable(what);
  std::fprintf(stderr, "%s\n", wrap(line, columns_of(STDERR_FILENO)).c_str());
}

void print_cron_line(const Loaded& loaded, const Environment& environment) {
  const auto line = cron_line(loaded, environment, account_home());
  for (const auto& warning : line.warnings) complain(warning);
  print(line.text);
}

Result run(int argc, char** argv) {
  set_dispositions();
  const auto line = parse_command_line(argc, argv);
  if (const auto* text = std::get_if<PrintCommand>(&line.command)) {
    print_wrapped(text->text);
    return {};
  }
  const auto environment = read_environment();
  if (const auto* to_init = std::get_if<InitCommand>(&line.command)) {
    print(init(*to_init, environment));
    return {};
  }
  const auto loaded = load(line.config_file, environment);
  // The program's own password is none of the spiders' business.
  ::unsetenv(credentials_variable);
  if (std::holds_alternative<CheckCommand>(line.command)) {
    const auto report = check(loaded, environment);
    print_wrapped(check_text(report));
    return {exit_code(report)};
  }
  if (std::holds_alternative<CronCommand>(line.command)) {
    print_cron_line(loaded, environment);
    return {};
  }
  return run_command(line, loaded.config);
}

/** Tells what is wrong and gives the exit status. */
int complain(ExitCode code, const std::string& what) {
  complain(what);
  return static_cast<int>(code);
}

/** Monitoring must be answered on stdout and by its own statuses, whatever is wrong. */
int health_status(int argc, char** argv) {
  try {
    const auto result = run(argc, argv);
    return result.health ? static_cast<int>(*result.health) : static_cast<int>(result.code);
  } catch (const std::exception& error) {
    // Not print(): it may be the output itself that cannot be written.
    std::fputs(unknown_health_line(error.what()).c_str(), stdout);
    return static_cast<int>(HealthLevel::unknown);
  }
}

/** Runs the program; gives its exit status, or does not return when a signal ends it. */
int exit_status(int argc, char** argv) {
  if (asks_for_health(argc, argv)) return health_status(argc, argv);
  Result result;
  try {
    result = run(argc, argv);
  } catch (const UsageError& error) {
    return complain(ExitCode::usage, error.what());
  } catch (const DbError& error) {
    return complain(ExitCode::database_unusable, error.what());
  } catch (const LostRun& error) {
    return complain(ExitCode::spider_failed, error.what());
  } catch (const ListingError& error) {
    return complain(ExitCode::spider_failed, error.what());
  } catch (const std::exception& error) {
    return complain(ExitCode::internal, error.what());
  }
  std::fflush(nullptr);
  if (result.signal != 0) die_by(result.signal);
  return static_cast<int>(result.code);
}

}  // namespace

int main(int argc, char** argv) {
  settle_descriptors(argc, argv);
  const int status = exit_status(argc, argv);
  std::fflush(nullptr);
  // Every object of ours is gone by now. What is left are the tables of libpq's thirty libraries;
  // to take them down by hand costs a tick two hundredths, and the kernel does it anyway.
  std::_Exit(status);
}
