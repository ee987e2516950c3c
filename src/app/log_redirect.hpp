#pragma once

#include <functional>

#include "app/log.hpp"

namespace spider_check::app {

/** While it lives, what a log writes appears above what is drawn on the terminal. */
class LogRedirect {
 public:
  /** Both outlive it. erase is called before each line, draw after it. */
  LogRedirect(Log& log, std::function<void()> erase, std::function<void()> draw);
  LogRedirect(const LogRedirect&) = delete;
  LogRedirect& operator=(const LogRedirect&) = delete;
  LogRedirect(LogRedirect&&) = delete;
  LogRedirect& operator=(LogRedirect&&) = delete;
  ~LogRedirect();

 private:
  Log& log_;
  Log::Writer before_;
};

}  // namespace spider_check::app
