#include "config/environment.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <pwd.h>

#include "config/apply.hpp"
#include "os/descriptors.hpp"
#include "util/errors.hpp"
#include "util/text.hpp"

namespace spider_check {

std::vector<std::string> warn_of_open_secrets(const std::vector<SecretFile>& files) {
  std::vector<std::string> warnings;
  for (const auto& [file, what] : files) {
    FileStatus status{};
    if (::stat(file.c_str(), &status) != 0) continue;
    const auto mode = status.st_mode & 07777U;
    // Another user's file can only be read through its group.
    const unsigned right = status.st_uid == ::geteuid() ? 0600 : 0640;
    if ((mode & 077U & ~right) == 0) continue;
    warnings.push_back(
        fmt::format("{0}: holds {1}, and others can get at it (mode {2:04o}); type chmod {3:o} {0}",
                    file.string(), what, mode, right));
  }
  return warnings;
}

namespace {

constexpr std::string_view blanks = " \t\r";
// Some editors begin every file with it.
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

std::string_view trimmed(std::string_view text) {
  const auto start = text.find_first_not_of(blanks);
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(blanks) - start + 1);
}

bool is_name(std::string_view text) {
  const auto may_be = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  return !text.empty() && std::ranges::all_of(text, may_be);
}

/** A value between quotes, and where the text goes on behind them. */
struct Quoted {
  std::string value;
  std::size_t end = 0;
};

/** Empty: the quote that the text begins with is not closed. */
std::optional<Quoted> quoted_value(std::string_view text) {
  const char quote = text.front();
  std::string value;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == quote) return Quoted{std::move(value), i + 1};
    // As in a shell: a backslash means something between double quotes only.
    const bool escape = quote == '"' && text[i] == '\\' && i + 1 < text.size();
    const char c = text[i += escape ? 1 : 0];
    value += escape && c == 'n' ? '\n' : escape && c == 't' ? '\t' : c;
  }
  return std::nullopt;
}

/** Up to a comment, which needs a blank before it: "a#b" is a value. */
std::string plain_value(std::string_view text) {
  const auto comment = std::min(text.find(" #"), text.find("\t#"));
  return std::string(trimmed(text.substr(0, comment)));
}

/** Takes a line off the front of the text, without its end. */
std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  const auto line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

/** NAME=VALUE: what is before and behind the sign. Both empty: the line is nothing of the kind. */
std::pair<std::string_view, std::string_view> parts_of(std::string_view line) {
  auto text = trimmed(line);
  if (text.starts_with("export ") || text.starts_with("export\t")) text = trimmed(text.substr(7));
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) return {};
  const auto name = trimmed(text.substr(0, equals));
  if (!is_name(name)) return {};
  return {name, text.substr(equals + 1)};
}

/** What this program reads; the rest of the file is for others. */
bool is_ours(std::string_view name) {
  return std::ranges::find(setting_variables, name) != std::end(setting_variables) ||
         std::ranges::find(libpq_variables, name, &LibpqVariable::variable) !=
             std::end(libpq_variables);
}

/** Reads a file from its beginning to its end. */
class Dotenv {
 public:
  Dotenv(const fs::path& file, std::string_view text) : file_(file), rest_(text) {}

  Settings read() {
    while (!rest_.empty()) {
      ++number_;
      const auto line = take_line(rest_);
      const auto [name, text] = parts_of(line);
      if (name.empty()) continue;
      name_ = name;
      place_ = file_.string() + ":" + std::to_string(number_) + ": " + name_;
      const auto value = trimmed(text);
      const bool quoted = !value.empty() && (value.front() == '"' || value.front() == '\'');
      take(quoted ? between_quotes(value) : std::optional(plain_value(text)));
    }
    return std::move(settings_);
  }

 private:
  /** Only what is wrong with a variable of this program is worth a word. */
  void refuse(const std::string& why) const {
    if (is_ours(name_)) throw UsageError(place_ + ": " + why);
  }

  void take(std::optional<std::string> value) {
    if (!value) return;
    if (value->find('\0') == std::string::npos) {
      settings_[name_] = {place_, *std::move(value)};
    } else {
      refuse("holds a NUL character; take it out");
    }
  }

  /** A value that begins with a quote: in the line, or over several lines from it on. */
  std::optional<std::string> between_quotes(std::string_view in_line) {
    if (auto quoted = quoted_value(in_line)) return std::move(quoted->value);
    const auto* const end = rest_.data() + rest_.size();
    const std::string_view text(in_line.data(), static_cast<std::size_t>(end - in_line.data()));
    auto quoted = quoted_value(text);
    if (quoted && is_one_value(text, quoted->end)) {
      go_to(text, quoted->end);
      return std::move(quoted->value);
    }
    refuse(std::string("the quote is not closed; end the value with ") + in_line.front());
    return std::nullopt;
  }

  /** Whether the quote that ends it is its own, and not the one that begins another value. */
  [[nodiscard]] bool is_one_value(std::string_view text, std::size_t end) const {
    auto behind = text.substr(end);
    const auto last = trimmed(take_line(behind));
    if (!last.empty() && last.front() != '#') return false;
    if (!is_ours(name_)) return true;
    auto lines = text.substr(0, end);
    (void)take_line(lines);
    while (!lines.empty()) {
      if (!parts_of(take_line(lines)).first.empty()) return false;
    }
    return true;
  }

  /** To the line behind this place. */
  void go_to(std::string_view text, std::size_t place) {
    number_ += static_cast<int>(std::count(text.begin(), text.begin() + place, '\n'));
    rest_ = text.substr(place);
    (void)take_line(rest_);
  }

  const fs::path& file_;
  std::string_view rest_;
  int number_ = 0;
  std::string name_;
  std::string place_;
  Settings settings_;
};

/** As editors on Windows begin a file and end its lines. */
std::string without_marks(std::string text) {
  if (text.starts_with(byte_order_mark)) text.erase(0, byte_order_mark.size());
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n') plain += text[i];
  }
  return plain;
}

}  // namespace

Settings read_dotenv(const fs::path& file) {
  const auto text = without_marks(read_text(file));
  return Dotenv(file, text).read();
}

std::optional<std::string> Environment::get(std::string_view name) const {
  const auto found = variables.find(name);
  if (found == variables.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

Environment read_environment() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    environment.variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  std::error_code ignored;
  environment.working_directory = fs::current_path(ignored);
  const auto home = environment.get("HOME");
  environment.home = home && home->front() == '/' ? fs::path(*home) : account_home();
  return environment;
}

fs::path account_home() {
  const auto* user = ::getpwuid(::geteuid());
  const fs::path home = user == nullptr ? "" : user->pw_dir;
  return home.is_absolute() ? home : fs::path();
}

Lookup settings_of(const Environment& environment) {
  return [&environment](std::string_view name) -> std::optional<Setting> {
    auto value = environment.get(name);
    if (!value) return std::nullopt;
    return Setting{fmt::format("environment: {}", name), *std::move(value)};
  };
}

Lookup settings_of(Settings settings) {
  return [settings = std::move(settings)](std::string_view name) -> std::optional<Setting> {
    const auto found = settings.find(name);
    if (found == settings.end() || found->second.value.empty()) return std::nullopt;
    return found->second;
  };
}

std::string read_text(const fs::path& file) {
  const FileDescriptor descriptor(Adopt{}, ::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  char buffer[4096];
  ssize_t got = descriptor ? 1 : -1;
  while (got > 0) {
    got = ::read(descriptor.get(), buffer, sizeof buffer);
    if (got > 0) text.append(buffer, static_cast<std::size_t>(got));
  }
  if (got == 0) return text;
  throw UsageError(file.string() + ": cannot be read: " + std::generic_category().message(errno) +
                   "; name a file that can be read");
}

}  // namespace spider_check
