#include "render/zone.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <optional>

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

std::time_t seconds(TimePoint time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

std::string format_tm(const std::tm& time, const char* format) {
  std::array<char, 128> buffer{};
  return {buffer.data(), std::strftime(buffer.data(), buffer.size(), format, &time)};
}

}  // namespace

std::string Zone::at(TimePoint time) const {
  return format(time, "%Y-%m-%d %H:%M:%S %Z");
}

std::string Zone::format(TimePoint time, const char* format) const {
  const ZoneScope scope(name_);
  const auto count = seconds(time);
  std::tm local{};
  ::localtime_r(&count, &local);
  return format_tm(local, format);
}

std::string iso_utc(TimePoint time) {
  const auto count = seconds(time);
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
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      line += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      std::array<char, 8> buffer{};
      std::snprintf(buffer.data(), buffer.size(), "\\x%02x", byte);
      line += buffer.data();
    } else {
      line += c;
    }
  }
  return line;
}

}  // namespace spider_check::render
