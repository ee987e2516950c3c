#include "db/migrate.hpp"

#include <chrono>
#include <thread>

#include "util/errors.hpp"

namespace spider_check {

using namespace std::chrono_literals;

namespace {

std::vector<std::string> apply_when_up(const std::function<std::vector<std::string>()>& apply,
                                       Duration wait) {
  const auto deadline = std::chrono::steady_clock::now() + wait;
  while (true) {
    try {
      return apply();
    } catch (const DbError& error) {
      const bool may_come = error.kind() == DbError::Kind::connection;
      if (!may_come || std::chrono::steady_clock::now() >= deadline) throw;
    }
    // A server that comes up tells nobody: it can only be asked again.
    std::this_thread::sleep_for(200ms);
  }
}

}  // namespace

std::string migrate(const std::function<std::vector<std::string>()>& apply, Duration wait) {
  const auto applied = apply_when_up(apply, wait);
  if (applied.empty()) return "The database is up to date\n";
  std::string text;
  for (const auto& name : applied) text += "Applied migration " + name + "\n";
  return text + "The database is ready\n";
}

}  // namespace spider_check
