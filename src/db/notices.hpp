#pragma once

#include <string>
#include <vector>

#include <libpq-fe.h>

namespace spider_check::db {

/**
 * While it lives, what a library writes to stderr by itself is kept from there: libpq does so
 * before it has a connection that could be given a receiver. For a program with one thread.
 */
class SilentStderr {
 public:
  SilentStderr() noexcept;
  SilentStderr(const SilentStderr&) = delete;
  SilentStderr& operator=(const SilentStderr&) = delete;
  SilentStderr(SilentStderr&&) = delete;
  SilentStderr& operator=(SilentStderr&&) = delete;
  ~SilentStderr();

  /** What was written so far, one line for each message. */
  [[nodiscard]] std::vector<std::string> messages() const;

 private:
  int file_;
  int stderr_;
};

/** The messages in what libpq wrote: its DETAIL and HINT lines belong to the line before. */
[[nodiscard]] std::vector<std::string> messages_in(const std::string& text);

/** A warning of the server's in one line; empty for what is less than a warning. */
[[nodiscard]] std::string warning_of(const PGresult* notice);

}  // namespace spider_check::db
