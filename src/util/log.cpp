#include "util/log.hpp"

#include <array>
#include <cstdio>
#include <memory>

#include <fmt/format-inl.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "util/text_width.hpp"

namespace spider_check {

namespace {

/** The time of a log line in the zone that the configuration names; spdlog knows the host's only.
 */
class ZonedTime final : public spdlog::custom_flag_formatter {
 public:
  explicit ZonedTime(Zone zone) : zone_(std::move(zone)) {}

  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& to) override {
    const auto time = std::chrono::floor<Duration>(message.time);
    const auto text = zone_.format(time, "%Y-%m-%d %H:%M:%S");
    to.append(text.data(), text.data() + text.size());
    const auto part = time - std::chrono::floor<std::chrono::seconds>(time);
    std::array<char, 8> buffer{};
    const int length = std::snprintf(buffer.data(), buffer.size(), ".%03d",
                                     static_cast<int>(part / std::chrono::milliseconds(1)));
    to.append(buffer.data(), buffer.data() + length);
  }

  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<ZonedTime>(zone_);
  }

 private:
  Zone zone_;
};

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

/** Five letters, so that the texts stand below each other. */
class ShortLevel final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& to) override {
    static constexpr std::array<std::string_view, 7> names{"trace", "debug", "info ", "warn ",
                                                           "error", "fatal", "off  "};
    const auto name = names.at(static_cast<std::size_t>(message.level));
    to.append(name.data(), name.data() + name.size());
  }

  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<ShortLevel>();
  }
};

constexpr std::size_t head_width = 30;  // "2026-11-23 20:20:01.123 info  "

}  // namespace

void Log::write(LogLevel level, fmt::string_view format, fmt::format_args values) {
  if (says(level) && writer_) writer_(level, fmt::vformat(format, values));
}

std::size_t columns_of(int fd) noexcept {
  if (::isatty(fd) == 0) return 0;
  winsize size{};
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

Log log_to_stderr(LogLevel least, const Zone& zone) {
  auto logger = std::make_shared<spdlog::logger>("spider-check",
                                                 std::make_shared<spdlog::sinks::stderr_sink_st>());
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<ZonedTime>('*', zone).add_flag<ShortLevel>('L').set_pattern("%* %L %v");
  logger->set_formatter(std::move(formatter));
  logger->set_level(to_spdlog(least));
  return {least, [logger = std::move(logger)](LogLevel level, const std::string& text) {
            const std::string head(head_width, ' ');
            const auto width = columns_of(STDERR_FILENO);
            logger->log(to_spdlog(level), wrap(head + text, width).substr(head_width));
          }};
}

}  // namespace spider_check

// The part of fmt that is code, compiled once: as a shared library it would cost each tick more
// than it is worth, and as a header-only one it costs each file seconds.

FMT_BEGIN_NAMESPACE

namespace detail {

template auto thousands_sep_impl<char>(locale_ref) -> thousands_sep_result<char>;
template auto decimal_point_impl<char>(locale_ref) -> char;
template void buffer<char>::append(const char*, const char*);
#if FMT_VERSION >= 100000
template void vformat_to(buffer<char>&, string_view, typename vformat_args<>::type, locale_ref);
#endif

}  // namespace detail

FMT_END_NAMESPACE
