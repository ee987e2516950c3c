#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "os/descriptors.hpp"
#include "os/own_directory.hpp"
#include "outbox/journal.hpp"

namespace spider_check {

/** The version of what this program writes. */
inline constexpr int journal_version = 2;

/** A record as one line: version, checksum, the record; it holds no line end, and the line one. */
[[nodiscard]] std::string to_line(std::string_view record);

/** What a line turned out to be. */
struct Line {
  enum class Kind {
    good,
    foreign,  ///< of another version of the program
    damaged,  ///< torn, or never one of ours
  };
  Kind kind = Kind::damaged;
  std::string record;
};

/** Reads a line back, without its line end. */
[[nodiscard]] Line read_line(std::string_view line);

/** What a file holds. */
struct AttemptContents {
  AttemptRecord record;
  int good = 0;     ///< lines that were read
  int foreign = 0;  ///< lines of another version of the program
  int damaged = 0;  ///< lines that are none, but for a torn last one, which a power cut leaves
};

/** What the text of a file says. */
[[nodiscard]] AttemptContents read_attempt(std::string_view text);

/** All of a file. Throws std::system_error. */
[[nodiscard]] std::string read_whole(const FileDescriptor& file, const std::filesystem::path& path);

/**
 * Where an attempt's records are appended. It is locked for as long as it is open, so that it has
 * one writer, and is not replayed while that goes on. All of them are kept in memory, too: a file
 * that was removed is written anew. Everything that writes throws std::system_error.
 */
class AttemptFile {
 public:
  /** Makes the file; it is on the disk when this returns. The directory outlives it. */
  AttemptFile(OwnDirectory& directory, std::filesystem::path name, const AttemptRecord& attempt);

  /** One that is there, locked, with this text. keep: lines in it are for a person to look at. */
  AttemptFile(OwnDirectory& directory, std::filesystem::path name, FileDescriptor file,
              std::string text, bool keep);

  void append(const std::string& record);

  /** Brings to the disk what is not there yet, or not any more; cheap when all is. */
  void sync();

  /** Removes the file, or puts aside what is to be kept. */
  void forget();

 private:
  [[nodiscard]] std::filesystem::path path() const { return directory_.path() / name_; }

  void write_rest();
  void write_anew();

  OwnDirectory& directory_;
  std::filesystem::path name_;
  FileDescriptor file_;
  std::string text_;         ///< every line
  std::size_t written_ = 0;  ///< how much of that is in the file, in whole lines
  bool dirty_ = false;
  bool torn_ = false;  ///< the last line in the file did not get in whole
  bool keep_ = false;
};

/** Puts a file aside that a person may want to look at, under the name that this gives. */
std::string quarantine(const std::filesystem::path& path) noexcept;

}  // namespace spider_check
