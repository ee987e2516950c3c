#include "os/host.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <optional>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/descriptors.hpp"
#include "os/files.hpp"
#include "os/process_tree.hpp"
#include "os/supervisor.hpp"

namespace spider_check {

namespace {

/** The word at this place, counted from 0. */
std::string_view word(std::string_view text, int place) {
  for (;; --place) {
    text.remove_prefix(std::min(text.size(), text.find_first_not_of(' ')));
    const auto end = std::min(text.size(), text.find(' '));
    if (place == 0 || text.empty()) return text.substr(0, end);
    text.remove_prefix(end);
  }
}

/** What /proc tells of a process. */
struct ProcessStat {
  std::int64_t start = 0;  ///< clock ticks since boot
  bool ended = false;      ///< it is a zombie
};

/** Empty when there is no such process, or /proc hides it. */
std::optional<ProcessStat> read_stat(const std::string& pid) {
  const auto text = read_proc("/proc/" + pid + "/stat");
  // Field 2 is the program's name in parentheses and may hold anything: count from its end.
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  const auto from_field_3 = std::string_view(text).substr(name_end + 1);
  const auto state = word(from_field_3, 0);
  const auto start = word(from_field_3, 22 - 3);
  std::int64_t ticks = 0;
  const auto [end, error] = std::from_chars(start.data(), start.data() + start.size(), ticks);
  if (error != std::errc{}) return std::nullopt;
  return ProcessStat{ticks, state == "Z" || state == "X"};
}

std::string first_line_of(const std::string& path) {
  const auto text = read_proc(path);
  return text.substr(0, text.find('\n'));
}

std::string boot_id() {
  return first_line_of("/proc/sys/kernel/random/boot_id");
}

Duration read_clock(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return std::chrono::seconds(time.tv_sec) +
         std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(time.tv_nsec));
}

/** The name of the program file; empty where we may not know. */
std::string program_of(const std::string& pid) {
  std::error_code error;
  auto name = std::filesystem::read_symlink("/proc/" + pid + "/exe", error).filename().string();
  // After an upgrade.
  constexpr std::string_view deleted = " (deleted)";
  if (name.ends_with(deleted)) name.resize(name.size() - deleted.size());
  return name;
}

/** Anybody can go by the name of a supervisor: it must be ours, root's, or this very program. */
bool is_trusted(const std::string& pid) {
  struct stat status {};

  if (::stat(("/proc/" + pid).c_str(), &status) != 0) return false;
  if (status.st_uid == ::geteuid() || status.st_uid == 0) return true;
  const auto program = program_of(pid);
  return !program.empty() && program == program_of("self");
}

/**
 * Whether a supervisor of this process, dead or alive, still stops a spider.
 * successor: when the process was started that has its pid now, and may have its own.
 */
bool has_supervisor(const Owner& owner, std::optional<std::int64_t> successor) {
  const auto name = supervisor_name(owner.pid) + "\n";
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const auto pid = entry.path().filename().string();
    if (pid.front() < '1' || pid.front() > '9') continue;
    if (read_proc("/proc/" + pid + "/comm") != name) continue;
    const auto stat = read_stat(pid);
    if (!stat || stat->ended || stat->start < owner.process_start) continue;
    if (successor && stat->start >= *successor) continue;
    if (is_trusted(pid)) return true;
  }
  return false;
}

/** Whether the kernel knows such a process, also one that /proc hides. */
bool is_there(pid_t pid) {
  return ::kill(pid, 0) == 0 || errno != ESRCH;
}

}  // namespace

std::string host_name() {
  std::array<char, 256> buffer{};
  if (::gethostname(buffer.data(), buffer.size() - 1) != 0)
    throw system_error("cannot read the host's name");
  return buffer.data();
}

const Owner& ThisHost::self() const {
  if (self_) return *self_;

  struct stat pid_namespace {};

  if (::stat("/proc/self/ns/pid", &pid_namespace) != 0) {
    throw system_error("cannot read /proc/self/ns/pid");
  }
  const auto stat = read_stat("self");
  if (!stat) throw system_error("cannot read /proc/self/stat");
  self_ = Owner{host_name(), boot_id(),   static_cast<std::int64_t>(pid_namespace.st_ino),
                ::getpid(),  stat->start, first_line_of("/etc/machine-id")};
  return *self_;
}

HostTime ThisHost::now() const {
  const auto since_boot = read_clock(CLOCK_BOOTTIME);
  return {self().boot_id, since_boot, since_boot - read_clock(CLOCK_MONOTONIC),
          TimePoint(read_clock(CLOCK_REALTIME))};
}

std::string ThisHost::new_uuid() const {
  // RFC 4122, version 4: all random but six bits.
  auto text = random_token();
  text[12] = '4';
  text[16] = "89ab"[text[16] & 3];
  for (const std::size_t at : {20U, 16U, 12U, 8U}) text.insert(at, "-");
  return text;
}

bool ThisHost::is_alive(int pid, std::int64_t start) const {
  const auto process = look_up(pid);
  if (process.state == '?') return ::kill(pid, 0) == 0 || errno == EPERM;
  if (process.state == 'Z' || process.state == 'X') return false;
  return start == 0 || process.start == start;
}

bool ThisHost::exists(const Owner& neighbour) const {
  // Of 0 and less kill(2) has other ideas.
  if (neighbour.pid <= 0) return false;
  const auto stat = read_stat(std::to_string(neighbour.pid));
  if (!stat && is_there(neighbour.pid)) return true;
  if (!stat) return has_supervisor(neighbour, std::nullopt);
  if (stat->start != neighbour.process_start) return has_supervisor(neighbour, stat->start);
  return !stat->ended || has_supervisor(neighbour, std::nullopt);
}

}  // namespace spider_check
