#include <algorithm>
#include <cctype>
#include <set>

#include "config/findings.hpp"
#include "config/init.hpp"
#include "os/child.hpp"
#include "os/files.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace spider_check {

namespace {

// Debian's cron has this PATH for everybody.
constexpr const char* cron_directories[] = {"/usr/bin", "/bin"};

/**
 * A word of a crontab's command, where a % without a \ before it ends the command. Some crons take
 * a double \ for one, so a \ of the word is kept apart from what follows.
 */
std::string crontab_word(const std::string& text) {
  std::string word;
  for (const char c : shell_word(text)) {
    if ((c == '%' || c == '\\') && word.ends_with('\\')) word += "''";
    if (c == '%') word += '\\';
    word += c;
  }
  return word;
}

/** The programs that a configuration names without a directory. */
std::vector<std::string> plain_programs(const Config& config) {
  std::vector<std::string> programs;
  const auto add = [&](const std::vector<std::string>& command) {
    if (command.empty() || command.front().find('/') != std::string::npos) return;
    programs.push_back(command.front());
  };
  if (config.scrapy) add(config.scrapy->command);
  for (const auto& program : config.programs) add(program.command);
  add(config.precheck);
  add(config.notify.channels.program);
  return programs;
}

/** The PATH that finds the same programs as this one; empty where cron's own does. */
std::string path_for(const Config& config, const Environment& environment) {
  const std::set<fs::path> own(std::begin(cron_directories), std::end(cron_directories));
  auto wanted = own;
  for (const auto& program : plain_programs(config)) {
    const auto found = find_program(program).path;
    if (!found.empty()) wanted.insert((environment.working_directory / found).parent_path());
  }
  if (wanted == own) return {};
  std::string path;
  const auto add = [&](const fs::path& directory) {
    if (wanted.erase(directory) > 0) path += (path.empty() ? "" : ":") + directory.string();
  };
  // In the order in which they are searched here.
  for (const auto& directory : split(environment.get("PATH").value_or(""), ':')) {
    const auto inside = fs::path(directory.empty() ? "." : directory) / "x";
    add((environment.working_directory / inside).parent_path());  // without a slash at its end
  }
  for (const auto* directory : cron_directories) add(directory);
  return path;
}

/** What is set here, is read by ticks, and is in no file that cron's ticks read. */
std::vector<std::string> lacking(const Loaded& loaded, const Environment& environment) {
  const auto in_file = settings_of(loaded.dotenv ? read_dotenv(*loaded.dotenv) : Settings{});
  auto names = variables_set(environment);
  std::erase_if(names, [&](const std::string& name) {
    const auto setting = in_file(name);
    return setting && setting->value == environment.get(name);
  });
  return names;
}

}  // namespace

std::string crontab_line(const CronJob& job) {
  std::string line = "*/5 * * * * ";
  if (!job.directory.empty()) line += "cd " + crontab_word(job.directory.string()) + " && ";
  for (const auto& [name, value] : job.variables) line += name + "=" + crontab_word(value) + " ";
  return line + crontab_word(job.program.string()) + " -q -c " + crontab_word(job.file.string());
}

CronJob cron_job(const Loaded& loaded, const Environment& environment,
                 const fs::path& account_home) {
  const auto& here = environment.working_directory;
  CronJob job{program_directory() / "spider-check", *loaded.file};
  Environment cron{{}, account_home.empty() ? environment.home : account_home, environment.home};
  const auto there = [&] { return load(loaded.file->string(), cron); };
  const auto set = [&](const std::string& name, const std::string& value) {
    cron.variables[name] = value;
    job.variables.emplace_back(name, value);
  };
  const auto set_directory = [&](const std::string& name, fs::path Config::*directory) {
    const auto wanted = here / (loaded.config.*directory);
    if (there().config.*directory != wanted) set(name, wanted.string());
  };
  // Step by step, until a tick of cron's finds the same as one here.
  const auto path = path_for(loaded.config, environment);
  if (!path.empty()) set("PATH", path);
  if (environment.home != cron.working_directory) set("HOME", environment.home.string());
  // Without a home the state has a place only if it is named.
  if (cron.home.empty()) set("STATE_DIRECTORY", loaded.config.state_dir.string());
  // A .env file where cron starts would go before the one of the configuration.
  if (there().dotenv != loaded.dotenv) job.directory = cron.working_directory = here;
  set_directory("STATE_DIRECTORY", &Config::state_dir);
  set_directory("LOGS_DIRECTORY", &Config::log_dir);
  return job;
}

CronLine cron_line(const Loaded& loaded, const Environment& environment,
                   const fs::path& account_home) {
  if (!loaded.file) {
    throw UsageError(
        "init --cron: there is no configuration yet; type spider-check init where your project is, "
        "or name one with -c FILE");
  }
  const auto line = crontab_line(cron_job(loaded, environment, account_home));
  if (std::ranges::any_of(line, [](unsigned char c) { return std::iscntrl(c) != 0; })) {
    throw UsageError("init --cron: a crontab cannot hold the control character in: " + line +
                     "; rename the file or the directory");
  }
  CronLine result{line + "\n", lacking_for_scrapy(loaded, environment, "cron does")};
  const auto names = join(lacking(loaded, environment), ", ");
  if (names.empty()) return result;
  const auto dotenv = loaded.dotenv.value_or(loaded.file->parent_path() / ".env");
  result.warnings.push_back("of the environment, cron does not have " + names +
                            "; write what ticks need into " + dotenv.string());
  return result;
}

}  // namespace spider_check
