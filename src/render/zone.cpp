#include "render/zone.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <string_view>

#include "core/utf8.hpp"

namespace spider_check::render {

namespace {

/**
 * Sets TZ while it lives. GCC 12 has no time zones of its own, and libc knows only the one in TZ,
 * which the spiders inherit: so it is put back at once.
 */
class ZoneScope {
 public:
  explicit ZoneScope(const std::string& name) : set_(!name.empty()) {
    if (!set_) return;
    if (const char* before = std::getenv("TZ")) before_ = before;
    ::setenv("TZ", name.c_str(), 1);
    ::tzset();
  }

  ZoneScope(const ZoneScope&) = delete;
  ZoneScope& operator=(const ZoneScope&) = delete;
  ZoneScope(ZoneScope&&) = delete;
  ZoneScope& operator=(ZoneScope&&) = delete;

  ~ZoneScope() {
    if (!set_) return;
    if (before_) {
      ::setenv("TZ", before_->c_str(), 1);
    } else {
      ::unsetenv("TZ");
    }
    ::tzset();
  }

 private:
  bool set_;
  std::optional<std::string> before_;
};

std::time_t unix_time(TimePoint time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

std::string format_tm(const std::tm& time, const char* format) {
  std::array<char, 128> buffer{};
  return {buffer.data(), std::strftime(buffer.data(), buffer.size(), format, &time)};
}

/** Whether a character in a name would deceive its reader: it steers, breaks the line or is not
 * seen.
 */
bool deceives(char32_t code) {
  const bool breaks = code == 0x2028 || code == 0x2029;
  const bool hides = code == 0x200b || (code >= 0x2060 && code <= 0x2064) || code == 0xfeff;
  return steers_terminal(code) || breaks || hides;
}

std::string escaped(const Character& character) {
  std::array<char, 8> buffer{};
  const bool byte = !character.valid || character.code < 0x80;
  std::snprintf(buffer.data(), buffer.size(), byte ? "\\x%02x" : "\\u%04x",
                static_cast<unsigned>(character.code));
  return buffer.data();
}

}  // namespace

std::string Zone::at(TimePoint time) const {
  return format(time, "%Y-%m-%d %H:%M:%S %Z");
}

std::string Zone::format(TimePoint time, const char* format) const {
  const ZoneScope scope(name_);
  const auto count = unix_time(time);
  std::tm local{};
  ::localtime_r(&count, &local);
  return format_tm(local, format);
}

std::string iso_utc(TimePoint time) {
  const auto count = unix_time(time);
  std::tm utc{};
  ::gmtime_r(&count, &utc);
  const auto fraction = time - std::chrono::floor<std::chrono::seconds>(time);
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(fraction).count();
  std::array<char, 8> buffer{};
  std::snprintf(buffer.data(), buffer.size(), ".%03d", static_cast<int>(milliseconds));
  return format_tm(utc, "%Y-%m-%dT%H:%M:%S") + buffer.data() + "Z";
}

std::string printable(const std::string& text) {
  std::string line;
  for (std::string_view rest = text; !rest.empty();) {
    const auto character = first_character(rest);
    if (character.code == '\n') {
      line += "\\n";
    } else if (!character.valid || deceives(character.code)) {
      line += escaped(character);
    } else {
      line += rest.substr(0, character.length);
    }
    rest.remove_prefix(character.length);
  }
  return line;
}

}  // namespace spider_check::render
