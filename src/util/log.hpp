#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "util/zone.hpp"

namespace spider_check {

/** How much a line matters. */
enum class LogLevel : std::uint8_t { debug, info, warning, error };

/** What the program says: one line a time, with fmt's {} for values. Only log.cpp knows spdlog. */
class Log {
 public:
  /** Takes a line, without its end. Should not throw. */
  using Writer = std::function<void(LogLevel, const std::string&)>;

  Log(LogLevel least, Writer writer) : min_(least), writer_(std::move(writer)) {}

  template <typename... Values>
  void debug(fmt::format_string<Values...> format, Values&&... values) {
    write(LogLevel::debug, format, fmt::make_format_args(values...));
  }

  template <typename... Values>
  void info(fmt::format_string<Values...> format, Values&&... values) {
    write(LogLevel::info, format, fmt::make_format_args(values...));
  }

  template <typename... Values>
  void warn(fmt::format_string<Values...> format, Values&&... values) {
    write(LogLevel::warning, format, fmt::make_format_args(values...));
  }

  template <typename... Values>
  void error(fmt::format_string<Values...> format, Values&&... values) {
    write(LogLevel::error, format, fmt::make_format_args(values...));
  }

  template <typename... Values>
  void at(LogLevel level, fmt::format_string<Values...> format, Values&&... values) {
    write(level, format, fmt::make_format_args(values...));
  }

  /** What matters less is not written. */
  [[nodiscard]] LogLevel least() const noexcept { return min_; }

  [[nodiscard]] bool says(LogLevel level) const noexcept { return level >= min_; }

  /** Takes the lines from now on; returns the writer before. */
  Writer exchange_writer(Writer writer) { return std::exchange(writer_, std::move(writer)); }

 private:
  void write(LogLevel level, fmt::string_view format, fmt::format_args values);

  LogLevel min_;
  Writer writer_;
};

/** The columns of a terminal, 80 where it does not tell; 0: it is none. */
[[nodiscard]] std::size_t columns_of(int fd) noexcept;

/** Writes "2026-11-23 16:20:01.123 info  TEXT" to stderr, in the given zone. */
[[nodiscard]] Log log_to_stderr(LogLevel least, const Zone& zone);

}  // namespace spider_check
