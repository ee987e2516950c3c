#include "config/environment.hpp"

#include <cerrno>
#include <cstdio>
#include <memory>
#include <string_view>
#include <system_error>

#include <pwd.h>
#include <unistd.h>

#include "core/errors.hpp"

namespace spider_check::config {

namespace fs = std::filesystem;

std::optional<std::string> Environment::get(const std::string& name) const {
  const auto found = variables.find(name);
  if (found == variables.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

Environment read_environment() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    environment.variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  std::error_code ignored;
  environment.working_directory = std::filesystem::current_path(ignored);
  const auto home = environment.get("HOME");
  environment.home = home && home->front() == '/' ? fs::path(*home) : account_home();
  return environment;
}

std::filesystem::path account_home() {
  const auto* user = ::getpwuid(::geteuid());
  const fs::path home = user == nullptr ? "" : user->pw_dir;
  return home.is_absolute() ? home : fs::path();
}

Lookup settings_of(const Environment& environment) {
  return [&environment](const std::string& name) -> std::optional<Setting> {
    auto value = environment.get(name);
    if (!value) return std::nullopt;
    return Setting{"environment: " + name, *std::move(value)};
  };
}

Lookup settings_of(Settings settings) {
  return [settings = std::move(settings)](const std::string& name) -> std::optional<Setting> {
    const auto found = settings.find(name);
    if (found == settings.end() || found->second.value.empty()) return std::nullopt;
    return found->second;
  };
}

std::string read_text(const std::filesystem::path& file) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream(std::fopen(file.c_str(), "re"),
                                                               &std::fclose);
  std::string text;
  char buffer[4096];
  errno = stream ? 0 : errno;
  for (std::size_t got = 0;
       stream && (got = std::fread(buffer, 1, sizeof buffer, stream.get())) > 0;) {
    text.append(buffer, got);
  }
  if (!stream || std::ferror(stream.get()) != 0) {
    throw UsageError(file.string() + ": cannot be read: " + std::generic_category().message(errno) +
                     "; name a file that can be read");
  }
  return text;
}

}  // namespace spider_check::config
