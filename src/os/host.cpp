#include "os/host.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <string_view>

#include "os/descriptors.hpp"
#include "os/files.hpp"
#include "os/process_tree.hpp"
#include "os/supervisor.hpp"

namespace spider_check {

namespace {

bool has_ended(const ProcessEntry& process) {
  return process.state == 'Z' || process.state == 'X';
}

std::string first_line_of(const std::string& path) {
  const auto text = read_proc(path);
  return text.substr(0, text.find('\n'));
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
  auto name = fs::read_symlink("/proc/" + pid + "/exe", error).filename().string();
  // After an upgrade.
  constexpr std::string_view deleted = " (deleted)";
  if (name.ends_with(deleted)) name.resize(name.size() - deleted.size());
  return name;
}

/** Any process can have a supervisor's name: it must be ours, root's, or this very program. */
bool is_trusted(pid_t pid) {
  FileStatus status{};
  if (::stat(("/proc/" + std::to_string(pid)).c_str(), &status) != 0) return false;
  if (status.st_uid == ::geteuid() || status.st_uid == 0) return true;
  const auto program = program_of(std::to_string(pid));
  return !program.empty() && program == program_of("self");
}

/**
 * Whether a supervisor of this owner stops a spider. successor: the start of a process with its
 * pid.
 */
bool has_supervisor(const Owner& owner, std::optional<std::int64_t> successor = {}) {
  const auto name = supervisor_name(owner.pid);
  const auto all = all_processes();
  return std::ranges::any_of(all, [&](const auto& process) {
    return process.name == name && !has_ended(process) && process.start >= owner.process_start &&
           (!successor || process.start < *successor) && is_trusted(process.pid);
  });
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
  FileStatus pid_namespace{};
  if (::stat("/proc/self/ns/pid", &pid_namespace) != 0) {
    throw system_error("cannot read /proc/self/ns/pid");
  }
  const auto process = look_up(0);
  if (process.state == '?') throw system_error("cannot read /proc/self/stat");
  self_ = Owner{host_name(),
                first_line_of("/proc/sys/kernel/random/boot_id"),
                static_cast<std::int64_t>(pid_namespace.st_ino),
                ::getpid(),
                process.start,
                first_line_of("/etc/machine-id")};
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
  if (process.state == '?') return is_there(pid);
  return !has_ended(process) && (start == 0 || process.start == start);
}

bool ThisHost::exists(const Owner& neighbour) const {
  // Of 0 and less kill(2) has other ideas.
  if (neighbour.pid <= 0) return false;
  const auto process = look_up(neighbour.pid);
  if (process.state == '?') return is_there(neighbour.pid) || has_supervisor(neighbour);
  if (process.start != neighbour.process_start) return has_supervisor(neighbour, process.start);
  return !has_ended(process) || has_supervisor(neighbour);
}

}  // namespace spider_check
