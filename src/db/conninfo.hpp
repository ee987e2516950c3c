#pragma once

#include <string>
#include <vector>

#include <libpq-fe.h>

#include "os/descriptors.hpp"
#include "util/interface.hpp"

namespace spider_check {

enum class OwnSettings {
  yes,
  no,  ///< for a pooler that refuses them
};

/**
 * libpq's connection string, with the settings of our sessions: a statement would cost a round
 * trip. It holds the password: never log it.
 */
[[nodiscard]] std::string conninfo(const ConnectionOptions& options, const std::string& name,
                                   OwnSettings settings = OwnSettings::yes);

/** Whether a name must be looked up to connect. */
[[nodiscard]] bool has_names(const ConnectionOptions& options);

/**
 * The same with the addresses of each name, which share the time that libpq gives to each. Looks
 * names up; one without an address stays.
 */
[[nodiscard]] ConnectionOptions with_addresses(const ConnectionOptions& options);

/** How long making a connection may take in all, with every look-up, host and address. */
[[nodiscard]] Duration connect_limit(const ConnectionOptions& options);

/** "host=db.example port=5432", as far as it is known here. */
[[nodiscard]] std::string place_of(const ConnectionOptions& options);

/**
 * While it lives, keeps what libpq writes to stderr before it can have a receiver. Not for threads.
 */
class SilentStderr : NonCopyable {
 public:
  SilentStderr() noexcept;
  ~SilentStderr();

  /** What was written so far, one line for each message. */
  [[nodiscard]] std::vector<std::string> messages() const;

 private:
  FileDescriptor file_;
  FileDescriptor stderr_;
};

/** The messages in what libpq wrote: its DETAIL and HINT lines belong to the line before. */
[[nodiscard]] std::vector<std::string> messages_in(const std::string& text);

/** A warning of the server's in one line; empty for what is less than a warning. */
[[nodiscard]] std::string warning_of(const PGresult* notice);

}  // namespace spider_check
