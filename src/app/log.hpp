#pragma once

#include <memory>
#include <string>

#include <spdlog/logger.h>

#include "render/zone.hpp"

namespace spider_check::app {

/** How much the program says. */
enum class LogLevel { warnings, normal, details };

/** A logger that writes "2026-11-23 16:20:01.123 info  TEXT" to stderr, in the given zone. */
[[nodiscard]] std::unique_ptr<spdlog::logger> make_logger(LogLevel level, const render::Zone& zone);

}  // namespace spider_check::app
