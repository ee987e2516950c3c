#include "os/process_tree.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <string_view>

#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/child.hpp"
#include "util/text.hpp"

namespace spider_check {

using namespace std::chrono_literals;

std::string read_proc(const std::string& path) {
  const FileDescriptor file(Adopt{}, ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 4096> buffer;
  const auto got = file ? ::read(file.get(), buffer.data(), buffer.size()) : 0;
  return {buffer.data(), static_cast<std::size_t>(got > 0 ? got : 0)};
}

namespace {

using Clock = Escalation::Time::clock;

constexpr Duration first_pause = 10ms;
constexpr Duration max_pause = 500ms;

/** The next word; what is left begins behind it. */
std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.size(), text.find_first_not_of(' ')));
  const auto word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

template <typename Number>
Number number_in(std::string_view word) {
  return parse_number<Number>(word).value_or(0);
}

/** "PID (NAME) STATE PPID …", and a name may hold anything. */
ProcessEntry parse_stat(pid_t pid, const std::string& text) {
  ProcessEntry entry;
  entry.pid = pid;
  const auto name_begin = text.find('(');
  const auto name_end = text.rfind(')');
  if (name_begin == std::string::npos || name_end == std::string::npos) return entry;
  entry.name = text.substr(name_begin + 1, name_end - name_begin - 1);
  auto rest = std::string_view(text).substr(name_end + 1);
  const auto state = take_word(rest);
  if (!state.empty()) entry.state = state.front();
  entry.parent = number_in<pid_t>(take_word(rest));
  constexpr int between = 22 - 5;  // fields 5 to 21
  for (int i = 0; i < between; ++i) (void)take_word(rest);
  entry.start = number_in<std::int64_t>(take_word(rest));
  return entry;
}

/** Whose process it is; empty where that is this user. */
std::string other_user(pid_t pid) {
  const auto text = read_proc("/proc/" + std::to_string(pid) + "/status");
  const auto line = text.find("\nUid:\t");
  if (line == std::string::npos) return {};
  const auto uid = static_cast<uid_t>(std::strtoul(text.c_str() + line + 6, nullptr, 10));
  if (uid == ::geteuid() || ::geteuid() == 0) return {};
  const passwd* account = ::getpwuid(uid);
  return account != nullptr ? account->pw_name : std::to_string(uid);
}

std::vector<pid_t>& children() {
  static std::vector<pid_t> pids;
  return pids;
}

/** Children that this process adopted, and all below them. */
std::vector<ProcessEntry> adopted_processes() {
  const auto self = ::getpid();
  std::vector<ProcessEntry> adopted;
  for (auto& process : processes_below(self)) {
    const auto is_parent = [&](const auto& other) { return other.pid == process.parent; };
    const bool is_adopted = process.parent == self
                                ? std::count(children().begin(), children().end(), process.pid) == 0
                                : std::ranges::any_of(adopted, is_parent);
    if (is_adopted) adopted.push_back(std::move(process));
  }
  return adopted;
}

}  // namespace

ProcessEntry look_up(pid_t pid) {
  return parse_stat(pid, read_proc("/proc/" + (pid == 0 ? "self" : std::to_string(pid)) + "/stat"));
}

std::vector<ProcessEntry> all_processes() {
  std::vector<ProcessEntry> all;
  DIR* processes = ::opendir("/proc");
  if (processes == nullptr) return all;
  while (const dirent* file = ::readdir(processes)) {
    const auto pid = number_in<pid_t>(file->d_name);
    if (pid > 0) all.push_back(look_up(pid));
  }
  ::closedir(processes);
  return all;
}

std::vector<ProcessEntry> processes_below(pid_t root) {
  auto rest = all_processes();
  std::vector<ProcessEntry> below;
  std::vector<pid_t> parents{root};
  // Each one before what is below it.
  for (std::size_t i = 0; i < parents.size(); ++i) {
    const auto end = std::stable_partition(
        rest.begin(), rest.end(), [&](const auto& entry) { return entry.parent != parents[i]; });
    for (auto entry = end; entry != rest.end(); ++entry) {
      parents.push_back(entry->pid);
      below.push_back(std::move(*entry));
    }
    rest.erase(end, rest.end());
  }
  return below;
}

void kill_all(const std::vector<ProcessEntry>& processes) noexcept {
  for (const auto& process : processes) ::kill(process.pid, SIGKILL);
}

LeftProcess to_left(const ProcessEntry& process) {
  const auto user = other_user(process.pid);
  const auto why = user.empty() ? std::string("state ") + process.state : "user " + user;
  return {process.pid, process.start, process.name.empty() ? "a process" : process.name, why};
}

void note_child(pid_t pid) {
  children().push_back(pid);
}

void forget_child(pid_t pid) noexcept {
  std::erase(children(), pid);
}

std::optional<Escalation::Time> sooner(const std::optional<Escalation::Time>& one,
                                       const std::optional<Escalation::Time>& other) {
  if (!one || (other && *other < *one)) return other;
  return one;
}

int wait_until(const std::optional<Escalation::Time>& then) {
  if (!then) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*then - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000'000));
}

std::optional<Escalation::Time> AdoptedProcesses::next() const {
  return sooner(next_look_, escalation_.next());
}

void AdoptedProcesses::reap(const ProcessEntry& process) {
  int status = 0;
  rusage usage{};
  if (::wait4(process.pid, &status, WNOHANG, &usage) != process.pid) return;
  if (process.pid == spider_) set_usage(report_, usage);
}

bool AdoptedProcesses::attend() {
  const auto now = Clock::now();
  if (next() && now < *next()) return false;
  auto processes = adopted_processes();
  const auto ended = std::erase_if(processes, [&](const auto& process) {
    if (process.state != 'Z') return false;
    reap(process);
    return true;
  });
  // What ended may have left something that was not looked at.
  if (processes.empty() && ended == 0) return true;
  const auto step = escalation_.step(now);
  if (step == Escalation::Step::terminate) {
    for (const auto& process : processes) {
      // The spider got its first SIGTERM when its parent died (see spawn()).
      const bool signaled = process.pid == spider_ && !signaled_;
      if (process.parent == ::getpid() && !signaled) ::kill(process.pid, SIGTERM);
    }
    signaled_ = true;
  }
  if (step == Escalation::Step::kill) kill_all(processes);
  if (step == Escalation::Step::give_up) {
    for (const auto& process : processes) {
      if (process.parent == ::getpid()) note_child(process.pid);
      report_.left.push_back(to_left(process));
    }
    return true;
  }
  // No event announces an orphan's end.
  pause_ = pause_ == Duration{0} ? first_pause : std::min(2 * pause_, max_pause);
  next_look_ = now + pause_;
  return false;
}

}  // namespace spider_check
