#include "os/descriptors.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/resource.h>

namespace spider_check {

std::system_error system_error(const std::string& what) {
  return {errno, std::generic_category(), what};
}

namespace {

constexpr int first_inherited = STDERR_FILENO + 1;

/** What this program was started with, where it was changed. */
rlimit former_limit{};
bool limit_raised = false;

/** The most descriptors that are closed one by one; the kernel's own default for the hard limit. */
constexpr rlim_t max_descriptors = 1U << 20U;

int past_the_last() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = max_descriptors;
  return static_cast<int>(std::min(limit.rlim_cur, max_descriptors));
}

/** close_range(2); one by one where the kernel, or a filter of system calls, has no such thing. */
bool close_from(int first, int last, bool on_execute) noexcept {
  const auto flags = on_execute ? CLOSE_RANGE_CLOEXEC : 0U;
  const auto to = last < 0 ? ~0U : static_cast<unsigned>(last);
  if (first > last && last >= 0) return true;
  if (::close_range(static_cast<unsigned>(first), to, static_cast<int>(flags)) == 0) return true;
  const int end = last < 0 ? past_the_last() : last + 1;
  for (int fd = first; fd < end; ++fd) {
    if (!on_execute) {
      ::close(fd);
    } else if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 && errno != EBADF) {
      return false;
    }
  }
  return true;
}

/** Descriptors that the person who started this program wants to be read. */
struct Named {
  std::array<int, 16> descriptors{};
  std::size_t count = 0;

  void add(const char* number) noexcept {
    char* end = nullptr;
    const long fd = std::strtol(number, &end, 10);
    if (end == number || fd < first_inherited || fd > 1'000'000 || count == descriptors.size())
      return;
    descriptors[count++] = static_cast<int>(fd);
  }

  /** Wherever in the text a path of /dev/fd begins: "--config=/dev/fd/63". */
  void look_at(const char* text) noexcept {
    for (const std::string_view directory : {"/dev/fd/", "/proc/self/fd/"}) {
      if (const char* found = std::strstr(text, directory.data())) add(found + directory.size());
    }
  }
};

Named named(int argc, const char* const* argv) noexcept {
  Named found;
  for (int i = 1; i < argc; ++i) found.look_at(argv[i]);
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const char* equals = std::strchr(*entry, '=');
    // Only values that are paths: nearly every tick passes here.
    if (equals != nullptr && equals[1] == '/') found.look_at(equals + 1);
  }
  std::sort(found.descriptors.begin(),
            found.descriptors.begin() + static_cast<std::ptrdiff_t>(found.count));
  return found;
}

void close_inherited(int argc, const char* const* argv) noexcept {
  const auto kept = named(argc, argv);
  int first = first_inherited;
  for (std::size_t i = 0; i < kept.count; ++i) {
    (void)close_from(first, kept.descriptors[i] - 1, false);
    first = kept.descriptors[i] + 1;
  }
  (void)close_from(first, -1, false);
}

void raise_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  former_limit = limit;
  limit.rlim_cur = limit.rlim_max;
  limit_raised = ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

}  // namespace

void open_standard_descriptors() noexcept {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    // The lowest that is free, which is this one.
    if (::open("/dev/null", O_RDWR) != fd) std::_Exit(70);
  }
}

void settle_descriptors(int argc, const char* const* argv) noexcept {
  open_standard_descriptors();
  close_inherited(argc, argv);
  raise_limit();
}

bool give_back_descriptor_limit() noexcept {
  return !limit_raised || ::setrlimit(RLIMIT_NOFILE, &former_limit) == 0;
}

bool close_all_but(int kept) noexcept {
  if (kept < first_inherited) return close_from(first_inherited, -1, false);
  return close_from(first_inherited, kept - 1, false) && close_from(kept + 1, -1, false);
}

bool close_all_on_execute() noexcept {
  return close_from(first_inherited, -1, true);
}

Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw system_error("cannot make a pipe");
  Pipe pipe{FileDescriptor(Adopt{}, ends[0]), FileDescriptor(Adopt{}, ends[1])};
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);  // the child's end stays blocking
  return pipe;
}

void drain(FileDescriptor& from, std::string& to, std::size_t most) {
  std::array<char, 65536> buffer;
  while (from) {
    const auto got = ::read(from.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return from.close();
    const auto room = most - std::min(most, to.size());
    to.append(buffer.data(), std::min(room, static_cast<std::size_t>(got)));
  }
}

std::size_t write_all(const FileDescriptor& file, std::string_view text) noexcept {
  std::size_t all = 0;
  while (all < text.size()) {
    const auto written = ::write(file.get(), text.data() + all, text.size() - all);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) break;
    all += static_cast<std::size_t>(written);
  }
  return all;
}

}  // namespace spider_check
