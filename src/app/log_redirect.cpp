#include "app/log_redirect.hpp"

#include <string>
#include <utility>

namespace spider_check::app {

LogRedirect::LogRedirect(Log& log, std::function<void()> erase, std::function<void()> draw)
    : log_(log), before_(log.exchange_writer({})) {
  log_.exchange_writer([this, erase = std::move(erase), draw = std::move(draw)](
                           LogLevel level, const std::string& line) {
    erase();
    if (before_) before_(level, line);
    draw();
  });
}

LogRedirect::~LogRedirect() {
  log_.exchange_writer(std::move(before_));
}

}  // namespace spider_check::app
