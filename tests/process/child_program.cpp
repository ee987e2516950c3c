#include "process/child_program.hpp"

#include <cerrno>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <vector>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "os/child.hpp"
#include "os/descriptors.hpp"
#include "os/host.hpp"
#include "os/signals.hpp"
#include "process/pipe.hpp"
#include "process/recorder.hpp"
#include "run/runner.hpp"

namespace spider_check::test {

namespace {

using Words = std::vector<std::string>;

void say(const std::string& text, int fd = STDOUT_FILENO) {
  // A pipe that blocks takes all of it, and so does a file.
  const auto written = ::write(fd, text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size())) ::_exit(99);
}

[[noreturn]] void wait_for_ever() {
  for (;;) ::pause();
}

sigset_t set_of(int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  return set;
}

void hold_back(int signal) {
  const auto set = set_of(signal);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
}

void wait_for_signal(int signal) {
  const auto set = set_of(signal);
  ::sigwaitinfo(&set, nullptr);
}

/** The line of /proc/self/status with this name. */
std::string status_line(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind(name + ":\t", 0) == 0) return line.substr(name.size() + 2);
  }
  return {};
}

std::string open_descriptors() {
  std::string numbers;
  for (int fd = 0; fd < 1024; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) numbers += (fd == 0 ? "" : " ") + std::to_string(fd);
  }
  return numbers;
}

int raise_without_core(const Words& words) {
  ::prctl(PR_SET_DUMPABLE, 0);
  return std::raise(std::stoi(words[1]));
}

int say_on_both(const Words& words) {
  say(words[1] + "\n");
  say(words[2] + "\n", STDERR_FILENO);
  return 0;
}

int report(const Words&) {
  const auto pid = ::getpid();
  const auto line = [](const std::string& name, const std::string& value) {
    say(name + ": " + value + "\n");
  };
  line("leads its session", ::getsid(0) == pid ? "yes" : "no");
  line("leads its group", ::getpgrp() == pid ? "yes" : "no");
  line("stdin", std::filesystem::read_symlink("/proc/self/fd/0").string());
  line("descriptors", open_descriptors());
  line("blocked", status_line("SigBlk"));
  line("ignored", status_line("SigIgn"));
  line("directory", std::filesystem::current_path().string());
  return 0;
}

int environment(const Words&) {
  for (char** entry = environ; *entry != nullptr; ++entry) say(std::string(*entry) + '\0');
  return 0;
}

int flood(const Words& words) {
  const std::string out(65536, 'o');
  const std::string err(65536, 'e');
  for (int i = 0; i < std::stoi(words[1]); ++i) {
    say(out);
    say(err, STDERR_FILENO);
  }
  return 0;
}

/** Starts a process that stays; gives its pid once it is there. */
pid_t start_grandchild(bool own_session) {
  ReadablePipe ready;
  const auto pid = ::fork();
  if (pid == 0) {
    if (own_session) ::setsid();
    say("x", ready.write_end.get());
    wait_for_ever();
  }
  (void)ready.read(1);
  return pid;
}

int leave_behind(const Words& words) {
  say(std::to_string(start_grandchild(words[1] == "own-session")) + "\n");
  return 0;
}

int with_grandchild(const Words&) {
  hold_back(SIGTERM);
  say(std::to_string(start_grandchild(false)) + "\n");
  wait_for_signal(SIGTERM);
  return 7;
}

int await_term(const Words&) {
  hold_back(SIGTERM);
  say("ready\n");
  wait_for_signal(SIGTERM);
  say("terminated\n");
  return 0;
}

int parent_of_awaiting(const Words&) {
  const Child child({self({"await-term"}), {}, STDOUT_FILENO, STDERR_FILENO});
  wait_for_ever();
}

int bear_name(const Words& words) {
  ::prctl(PR_SET_NAME, words[1].c_str());
  say("ready\n");
  wait_for_ever();
}

int identity(const Words&) {
  // A name that looks like the rest of the line in /proc/PID/stat.
  ::prctl(PR_SET_NAME, ") Z 1 2 (");
  const ThisHost identity;
  const auto& owner = identity.self();
  say(owner.host + "\n" + owner.boot_id + "\n" + std::to_string(owner.pid_namespace) + "\n" +
      std::to_string(owner.pid) + "\n" + std::to_string(owner.process_start) + "\n");
  wait_for_ever();
}

/** Sends a signal to the process that a test names: its own, which is no parent of a spider's. */
void tell(const std::string& pid, int signal) {
  ::kill(std::stoi(pid), signal);
}

int stop_runner(const Words& words) {
  hold_back(SIGTERM);
  tell(words[1], SIGTERM);
  wait_for_signal(SIGTERM);
  say("terminated\n");
  // Only a second one could come now.
  const auto set = set_of(SIGTERM);
  const timespec moment{0, 100'000'000};
  return ::sigtimedwait(&set, nullptr, &moment) == SIGTERM ? 1 : 0;
}

int stop_runner_and_stay(const Words& words) {
  std::signal(SIGTERM, SIG_IGN);
  tell(words[1], std::stoi(words[2]));
  wait_for_ever();
}

int stop_runner_twice(const Words& words) {
  hold_back(SIGTERM);
  tell(words[1], SIGTERM);
  wait_for_signal(SIGTERM);
  tell(words[1], SIGINT);
  wait_for_ever();
}

/** Notes each SIGTERM; ends at the given one. */
int count_terms(const Words& words) {
  hold_back(SIGTERM);
  say("ready\n");
  for (int i = 1; i <= std::stoi(words[1]); ++i) {
    wait_for_signal(SIGTERM);
    say("term " + std::to_string(i) + "\n");
  }
  return 0;
}

/** A runner with one spider; the test kills it. */
int run_one(const Words& words) {
  SpiderJob job;
  job.name = "a";
  job.command = self({words.begin() + 3, words.end()});
  job.command.push_back(std::to_string(::getpid()));
  job.log = words[1];
  job.limits.grace = job.limits.second_grace = std::chrono::milliseconds(std::stoi(words[2]));
  Recorder recorder;
  (void)LoopRunner(1).run_all({job}, recorder);
  return 0;
}

/**
 * Starts a process that hides as a daemon does and ignores SIGTERM; ignores it, too, and stays.
 * Says the pids of both, and the last word, to the pipe that the second word names.
 */
int hide_and_stay(const Words& words) {
  std::signal(SIGTERM, SIG_IGN);
  ReadablePipe ready;
  if (::fork() == 0) {
    ::setsid();
    if (::fork() == 0) {
      say(std::to_string(::getpid()) + "\n", ready.write_end.get());
      wait_for_ever();
    }
    ::_exit(0);
  }
  const int pipe = ::open(words.at(1).c_str(), O_WRONLY | O_CLOEXEC);
  say(ready.read_line() + " " + std::to_string(::getpid()) + " " + words.back() + "\n", pipe);
  wait_for_ever();
}

/** Lives for so many milliseconds. */
int exit_after(const Words& words) {
  const auto milliseconds = std::stol(words[1]);
  const timespec time{milliseconds / 1000, milliseconds % 1000 * 1'000'000};
  ::nanosleep(&time, nullptr);
  return 0;
}

int burn(const Words& words) {
  const auto clocks = std::stol(words[1]) * (CLOCKS_PER_SEC / 1000);
  while (std::clock() < clocks) {
  }
  return 0;
}

int fill(const Words& words) {
  const std::string memory(std::stoul(words[1]), 'x');
  say(memory.substr(memory.size() / 2, 1));
  return 0;
}

int die(const Words& words) {
  const int signal = std::stoi(words[1]);
  hold_back(signal);
  std::signal(signal, SIG_IGN);
  die_by(signal);
}

/** A signal that came while signals were held back and that nobody took. */
int leave_signal(const Words& words) {
  {
    const StopSignals signals;
    std::raise(std::stoi(words[1]));
    say("held back\n");
  }
  say("survived\n");
  return 0;
}

/** What settle_descriptors() makes of what it was started with; itself a program that was executed.
 */
int settle(const Words& words) {
  std::vector<const char*> argv;
  for (const auto& word : words) argv.push_back(word.c_str());
  settle_descriptors(static_cast<int>(argv.size()), argv.data());
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  std::string text = limit.rlim_cur == limit.rlim_max ? "all" : "fewer";
  for (int fd = 0; fd < 100; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) text += " " + std::to_string(fd);
  }
  // Where standard output was closed, the test reads this.
  const FileDescriptor file(
      Adopt{}, ::open(words[1].c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  say(text + "\n", file.get());
  return 0;
}

/** A file beyond the limit of its size. */
int write_too_much(const Words& words) {
  set_dispositions();
  const rlimit limit{10, 10};
  ::setrlimit(RLIMIT_FSIZE, &limit);
  const FileDescriptor file(Adopt{},
                            ::open(words[1].c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  const std::string text(20, 'x');
  if (::write(file.get(), text.data(), text.size()) != 10) return 1;
  return ::write(file.get(), text.data(), text.size()) < 0 && errno == EFBIG ? 0 : 2;
}

/** Starts a child as a program does that raised its limit of descriptors; tells that of the child.
 */
int limit_of_child(const Words&) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = 50;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const char* name = "test";
  settle_descriptors(1, &name);
  Child child({{"sh", "-c", "ulimit -Sn"}, {}, STDOUT_FILENO, STDERR_FILENO});
  wait_until_readable(child.fd());
  (void)child.reap();
  return 0;
}

int write_to_broken_pipe(const Words&) {
  set_dispositions();
  ReadablePipe pipe;
  pipe.read_end.close();
  return ::write(pipe.write_end.get(), "x", 1) < 0 && errno == EPIPE ? 0 : 1;
}

}  // namespace

int child_program(const Words& words) {
  static const std::map<std::string, std::function<int(const Words&)>> programs{
      {"exit", [](const Words& w) { return std::stoi(w[1]); }},
      {"raise", [](const Words& w) { return std::raise(std::stoi(w[1])); }},
      {"raise-without-core", raise_without_core},
      {"say", say_on_both},
      {"report", report},
      {"environment", environment},
      {"flood", flood},
      {"leave-behind", leave_behind},
      {"with-grandchild", with_grandchild},
      {"await-term", await_term},
      {"parent-of-awaiting", parent_of_awaiting},
      {"identity", identity},
      {"bear-name", bear_name},
      {"stop-runner", stop_runner},
      {"stop-runner-and-stay", stop_runner_and_stay},
      {"stop-runner-twice", stop_runner_twice},
      {"count-terms", count_terms},
      {"run-one", run_one},
      {"hide-and-stay", hide_and_stay},
      {"exit-after", exit_after},
      {"burn", burn},
      {"fill", fill},
      {"die-by", die},
      {"leave-signal", leave_signal},
      {"write-to-broken-pipe", write_to_broken_pipe},
      {"settle", settle},
      {"write-too-much", write_too_much},
      {"limit-of-child", limit_of_child},
  };
  return programs.at(words.at(0))(words);
}

}  // namespace spider_check::test
