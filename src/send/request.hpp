#pragma once

#include <istream>
#include <string>

namespace spider_check {

/** A POST. The URL is a secret. */
struct Request {
  std::string url;
  std::string content_type;
  std::string body;
  std::string ca_file;  ///< whom to trust; empty: whom the host trusts
  long timeout_ms = 10'000;
};

/** Reads a JSON object with these keys. Throws std::runtime_error, which shows nothing of it. */
[[nodiscard]] Request read_request(std::istream& stream);

/** How it went. */
struct Answer {
  bool taken = false;
  std::string words;  ///< one line without the URL: "HTTP 200", "HOST: Connection refused"
};

/** Sends it, with TLS verified, and follows no redirect. Does not throw. */
[[nodiscard]] Answer send(const Request& request);

}  // namespace spider_check
