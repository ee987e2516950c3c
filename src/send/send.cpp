// Sends one request, which it reads from standard input: a command line can be read by everybody.
// Prints one line and ends with 0 when it was taken, else with 1.

#include <array>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

#include <curl/curl.h>

#include <nlohmann/json.hpp>

#include "os/descriptors.hpp"

namespace {

/** A POST. The URL is a secret. */
struct Request {
  std::string url;
  std::string content_type;
  std::string body;
  std::string ca_file;  ///< certificates to trust; empty: those that the host trusts
  long timeout_ms = 10'000;
};

/** How it went. */
struct Answer {
  bool taken = false;
  std::string words;  ///< one line without the URL: "HTTP 200", "HOST: Connection refused"
};

using Curl = std::unique_ptr<CURL, void (*)(CURL*)>;
using Headers = std::unique_ptr<curl_slist, void (*)(curl_slist*)>;
using Url = std::unique_ptr<CURLU, void (*)(CURLU*)>;

/** The answer may hold what was sent. */
std::size_t drop(char* /*data*/, std::size_t size, std::size_t count, void* /*user*/) {
  return size * count;
}

/** The only part of a URL that is no secret. */
std::string host_of(const std::string& url) {
  const Url parsed(curl_url(), &curl_url_cleanup);
  char* host = nullptr;
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK ||
      curl_url_get(parsed.get(), CURLUPART_HOST, &host, 0) != CURLUE_OK) {
    return "the URL";
  }
  std::string text = host;
  curl_free(host);
  return text;
}

/** Whom a certificate is checked against, where the configuration does not say. */
std::string trusted(const Request& request) {
  if (!request.ca_file.empty()) return request.ca_file;
  const char* file = std::getenv("SSL_CERT_FILE");
  return file != nullptr ? file : "";
}

void set_options(CURL* curl, const Request& request, curl_slist* headers, char* error) {
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  curl_easy_setopt(curl, CURLOPT_POST, 1L);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "spider-check");
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, request.timeout_ms);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &drop);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
  if (const auto file = trusted(request); !file.empty()) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, file.c_str());
  }
}

/** Of certificates the details matter, and they are the receiver's own. */
std::string words_of(CURLcode code, const char* details) {
  const bool of_certificate =
      code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE;
  return of_certificate && *details != '\0' ? details : curl_easy_strerror(code);
}

/** Reads a JSON object with these keys. Throws std::runtime_error, which shows nothing of it. */
Request read_request(std::istream& stream) {
  const auto json = nlohmann::json::parse(stream, nullptr, false);
  try {
    return {json.at("url").get<std::string>(), json.at("content_type").get<std::string>(),
            json.at("body").get<std::string>(), json.at("ca_file").get<std::string>(),
            json.at("timeout_ms").get<long>()};
  } catch (const nlohmann::json::exception&) {
    throw std::runtime_error("standard input holds no request");
  }
}

/** With TLS verified and no redirect followed. Does not throw. */
Answer send(const Request& request) {
  const Curl curl(curl_easy_init(), &curl_easy_cleanup);
  if (!curl) return {false, "libcurl cannot be used"};
  const auto type = "Content-Type: " + request.content_type;
  // Without the second one big bodies wait a second for a word that few receivers say.
  const Headers headers(curl_slist_append(curl_slist_append(nullptr, type.c_str()), "Expect:"),
                        &curl_slist_free_all);
  std::array<char, CURL_ERROR_SIZE> error{};
  set_options(curl.get(), request, headers.get(), error.data());
  const auto code = curl_easy_perform(curl.get());
  const auto host = host_of(request.url);
  if (code != CURLE_OK) return {false, host + ": " + words_of(code, error.data())};
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  return {status >= 200 && status < 300, host + ": HTTP " + std::to_string(status)};
}

}  // namespace

int main() {
  spider_check::open_standard_descriptors();
  try {
    const auto answer = send(read_request(std::cin));
    std::fprintf(answer.taken ? stdout : stderr, "%s\n", answer.words.c_str());
    return answer.taken ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "send: %s\n", error.what());
    return 1;
  }
}
