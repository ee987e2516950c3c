#pragma once

#include <map>
#include <string>

#include "core/time.hpp"

namespace spider_check {

/** How PostgreSQL is reached. */
struct ConnectionOptions {
  /**
   * libpq's connection keywords and their values (host, dbname, password, sslmode, …). What is not
   * here, libpq takes from its own environment, service and password files.
   */
  std::map<std::string, std::string> parameters;
  std::string inherited_options;  ///< PGOPTIONS, which ours would otherwise replace
  Duration connect_timeout = std::chrono::seconds(5);
  Duration statement_timeout = std::chrono::seconds(5);
};

}  // namespace spider_check
