#include "outbox/attempt_file.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include "os/descriptors.hpp"
#include "os/locks.hpp"
#include "os/ownership.hpp"
#include "outbox/record_json.hpp"
#include "util/fault_point.hpp"
#include "util/text.hpp"

namespace spider_check {

namespace {

constexpr std::size_t checksum_digits = 8;

std::string checksum(std::string_view record) {
  std::array<char, checksum_digits + 1> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%08x", fnv1a(record));
  return buffer.data();
}

/** Takes "N " off the front. */
std::optional<int> take_version(std::string_view& text) {
  int number = 0;
  const auto* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || at == end || *at != ' ' || number < 1) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(at - text.data()) + 1);
  return number;
}

}  // namespace

std::string to_line(std::string_view record) {
  std::string line = std::to_string(journal_version) + " " + checksum(record) + " ";
  line += record;
  line += '\n';
  return line;
}

Line read_line(std::string_view line) {
  auto rest = line;
  const auto number = take_version(rest);
  if (!number || rest.size() <= checksum_digits || rest[checksum_digits] != ' ') return {};
  const auto sum = rest.substr(0, checksum_digits);
  const auto record = rest.substr(checksum_digits + 1);
  // Every version has a checksum in this place: what is torn is of no version.
  if (checksum(record) != sum) return {};
  return {*number == journal_version ? Line::Kind::good : Line::Kind::foreign, std::string(record)};
}

namespace {

/** So that the file's name is on the disk, too. */
void sync_directory(const std::filesystem::path& directory) {
  const FileDescriptor fd(Adopt{}, ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd) ::fsync(fd.get());
}

void take(std::string_view line, AttemptContents& contents) {
  if (line.empty()) return;
  const auto read = read_line(line);
  if (read.kind == Line::Kind::foreign) {
    ++contents.foreign;
  } else if (read.kind == Line::Kind::good && apply_json(read.record, contents.record)) {
    ++contents.good;
  } else {
    ++contents.damaged;
  }
}

}  // namespace

std::string read_whole(const FileDescriptor& file, const std::filesystem::path& path) {
  std::string text;
  std::array<char, 65536> buffer;
  for (off_t at = 0;;) {
    const auto got = ::pread(file.get(), buffer.data(), buffer.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw system_error("cannot read the journal " + path.string());
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    at += got;
  }
}

AttemptContents read_attempt(std::string_view text) {
  AttemptContents contents;
  for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    take(text.substr(0, end), contents);
    text.remove_prefix(end + 1);
  }
  return contents;
}

AttemptFile::AttemptFile(OwnDirectory& directory, std::filesystem::path name,
                         const AttemptRecord& attempt)
    : directory_(directory), name_(std::move(name)), text_(to_line(attempt_json(attempt))) {
  const FaultPoints points("begin of a journal");
  write_anew();
}

AttemptFile::AttemptFile(OwnDirectory& directory, std::filesystem::path name, FileDescriptor file,
                         std::string text, bool keep)
    : directory_(directory),
      name_(std::move(name)),
      file_(std::move(file)),
      text_(std::move(text)),
      torn_(!text_.ends_with('\n')),
      keep_(keep) {
  if (torn_) text_.erase(text_.rfind('\n') + 1);
  written_ = text_.size();
}

void AttemptFile::write_anew() {
  directory_.make();
  // Under another name until it is locked and holds its records: that name is not read.
  const auto draft = path().string() + ".new";
  ::unlink(draft.c_str());
  FileDescriptor file(
      Adopt{},
      ::open(draft.c_str(), O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) throw system_error("cannot write the journal " + path().string());
  give_to_owner(file, draft);
  try {
    if (!try_lock_file(file)) throw system_error("cannot lock the journal " + path().string());
    if (write_all(file, text_) != text_.size() || ::fdatasync(file.get()) != 0) {
      throw system_error("cannot write the journal " + path().string());
    }
    std::filesystem::rename(draft, path());
  } catch (const std::system_error&) {
    ::unlink(draft.c_str());
    throw;
  }
  sync_directory(directory_.path());
  file_ = std::move(file);
  written_ = text_.size();
  dirty_ = torn_ = false;
}

void AttemptFile::append(const std::string& record) {
  const FaultPoints points("journal");
  text_ += to_line(record);
  write_rest();
}

void AttemptFile::write_rest() {
  if (text_.empty()) return;
  if (!is_named(file_, path())) return write_anew();
  // What did not get in whole is left as a line of its own, which is passed over.
  const auto rest = (torn_ ? "\n" : "") + text_.substr(written_);
  if (rest.empty()) return;
  dirty_ = true;
  const auto in = write_all(file_, rest);
  if (in == rest.size()) {
    written_ = text_.size();
    torn_ = false;
    return;
  }
  const auto fault = system_error("cannot write the journal " + path().string());
  const auto end = rest.rfind('\n', in == 0 ? 0 : in - 1);
  const auto whole = in == 0 || end == std::string::npos ? 0 : end + 1;
  if (whole > 0) written_ += whole - (torn_ ? 1 : 0);
  if (in > 0) torn_ = in > whole;
  throw fault;
}

void AttemptFile::sync() {
  write_rest();
  if (!dirty_) return;
  if (::fdatasync(file_.get()) != 0) {
    throw system_error("cannot write the journal " + path().string());
  }
  dirty_ = false;
}

void AttemptFile::forget() {
  const FaultPoints points("end of a journal");
  if (keep_) {
    quarantine(path());
  } else if (::unlink(path().c_str()) != 0 && errno != ENOENT) {
    throw system_error("cannot remove the journal " + path().string());
  }
}

std::string quarantine(const std::filesystem::path& path) noexcept {
  auto kept = path.string() + ".kept";
  ::rename(path.c_str(), kept.c_str());
  return kept;
}

}  // namespace spider_check
