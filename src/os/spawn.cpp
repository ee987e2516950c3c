#include "os/spawn.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/descriptors.hpp"
#include "os/system_error.hpp"

namespace spider_check::os {

namespace {

enum Step : int { none, input, output, directory, descriptors, limit, execute };

/**
 * Where a child's preparation failed. It shares the parent's memory until it executes, which the
 * compiler does not know: what these point to is volatile, or the parent would not look.
 */
struct SetupFailure {
  volatile int* step;
  volatile int* error;

  /** Ends the child. */
  [[noreturn]] void tell(Step at) const {
    *error = errno;
    *step = at;
    ::_exit(127);
  }
};

/** Everything that the child uses, made before: it must not allocate. */
struct Prepared {
  std::vector<char*> argv;
  std::vector<char*> environment;
  std::vector<std::string> texts;
};

bool sets(const std::string& entry, const char* existing) {
  const auto name = entry.substr(0, entry.find('=') + 1);
  return name == std::string(existing).substr(0, name.size());
}

Prepared prepare(const ChildOptions& options) {
  Prepared prepared;
  for (const auto& word : options.command) prepared.argv.push_back(const_cast<char*>(word.c_str()));
  prepared.argv.push_back(nullptr);
  for (const auto& [name, value] : options.environment)
    prepared.texts.push_back(name + "=" + value);
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const bool replaced = std::any_of(prepared.texts.begin(), prepared.texts.end(),
                                      [entry](const auto& text) { return sets(text, *entry); });
    if (!replaced) prepared.environment.push_back(*entry);
  }
  for (auto& text : prepared.texts) prepared.environment.push_back(text.data());
  prepared.environment.push_back(nullptr);
  return prepared;
}

/** What set_dispositions() changed, and what is held back. */
void reset_signals() {
  std::signal(SIGPIPE, SIG_DFL);
  std::signal(SIGXFSZ, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

/** Runs in the child between vfork and exec: system calls only. */
[[noreturn]] void become(const ChildOptions& options, const Prepared& prepared,
                         const SetupFailure& failure, pid_t parent) {
  ::setsid();
  // The signal comes when the parent dies from now on; it may have died just before.
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(127);
  // A stream that is not its own would be one of this program's: the connection to the database.
  const int input = options.input >= 0 ? options.input : ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (input < 0 || ::dup2(input, STDIN_FILENO) < 0) failure.tell(Step::input);
  if (::dup2(options.output, STDOUT_FILENO) < 0 || ::dup2(options.errors, STDERR_FILENO) < 0) {
    failure.tell(Step::output);
  }
  // A niceness that the system does not grant is no reason not to run.
  if (options.nice != 0) [[maybe_unused]]
    const int now = ::nice(options.nice);
  const auto& directory = options.working_directory;
  if (!directory.empty() && ::chdir(directory.c_str()) != 0) failure.tell(Step::directory);
  if (!close_all_on_execute()) failure.tell(Step::descriptors);
  if (!give_back_descriptor_limit()) failure.tell(Step::limit);
  reset_signals();
  // Before what is executed can kill the process that would be told otherwise.
  if (options.told != nullptr) *options.told = ::getpid();
  ::execvpe(prepared.argv[0], prepared.argv.data(), prepared.environment.data());
  failure.tell(Step::execute);
}

std::string what_failed(int step, const ChildOptions& options) {
  switch (step) {
    case Step::input:
      return "cannot open its standard input";
    case Step::output:
      return "cannot open its standard output";
    case Step::directory:
      return "cannot enter " + options.working_directory.string();
    case Step::descriptors:
      return "cannot close the descriptors of this program";
    case Step::limit:
      return "cannot set its limit of descriptors";
    default:
      return "cannot execute " + options.command.front();
  }
}

Duration to_duration(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

}  // namespace

pid_t spawn(const ChildOptions& options) {
  const auto prepared = prepare(options);
  volatile int step = Step::none;
  volatile int error = 0;
  const auto parent = ::getpid();
  // Not fork: the memory need not be copied, and the failure arrives without a pipe.
  const pid_t pid = ::vfork();
  if (pid == 0) become(options, prepared, {&step, &error}, parent);
  if (pid < 0) throw system_error("cannot start a process");
  if (step == Step::none) return pid;
  ::waitpid(pid, nullptr, 0);
  if (options.told != nullptr) *options.told = 0;
  errno = error;
  throw system_error(what_failed(step, options));
}

Termination to_termination(int status) {
  if (WIFSIGNALED(status)) return Signaled{WTERMSIG(status), WCOREDUMP(status) != 0};
  return Exited{WEXITSTATUS(status)};
}

void set_usage(ChildReport& report, const rusage& usage) {
  report.cpu_time = to_duration(usage.ru_utime) + to_duration(usage.ru_stime);
  report.peak_memory = std::int64_t{usage.ru_maxrss} * 1024;
}

}  // namespace spider_check::os
