#include <algorithm>
#include <string>
#include <string_view>

#include "config/apply.hpp"
#include "config/toml_table.hpp"
#include "core/duration.hpp"
#include "core/errors.hpp"

namespace spider_check::config {

using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

// A run's program waits no longer for a receiver.
constexpr Duration max_timeout = 30s;

/** "example.org" of "https://me:secret@example.org:8080/path" */
std::string_view host_of(std::string_view url) {
  url.remove_prefix(std::min(url.size(), url.find("://") + 3));
  url = url.substr(0, url.find_first_of("/?#"));
  url.remove_prefix(url.rfind('@') + 1);  // from none on when there is none
  if (url.starts_with('[')) return url.substr(0, url.find(']') + 1);
  return url.substr(0, url.find(':'));
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

/** Its messages never show the URL, which is as good as a password. */
void check_url(const std::string& url, const std::string& place, bool allow_http) {
  const bool plain = url.starts_with("http://");
  if ((!plain && !url.starts_with("https://")) || host_of(url).empty()) {
    throw UsageError(place + ": is no URL; write it like https://example.org/…");
  }
  if (std::any_of(url.begin(), url.end(), [](unsigned char c) { return c <= ' ' || c == 0x7f; })) {
    throw UsageError(place + ": holds a blank or a control character; take it out");
  }
  if (plain && !allow_http && !is_loopback(host_of(url))) {
    throw UsageError(place +
                     ": http:// shows the URL and what is sent to everybody on the way; use "
                     "https://, or say allow_http = true in [notify]");
  }
}

/** The URL of a channel; the file that it is in is added to `secrets`. */
std::string read_url(TomlTable table, const fs::path& file, bool allow_http,
                     std::vector<SecretFile>& secrets) {
  const auto url_file = table.text("url_file");
  auto url = table.text("url");
  const auto* key = url_file ? "url_file" : "url";
  const auto place = table.place(key);
  if (url && url_file) throw UsageError(place + ": there is a url, too; give one of them");
  if (!url && !url_file) {
    throw UsageError(table.place() + ": has no url; add url = \"https://…\" or url_file = \"…\"");
  }
  const auto secret = url_file ? absolute(file.parent_path(), *url_file) : file;
  if (url_file) url = read_secret(secret, place, "URL");
  check_url(*url, place, allow_http);
  secrets.push_back({secret, "a secret URL"});
  table.finish();
  return *url;
}

void read_policy(TomlTable& table, NotifyConfig& notify) {
  auto& policy = notify.policy;
  if (const auto runs = table.number("after_failures", 1, 100)) policy.after_failures = *runs;
  if (const auto stale = table.boolean("stale")) policy.stale = *stale;
  policy.stale_after = table.duration("stale_after", 0s);
  if (const auto degraded = table.boolean("degraded")) policy.degraded = *degraded;
  const auto timeout = table.duration("timeout", 1s);
  if (timeout && *timeout > max_timeout) {
    throw UsageError(table.place("timeout") + ": is longer than " + to_text(max_timeout) +
                     "; no receiver may need longer");
  }
  if (timeout) notify.channels.timeout = *timeout;
}

}  // namespace

std::vector<SecretFile> apply_notify(TomlTable table, const fs::path& file, Config& config) {
  auto& notify = config.notify;
  auto& channels = notify.channels;
  std::vector<SecretFile> secrets;
  read_policy(table, notify);
  if (const auto path = table.text("ca_file")) {
    channels.ca_file = absolute(file.parent_path(), *path).string();
  }
  const bool allow_http = table.boolean("allow_http").value_or(false);
  if (auto program = table.table("program")) {
    auto command = read_command(*program, file.parent_path());
    if (!command) {
      throw UsageError(program->place() +
                       R"(: has no command; add command = ["/path/to/program"])");
    }
    channels.program = std::move(*command);
    notify.program_place = program->place("command");
    program->finish();
  }
  if (auto webhook = table.table("webhook")) {
    channels.webhook = read_url(*webhook, file, allow_http, secrets);
  }
  if (auto ping = table.table("ping")) {
    channels.ping = read_url(*ping, file, allow_http, secrets);
  }
  table.finish();
  // One warning is enough.
  if (secrets.size() == 2 && secrets[0].path == secrets[1].path) secrets.pop_back();
  return secrets;
}

}  // namespace spider_check::config
