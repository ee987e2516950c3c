#include "config/apply.hpp"

namespace spider_check::config {

std::optional<std::filesystem::path> apply_credential(const Environment& environment,
                                                      ConnectionOptions& database) {
  const auto directory = environment.get(credentials_variable);
  if (!directory || environment.get("PGPASSWORD") || environment.get("DB_PASSWORD")) {
    return std::nullopt;
  }
  auto file = std::filesystem::path(*directory) / "database-password";
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return std::nullopt;
  const auto text = read_text(file);
  const auto password = text.substr(0, text.find('\n'));
  if (password.empty()) return std::nullopt;
  database.parameters["password"] = password;
  return file;
}

}  // namespace spider_check::config
