#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace spider_check {

/** A mistake of the user: one line with the place, what is wrong and what would be right. */
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/** PostgreSQL cannot be used, or refused a statement. No message holds a password. */
class DbError : public std::runtime_error {
 public:
  enum class Kind {
    connection,    ///< no connection, or it was lost
    not_migrated,  ///< the schema is missing or older than the program
    refused,  ///< the schema is newer than the program or was changed, or the server cannot be used
    statement,  ///< a statement failed, and may succeed the next time
    data,       ///< the server refuses it, and will until somebody changes something there
  };

  /** cause: the same as long as it is the same fault, also where the message tells more. */
  DbError(Kind kind, const std::string& what, std::string cause = {})
      : std::runtime_error(what), kind_(kind), cause_(std::move(cause)) {}

  [[nodiscard]] Kind kind() const noexcept { return kind_; }

  [[nodiscard]] const std::string& cause() const noexcept { return cause_; }

 private:
  Kind kind_;
  std::string cause_;
};

/** The run is no longer ours: another process took it over, so every write to it is refused. */
class LostRun : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/** The spiders of a project cannot be listed: one fault of the whole project. */
class ListingError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/** They were not listed, because this program was told to stop meanwhile; no fault of theirs. */
class ListingStopped : public ListingError {
 public:
  using ListingError::ListingError;
};

}  // namespace spider_check
