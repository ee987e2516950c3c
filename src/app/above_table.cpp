#include "app/above_table.hpp"

namespace spider_check::app {

namespace {

class Aside final : public spdlog::sinks::sink {
 public:
  Aside(std::vector<spdlog::sink_ptr> sinks, std::function<void()> erase,
        std::function<void()> draw)
      : sinks_(std::move(sinks)), erase_(std::move(erase)), draw_(std::move(draw)) {}

  void log(const spdlog::details::log_msg& message) override {
    erase_();
    for (const auto& each : sinks_) each->log(message);
    flush();
    draw_();
  }

  void flush() override {
    for (const auto& each : sinks_) each->flush();
  }

  void set_pattern(const std::string& pattern) override {
    for (const auto& each : sinks_) each->set_pattern(pattern);
  }

  void set_formatter(std::unique_ptr<spdlog::formatter> formatter) override {
    for (const auto& each : sinks_) each->set_formatter(formatter->clone());
  }

 private:
  std::vector<spdlog::sink_ptr> sinks_;
  std::function<void()> erase_;
  std::function<void()> draw_;
};

}  // namespace

AboveTable::AboveTable(spdlog::logger& log, std::function<void()> erase, std::function<void()> draw)
    : log_(log), before_(log.sinks()) {
  log_.sinks() = {std::make_shared<Aside>(before_, std::move(erase), std::move(draw))};
}

AboveTable::~AboveTable() {
  log_.sinks() = before_;
}

}  // namespace spider_check::app
