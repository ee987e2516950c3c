#pragma once

#include <functional>

#include "app/log.hpp"

namespace spider_check::app {

/** While it lives, what a log writes appears above what is drawn on the terminal. */
class AboveTable {
 public:
  /** Both outlive it. erase is called before each line, draw after it. */
  AboveTable(Log& log, std::function<void()> erase, std::function<void()> draw);
  AboveTable(const AboveTable&) = delete;
  AboveTable& operator=(const AboveTable&) = delete;
  AboveTable(AboveTable&&) = delete;
  AboveTable& operator=(AboveTable&&) = delete;
  ~AboveTable();

 private:
  Log& log_;
  Log::Writer before_;
};

}  // namespace spider_check::app
