#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <spdlog/logger.h>
#include <spdlog/sinks/sink.h>

namespace spider_check::app {

/** While it lives, what a logger writes appears above what is drawn on the terminal. */
class AboveTable {
 public:
  /** Both outlive it. erase is called before each line, draw after it. */
  AboveTable(spdlog::logger& log, std::function<void()> erase, std::function<void()> draw);
  AboveTable(const AboveTable&) = delete;
  AboveTable& operator=(const AboveTable&) = delete;
  AboveTable(AboveTable&&) = delete;
  AboveTable& operator=(AboveTable&&) = delete;
  ~AboveTable();

 private:
  spdlog::logger& log_;
  std::vector<spdlog::sink_ptr> before_;
};

}  // namespace spider_check::app
