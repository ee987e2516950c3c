#include "journal/attempt_file.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include "core/fault_point.hpp"
#include "journal/line.hpp"
#include "journal/record_json.hpp"
#include "os/file_lock.hpp"
#include "os/system_error.hpp"

namespace spider_check::journal {

namespace {

std::string read_whole(const os::FileDescriptor& file, const std::filesystem::path& path) {
  std::string text;
  std::array<char, 65536> buffer;
  for (off_t at = 0;;) {
    const auto got = ::pread(file.get(), buffer.data(), buffer.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw os::system_error("cannot read the journal " + path.string());
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    at += got;
  }
}

/** Writes what it can; false when that is not all: errno says why. */
bool write_all(const os::FileDescriptor& file, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/** So that the file's name is on the disk, too. */
void sync_folder(const std::filesystem::path& folder) {
  const os::FileDescriptor fd(os::Adopt{},
                              ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
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

AttemptContents read_attempt(const os::FileDescriptor& file, const std::filesystem::path& path) {
  const auto text = read_whole(file, path);
  AttemptContents contents;
  std::string_view rest = text;
  for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    take(rest.substr(0, end), contents);
    rest.remove_prefix(end + 1);
  }
  return contents;
}

AttemptFile::AttemptFile(std::filesystem::path path, const AttemptRecord& attempt)
    : path_(std::move(path)) {
  // Under another name until it is locked and holds its first record: nobody looks at that one.
  const auto draft = path_.string() + ".new";
  file_ = os::FileDescriptor(
      os::Adopt{},
      ::open(draft.c_str(), O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file_) throw os::system_error("cannot write the journal " + path_.string());
  const FaultPoints points("begin of a journal");
  try {
    if (!os::try_lock(file_)) throw os::system_error("cannot lock the journal " + path_.string());
    append(attempt_json(attempt));
    sync();
    std::filesystem::rename(draft, path_);
  } catch (const std::system_error&) {
    ::unlink(draft.c_str());
    throw;
  }
  sync_folder(path_.parent_path());
}

void AttemptFile::append(const std::string& record) {
  const FaultPoints points("journal");
  auto line = to_line(record);
  // What did not get in whole is left as a line of its own, which is passed over.
  if (torn_) line.insert(line.begin(), '\n');
  dirty_ = true;
  torn_ = true;
  if (!write_all(file_, line)) throw os::system_error("cannot write the journal " + path_.string());
  torn_ = false;
}

void AttemptFile::recorded(RunId id) {
  append(recorded_json(id));
}

void AttemptFile::count(int spiders, Duration spiders_outlive) {
  append(count_json(spiders, spiders_outlive));
}

void AttemptFile::start(const JournaledStart& start) {
  append(start_json(start));
}

void AttemptFile::outcome(const JournaledOutcome& outcome, bool only_copy) {
  append(outcome_json(outcome));
  if (only_copy) sync();
}

void AttemptFile::end(const JournaledEnd& end) {
  append(end_json(end));
  sync();
}

void AttemptFile::sync() {
  if (!dirty_) return;
  if (::fdatasync(file_.get()) != 0) {
    throw os::system_error("cannot write the journal " + path_.string());
  }
  dirty_ = false;
}

void AttemptFile::forget() {
  const FaultPoints points("end of a journal");
  if (::unlink(path_.c_str()) != 0 && errno != ENOENT) {
    throw os::system_error("cannot remove the journal " + path_.string());
  }
  dirty_ = false;
}

void HeldFile::end(const JournaledEnd& end) {
  const FaultPoints points("journal");
  contents_.record.end = end;
  // Behind a torn line, which then is one of its own.
  const bool written = write_all(file_, "\n" + to_line(end_json(end)));
  if (!written || ::fdatasync(file_.get()) != 0) {
    throw os::system_error("cannot write the journal " + path_.string());
  }
}

void HeldFile::forget() {
  const FaultPoints points("end of a journal");
  // All that could be read is in the database; the rest is for a person, or for the version that
  // wrote it.
  if (contents_.damaged > 0 || contents_.foreign > 0) {
    journal::put_aside(path_);
    return;
  }
  if (::unlink(path_.c_str()) != 0 && errno != ENOENT) {
    throw os::system_error("cannot remove the journal " + path_.string());
  }
}

std::string put_aside(const std::filesystem::path& path) noexcept {
  auto kept = path.string() + ".kept";
  ::rename(path.c_str(), kept.c_str());
  return kept;
}

}  // namespace spider_check::journal
