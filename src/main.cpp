// Parse, wire, run: the one catch-all and the one exit.

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <variant>

#include "app/instance.hpp"
#include "commands.hpp"
#include "config/command_line.hpp"
#include "config/load.hpp"
#include "core/errors.hpp"
#include "os/descriptors.hpp"
#include "os/signals.hpp"
#include "render/check.hpp"
#include "render/monitoring.hpp"
#include "render/text_width.hpp"
#include "render/zone.hpp"
#include "setup/check.hpp"
#include "setup/cron_line.hpp"
#include "setup/init.hpp"

namespace {

using namespace spider_check;

void complain(const std::string& what) {
  const auto line = "spider-check: " + render::printable(what);
  std::fprintf(stderr, "%s\n", render::wrap(line, app::columns_of(STDERR_FILENO)).c_str());
}

void print_cron_line(const config::Loaded& loaded, const config::Environment& environment) {
  const auto line = setup::cron_line(loaded, environment, config::account_home());
  for (const auto& warning : line.warnings) complain(warning);
  print(line.text);
}

app::Result run(int argc, char** argv) {
  os::set_dispositions();
  const auto line = config::parse_command_line(argc, argv);
  if (const auto* text = std::get_if<config::PrintCommand>(&line.command)) {
    print_wrapped(text->text);
    return {};
  }
  const auto environment = config::read_environment();
  if (const auto* to_init = std::get_if<config::InitCommand>(&line.command)) {
    print(setup::init(*to_init, environment));
    return {};
  }
  const auto loaded = config::load(line.config_file, environment);
  // The program's own password is none of the spiders' business.
  ::unsetenv(config::credentials_variable);
  if (std::holds_alternative<config::CheckCommand>(line.command)) {
    const auto report = setup::check(loaded, environment);
    print_wrapped(render::check_text(report));
    return {exit_code(report)};
  }
  if (std::holds_alternative<config::CronCommand>(line.command)) {
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
    std::fputs(render::unknown_health_line(error.what()).c_str(), stdout);
    return static_cast<int>(HealthLevel::unknown);
  }
}

/** Runs the program; gives its exit status, or does not return when a signal ends it. */
int exit_status(int argc, char** argv) {
  if (config::asks_for_health(argc, argv)) return health_status(argc, argv);
  app::Result result;
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
  if (result.signal != 0) os::die_by(result.signal);
  return static_cast<int>(result.code);
}

}  // namespace

int main(int argc, char** argv) {
  os::settle_descriptors(argc, argv);
  const int status = exit_status(argc, argv);
  std::fflush(nullptr);
  // Every object of ours is gone by now. What is left are the tables of libpq's thirty libraries;
  // to take them down by hand costs a tick two hundredths, and the kernel does it anyway.
  std::_Exit(status);
}
