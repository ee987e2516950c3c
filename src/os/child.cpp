#include "os/child.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/fault_point.hpp"
#include "util/text.hpp"

namespace spider_check {

namespace {

enum Step : int { none, input, output, directory, descriptors, limit, execute };

/**
 * Where a child's preparation failed. Volatile, since a child of vfork() shares the parent's
 * memory.
 */
struct SetupFailure {
  volatile int* step;
  volatile int* error;

  /** Ends the child. */
  [[noreturn]] void end(Step at) const {
    *error = errno;
    *step = at;
    ::_exit(127);
  }
};

/** Everything that the child uses, which must not allocate. */
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
    const bool replaced = std::ranges::any_of(
        prepared.texts, [entry](const auto& text) { return sets(text, *entry); });
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
  if (input < 0 || ::dup2(input, STDIN_FILENO) < 0) failure.end(Step::input);
  if (::dup2(options.output, STDOUT_FILENO) < 0 || ::dup2(options.errors, STDERR_FILENO) < 0) {
    failure.end(Step::output);
  }
  // A niceness that the system does not grant is no reason not to run.
  if (options.nice != 0) [[maybe_unused]]
    const int now = ::nice(options.nice);
  const auto& directory = options.working_directory;
  if (!directory.empty() && ::chdir(directory.c_str()) != 0) failure.end(Step::directory);
  if (!close_all_on_execute()) failure.end(Step::descriptors);
  if (!give_back_descriptor_limit()) failure.end(Step::limit);
  reset_signals();
  if (options.pid != nullptr) *options.pid = ::getpid();
  ::execvpe(prepared.argv[0], prepared.argv.data(), prepared.environment.data());
  failure.end(Step::execute);
}

std::string what_failed(int step, const ChildOptions& options) {
  static constexpr const char* failures[] = {"",
                                             "cannot open its standard input",
                                             "cannot open its standard output",
                                             "cannot enter ",
                                             "cannot close the descriptors of this program",
                                             "cannot set its limit of descriptors",
                                             "cannot execute "};
  return failures[step] + (step == Step::directory ? options.working_directory.string()
                           : step == Step::execute ? options.command.front()
                                                   : "");
}

Duration to_duration(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

bool is_executable(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) && ::eaccess(path.c_str(), X_OK) == 0;
}

std::string why_not_executable(const fs::path& path) {
  std::error_code error;
  const auto status = fs::status(path, error);
  if (status.type() == fs::file_type::none) return error.message();
  if (!fs::exists(status)) return "there is no such file";
  if (fs::is_directory(status)) return "it is a directory";
  return is_executable(path) ? "" : "it is not executable";
}

/** What the first line names, "#!/usr/bin/python3 -I"; empty when it is no script. */
std::string interpreter_of(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  char mark[2] = {};
  if (!stream.read(mark, 2) || mark[0] != '#' || mark[1] != '!') return {};
  std::string line(255, '\0');  // the kernel reads no more
  stream.read(line.data(), static_cast<std::streamsize>(line.size()));
  line.resize(static_cast<std::size_t>(stream.gcount()));
  std::string word;
  std::istringstream(line.substr(0, line.find('\n'))) >> word;
  return word;
}

ProgramFile examined(const fs::path& path) {
  if (auto why = why_not_executable(path); !why.empty()) return {path, std::move(why)};
  const auto interpreter = interpreter_of(path);
  std::error_code ignored;
  const auto setuid = fs::status(path, ignored).permissions() & fs::perms::set_uid;
  if (interpreter.empty()) return {path, {}, setuid != fs::perms::none};
  if (is_executable(interpreter)) return {path, {}};
  return {path, "its first line wants " + interpreter + ", which cannot be executed"};
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
  if (options.pid != nullptr) *options.pid = 0;
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

Child::Child(const ChildOptions& options) : pid_(spawn(options)) {
  fault_point("start of a helper");
  note_child(pid_);
  pidfd_ = FileDescriptor(Adopt{}, static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (pidfd_) return;
  const auto error = system_error("cannot watch a process");
  kill();
  while (!attend(::waitpid(pid_, nullptr, WNOHANG) == pid_)) ::poll(nullptr, 0, wait_until(next()));
  forget_child(pid_);
  throw error;
}

Child::~Child() {
  if (pid_ < 0) return;
  kill();
  for (bool over = false; !over;) {
    pollfd fd{pidfd_.get(), POLLIN, 0};
    const int ready = ::poll(&fd, 1, wait_until(next()));
    over = attend(ready > 0);
  }
  if (!ended_) return;
  kill_group();
  ::waitpid(pid_, nullptr, 0);
  forget_child(pid_);
}

void Child::signal(int signal) const noexcept {
  if (pid_ > 0) ::kill(pid_, signal);
}

void Child::kill_group() const noexcept {
  if (pid_ > 0) ::kill(-pid_, SIGKILL);
}

void Child::kill_tree() const {
  const auto below = processes_below(pid_);
  kill_group();
  ::kill(pid_, SIGKILL);
  kill_all(below);
}

void Child::kill() {
  if (pid_ > 0) escalation_.kill(Escalation::Time::clock::now());
  (void)attend(false);
}

bool Child::attend(bool ended) {
  ended_ = ended_ || ended;
  if (ended_) return true;
  const auto step = escalation_.step(Escalation::Time::clock::now());
  if (step == Escalation::Step::kill) kill_tree();
  return step == Escalation::Step::give_up;
}

ChildReport Child::given_up() {
  ChildReport report;
  report.left.push_back(to_left(look_up(pid_)));
  report.termination = Unknown{to_text(report.left)};
  pid_ = -1;
  return report;
}

ChildReport Child::reap() {
  const FaultPoints points("end of a helper");
  if (!ended_ && escalation_.has_begun() && !escalation_.next()) return given_up();
  // Before the child is reaped, while its pid still names its own group.
  kill_group();
  int status = 0;
  rusage usage{};
  if (::wait4(pid_, &status, 0, &usage) != pid_) throw system_error("cannot wait for a process");
  forget_child(pid_);
  pid_ = -1;
  ChildReport report;
  report.termination = to_termination(status);
  set_usage(report, usage);
  return report;
}

ProgramFile find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return examined(name);
  const char* variable = std::getenv("PATH");
  for (const auto& directory : split(variable != nullptr ? variable : "/bin:/usr/bin", ':')) {
    const auto path = fs::path(directory.empty() ? "." : directory) / name;
    if (is_executable(path)) return examined(path);
  }
  return {{}, "not found in PATH"};
}

}  // namespace spider_check
