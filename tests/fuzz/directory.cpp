#include "directory.hpp"

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>

#include <unistd.h>

namespace spider_check::fuzz {

namespace fs = std::filesystem;

namespace {

fs::path place() {
  const fs::path memory = "/dev/shm";
  return ::access(memory.c_str(), W_OK) == 0 ? memory : fs::temp_directory_path();
}

void write_to(const fs::path& file, std::string_view bytes, std::ios::openmode mode) {
  std::ofstream stream(file, mode | std::ios::binary);
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!stream.flush()) throw std::runtime_error("cannot write " + file.string());
}

}  // namespace

Directory::Directory() {
  auto name = (place() / "spider-check-fuzz-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
  path_ = name;
}

Directory::~Directory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path Directory::write(std::string_view name, std::string_view bytes) const {
  write_to(path_ / name, bytes, std::ios::trunc);
  return path_ / name;
}

void Directory::append(std::string_view name, std::string_view bytes) const {
  write_to(path_ / name, bytes, std::ios::app);
}

}  // namespace spider_check::fuzz
