#include "util/log.hpp"

#include <array>
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

/** "2026-11-23 16:20:01.123 info ": the zone is the configuration's; spdlog knows the host's only.
 */
class Head final : public spdlog::custom_flag_formatter {
 public:
  explicit Head(Zone zone) : zone_(std::move(zone)) {}

  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& to) override {
    static constexpr std::array names{"trace", "debug", "info ", "warn ",
                                      "error", "fatal", "off  "};
    const auto time = std::chrono::floor<Duration>(message.time);
    const auto part = time - std::chrono::floor<std::chrono::seconds>(time);
    const auto text = fmt::format("{}.{:03} {}", zone_.format(time, "%Y-%m-%d %H:%M:%S"),
                                  part / std::chrono::milliseconds(1),
                                  names.at(static_cast<std::size_t>(message.level)));
    to.append(text.data(), text.data() + text.size());
  }

  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<Head>(zone_);
  }

 private:
  Zone zone_;
};

spdlog::level::level_enum to_spdlog(LogLevel level) {
  static constexpr std::array levels{spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                                     spdlog::level::err};
  return levels.at(static_cast<std::size_t>(level));
}

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
  formatter->add_flag<Head>('*', zone).set_pattern("%* %v");
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
