// [notify]: what each key does, and that no URL ever reaches a message.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "config/load.hpp"
#include "process/temp_directory.hpp"
#include "util/errors.hpp"

namespace spider_check {

using namespace std::chrono_literals;

namespace {

using Words = std::vector<std::string>;

NotifyConfig load_text(const std::string& toml) {
  const test::TempDirectory directory;
  directory.write("secret", "https://hooks.example/s3cret\nsecond line\n");
  directory.write("x.toml", toml);
  auto notify = load("x.toml", {{}, directory.path(), directory.path()}).config.notify;
  auto& ca_file = notify.channels.ca_file;
  if (!ca_file.empty()) ca_file = "DIR" / ca_file.lexically_relative(directory.path());
  return notify;
}

/** Why it is refused, without the directory's name. */
std::string refusal(const std::string& toml) {
  try {
    (void)load_text(toml);
  } catch (const UsageError& error) {
    const std::string text = error.what();
    return text.substr(text.find("x.toml"));
  }
  return "";
}

}  // namespace

TEST_CASE("without [notify] nobody is told anything") {
  CHECK_FALSE(load_text("").channels.any());
  CHECK_FALSE(load_text("[notify]\nafter_failures = 2").channels.any());
}

TEST_CASE("each key of [notify] has its effect") {
  const auto notify = load_text(R"(
      [notify]
      after_failures = 3
      stale = false
      stale_after = "2h"
      degraded = false
      timeout = "3s"
      ca_file = "ca.pem"
      [notify.program]
      command = ["tell", "me"]
      [notify.webhook]
      url_file = "secret"
      [notify.ping]
      url = "https://hc.example/uuid")");
  CHECK(notify.policy.after_failures == 3);
  CHECK_FALSE(notify.policy.stale);
  CHECK(notify.policy.stale_after == 2h);
  CHECK_FALSE(notify.policy.degraded);
  CHECK(notify.channels.timeout == 3s);
  CHECK(notify.channels.ca_file == "DIR/ca.pem");
  CHECK(notify.channels.program == Words{"tell", "me"});
  CHECK(notify.channels.webhook == "https://hooks.example/s3cret");
  CHECK(notify.channels.ping == "https://hc.example/uuid");
}

TEST_CASE("a URL is plain http only on this very host, or where that is allowed") {
  const auto taken = [](const std::string& url, const std::string& more = "") {
    return refusal("[notify]\n" + more + "\n[notify.webhook]\nurl = '" + url + "'").empty();
  };
  for (const auto* url :
       {"https://example.org", "https://me:s3cret@example.org:8443/x?y#z", "http://localhost/x",
        "http://127.0.0.1:8080/x", "http://[::1]:8080/x", "http://me@localhost?x"}) {
    CAPTURE(url);
    CHECK(taken(url));
  }
  for (const auto* url :
       {"http://example.org/x", "http://localhost@example.org/x", "http://localhost.example.org/x",
        "http://127.0.0.1.example.org/", "http://example.org/@localhost", "http://[::2]/",
        "http://example.org#@localhost"}) {
    CAPTURE(url);
    CHECK_FALSE(taken(url));
    CHECK(taken(url, "allow_http = true"));
  }
}

TEST_CASE("what is wrong is refused with its place, and without the URL") {
  const std::pair<std::string, std::string> rows[] = {
      {"[notify.webhook]\nurl = 'http://example.org/s3cret'",
       "x.toml:2: notify.webhook.url: http:// shows the URL and what is sent to everybody on the "
       "way; use https://, or say allow_http = true in [notify]"},
      {"[notify.webhook]\nurl = 'ftp://example.org/s3cret'",
       "x.toml:2: notify.webhook.url: is no URL; write it like https://example.org/…"},
      {"[notify.ping]\nurl = 's3cret'",
       "x.toml:2: notify.ping.url: is no URL; write it like https://example.org/…"},
      {"[notify.ping]\nurl = 'https:///s3cret'",
       "x.toml:2: notify.ping.url: is no URL; write it like https://example.org/…"},
      {"[notify.ping]\nurl = 'https://example.org/s3cret x'",
       "x.toml:2: notify.ping.url: holds a blank or a control character; take it out"},
      {"[notify.ping]\nurl = 'https://example.org/s3cret'\nurl_file = 'secret'",
       "x.toml:3: notify.ping.url_file: there is a url, too; give one of them"},
      {"\n[notify.ping]",
       "x.toml:2: notify.ping: has no url; add url = \"https://…\" or url_file = \"…\""},
      {"\n[notify.program]",
       "x.toml:2: notify.program: has no command; add command = [\"/path/to/program\"]"},
      {"[notify]\ntimeout = '31s'", "x.toml:2: notify.timeout: \"31s\" is too long; at most 30s"},
      {"[notify]\nafter_failures = 0",
       "x.toml:2: notify.after_failures: expected a whole number from 1 to 100, found 0"},
      {"[notify.ping]\nurl = 'https://example.org/s3cret'\nheaders = 1",
       "x.toml:3: unknown key \"headers\" in [notify.ping]; known here: url, url_file"},
      {"[notify]\nurl = 'https://example.org/s3cret'",
       "x.toml:2: unknown key \"url\" in [notify]; known here: after_failures, stale, stale_after, "
       "degraded, timeout, ca_file, allow_http, program, webhook, ping"},
  };
  for (const auto& [toml, text] : rows) {
    CHECK(refusal(toml) == text);
    CHECK(text.find("s3cret") == std::string::npos);
  }
  CHECK(refusal("[notify.ping]\nurl_file = 'nowhere'")
            .ends_with("/nowhere; name a file whose first line is the URL"));
}

}  // namespace spider_check
