#include "os/own_directory.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

#include <fcntl.h>

#include "os/files.hpp"
#include "os/locks.hpp"
#include "os/ownership.hpp"
#include "util/text.hpp"

namespace spider_check {

namespace {

// With a dot in front it is the name of no spider's directory, as to_file_name() makes them.
constexpr const char* mark_name = ".configuration";

constexpr std::size_t hash_digits = 8;

// Another process that claims the same directory is done after one.
constexpr int max_tries = 10;

FileDescriptor open_mark(const fs::path& directory) {
  const auto path = directory / mark_name;
  return {Adopt{}, ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
}

std::string read_mark(const FileDescriptor& file) {
  std::array<char, std::size_t{4} * PATH_MAX> buffer;
  const auto got = file ? ::pread(file.get(), buffer.data(), buffer.size(), 0) : 0;
  return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(0, got))};
}

template <typename Paths>
bool holds(const Paths& paths, const fs::path& path) {
  return std::find(paths.begin(), paths.end(), path) != paths.end();
}

/** Whether the configuration of this mark is certainly no more. */
bool is_gone(std::string_view mark) {
  const std::string path(mark.substr(0, mark.find('\n')));
  FileStatus status{};
  return path.empty() ||
         (::stat(path.c_str(), &status) != 0 && (errno == ENOENT || errno == ENOTDIR));
}

/** Throws std::system_error, with what to type. */
void require_ours(const fs::path& directory, LinkToDirectory link, std::optional<uid_t> host) {
  const auto why = why_not_ours(directory, link, host);
  if (why.empty()) return;
  throw std::system_error(EPERM, std::generic_category(),
                          "nothing is written in " + directory.string() + ": " + why);
}

std::string mark_of(const fs::path& directory) {
  return read_mark(open_mark(directory));
}

/** The directories beside this one that have its name and a hash, in the order of their names. */
std::vector<fs::path> beside(const fs::path& plain) {
  const auto start = plain.filename().string() + "-";
  std::vector<fs::path> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(plain.parent_path(), ignored)) {
    const auto name = entry.path().filename().string();
    if (!name.starts_with(start) || name.size() != start.size() + hash_digits) continue;
    if (name.find_first_not_of("0123456789abcdef", start.size()) == std::string::npos) {
      found.push_back(entry.path());
    }
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace

OwnDirectory::OwnDirectory(fs::path root, const std::string& name,
                           std::vector<fs::path> configuration)
    : plain_(std::move(root) / to_file_name(name)), configuration_(std::move(configuration)) {}

const fs::path& OwnDirectory::path() const {
  if (!path_) path_ = find();
  return *path_;
}

bool OwnDirectory::is_ours(const std::string& mark) const {
  const auto lines = lines_of(mark);
  return std::ranges::any_of(lines, [&](const auto& line) { return holds(configuration_, line); });
}

/** All our names, and of those that a mark of ours has, the links that lead to us still. */
std::string OwnDirectory::new_mark(const std::string& old) const {
  auto names = configuration_;
  for (const auto& line : is_ours(old) ? lines_of(old) : std::vector<std::string>()) {
    std::error_code ignored;
    const bool leads_here = holds(configuration_, fs::canonical(line, ignored));
    if (leads_here && !holds(names, line)) names.push_back(line);
  }
  return join(names, "\n", [](const auto& name) { return name.string(); }) + "\n";
}

/** Nothing is missing of what it says of us. */
bool OwnDirectory::knows_us(const std::string& mark) const {
  const auto lines = lines_of(mark);
  return std::ranges::all_of(configuration_, [&](const auto& name) { return holds(lines, name); });
}

fs::path OwnDirectory::find() const {
  const auto mark = configuration_.empty() ? std::string() : mark_of(plain_);
  if (configuration_.empty() || is_ours(mark)) return plain_;
  std::optional<fs::path> free;
  if (is_gone(mark)) free = plain_;
  for (const auto& directory : beside(plain_)) {
    const auto other = mark_of(directory);
    if (is_ours(other)) return directory;
    if (!free && !other.empty() && is_gone(other)) free = directory;
  }
  return free ? *free : new_path();
}

/** One that is not there yet. */
fs::path OwnDirectory::new_path() const {
  for (auto text = configuration_.front().string();; text += '.') {
    const fs::path path = fmt::format("{}-{:08x}", plain_.native(), fnv1a(text));
    std::error_code ignored;
    if (!fs::exists(fs::symlink_status(path, ignored))) return path;
  }
}

/** False: it is another's by now, or another process is just writing. */
bool OwnDirectory::try_mark(const fs::path& directory) const {
  const auto file = open_mark(directory);
  if (!file && errno != ENOENT) {
    throw system_error("cannot read " + (directory / mark_name).string());
  }
  if (!file) {
    try {
      write_new_file(directory / mark_name, new_mark({}));
      return true;
    } catch (const std::system_error& error) {
      if (error.code() != std::errc::file_exists) throw;
      return false;
    }
  }
  if (knows_us(read_mark(file))) return true;
  // Only one of two that find the mark of a configuration that is gone replaces it.
  if (!try_lock_file(file) && errno == EWOULDBLOCK) return false;
  if (!is_named(file, directory / mark_name)) return false;
  const auto mark = read_mark(file);
  if (!is_ours(mark) && !is_gone(mark)) return false;
  replace_file(directory / mark_name, new_mark(mark));
  return true;
}

const fs::path& OwnDirectory::make() {
  const auto root = plain_.parent_path();
  const auto host = user_of(root);
  require_ours(root, LinkToDirectory::followed, host);
  for (int tries = 0; tries < max_tries; ++tries) {
    require_ours(path(), LinkToDirectory::refused, host);
    make_private_directory(*path_);
    if (configuration_.empty() || try_mark(*path_)) return *path_;
    path_ = find();
  }
  throw std::system_error(EBUSY, std::generic_category(),
                          "cannot write " + (*path_ / mark_name).string());
}

}  // namespace spider_check
