#include "os/tail.hpp"

#include <algorithm>
#include <array>

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/system_error.hpp"

namespace spider_check::os {

std::string read_tail(const FileDescriptor& file, std::int64_t most) {
  struct stat status {};

  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  const auto from = std::max<std::int64_t>(0, status.st_size - most);
  std::string text(static_cast<std::size_t>(status.st_size - from), '\0');
  const auto got = ::pread(file.get(), text.data(), text.size(), from);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, got)));
  return text;
}

std::string read_tail(const std::filesystem::path& file, std::int64_t most) {
  return read_tail(
      FileDescriptor(Adopt{}, ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)),
      most);
}

std::string random_token() {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::array<unsigned char, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw system_error("cannot make a random number");
  }
  std::string token;
  for (const auto byte : bytes) token += {digits[byte >> 4U], digits[byte & 15U]};
  return token;
}

std::filesystem::path program_directory() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path();
}

}  // namespace spider_check::os
