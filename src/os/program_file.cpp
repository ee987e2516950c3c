#include "os/program_file.hpp"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>

#include <unistd.h>

namespace spider_check::os {

namespace {

namespace fs = std::filesystem;

bool is_executable(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) && ::eaccess(path.c_str(), X_OK) == 0;
}

std::string why_not_executable(const fs::path& path) {
  std::error_code error;
  const auto status = fs::status(path, error);
  if (!fs::exists(status)) {
    return error && status.type() == fs::file_type::none ? error.message()
                                                         : "there is no such file";
  }
  if (fs::is_directory(status)) return "it is a directory";
  if (!is_executable(path)) return "it is not executable";
  return {};
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

bool is_setuid(const fs::path& path) {
  std::error_code ignored;
  return (fs::status(path, ignored).permissions() & fs::perms::set_uid) != fs::perms::none;
}

ProgramFile examined(const fs::path& path) {
  if (auto why = why_not_executable(path); !why.empty()) return {path, std::move(why)};
  const auto interpreter = interpreter_of(path);
  if (interpreter.empty()) return {path, {}, is_setuid(path)};
  if (is_executable(interpreter)) return {path, {}};
  return {path, "its first line wants " + interpreter + ", which cannot be executed"};
}

}  // namespace

ProgramFile find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return examined(name);
  const char* variable = std::getenv("PATH");
  std::istringstream directories(variable != nullptr ? variable : "/bin:/usr/bin");
  for (std::string directory; std::getline(directories, directory, ':');) {
    const auto path = fs::path(directory.empty() ? "." : directory) / name;
    if (is_executable(path)) return examined(path);
  }
  return {{}, "not found in PATH"};
}

}  // namespace spider_check::os
