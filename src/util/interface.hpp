#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "util/options.hpp"
#include "util/time.hpp"

namespace spider_check {

/** Neither copied nor moved. */
class NonCopyable {
 public:
  NonCopyable() = default;
  NonCopyable& operator=(NonCopyable&&) = delete;
};

/** An interface: used by reference. */
class Interface : NonCopyable {
 public:
  virtual ~Interface() = default;
};

/** What an event loop is to wait for. */
struct PollRequest {
  int fd = -1;  ///< none
  bool to_write = false;
  bool to_read = false;
  std::optional<std::chrono::steady_clock::time_point> until;  ///< and not longer than this
};

/** How PostgreSQL is reached. */
struct ConnectionOptions : DatabaseKeys {
  /**
   * libpq's keywords and values; the rest it takes from its environment, service and password
   * files.
   */
  std::map<std::string, std::string> parameters;
  /** Where each is from that is known, for messages: "DB_PORT of the environment". */
  std::map<std::string, std::string> sources{};
  std::string dotenv{};           ///< the file in which a person sets a variable that is missing
  std::string inherited_options;  ///< PGOPTIONS, which ours would otherwise replace
};

}  // namespace spider_check
