// No password ever reaches a message, however wrong the configuration around it is.
#include <filesystem>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "config/load.hpp"
#include "process/temp_directory.hpp"
#include "util/errors.hpp"

namespace spider_check {

namespace {

/** Why a configuration is refused. */
std::string refusal(const std::string& toml, const std::string& dotenv = "") {
  const test::TempDirectory directory;
  directory.write("x.toml", toml);
  directory.write(".env", dotenv);
  directory.write("password", "s3cret\n");
  try {
    (void)load("x.toml", {{}, directory.path(), directory.path()});
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a wrong file is refused without showing the password in it") {
  const std::string files[] = {
      "[database]\nurl = 'postgresql://me:s3cret@db:port/x'",
      "[database]\nurl = 'postgresql://me:s3cret@db:99999/x'",
      "[database]\nurl = 'postgresql://me:s3cret@[db/x'",
      "[database]\nurl = 'postgresql://me:s3cret%zz@db/x'",
      "[database]\nurl = 'postgresql://me:s3cret@db/x?sslmod=require'",
      "[database]\nurl = 'postgresql://db/x?password=s3cret&sslmod=require'",
      "[database]\nurl = 'postgres://me:s3cret'",
      "[database]\nurl = 'postgres://me:s3cret%zz'",
      "[database]\nurl = 'postgres://me:s3cret%zz/x'",
      "[database]\nurl = 'postgres://me:s3cret?x'",
      "[database]\nurl = 'postgresql://me:s3cret/x'",
      "[database]\nurl = 'mysql://me:s3cret@db/x'",
      "[database]\nurl = 'me:s3cret@db/x'",
      "[database]\nurl = \"host=db password='s3cret\"",
      "[database]\nurl = 'host=db password=s3cret port=x'",
      "[database]\nurl = 'host=db password=s3cret frobnicate=1'",
      "[database]\nurl = 'host=db password s3cret'",
      "[database]\nurl = 'postgresql://me:s3cret@db/x'\npassword = 's3cret'",
      "[database]\nurl = 'postgresql://me:s3cret@db/x'\npassword_file = 'password'",
      "[database]\nurl = 'postgresql://me:s3cret@db/x'\nhost = 'other'",
      "[database]\npassword = ['s3cret']",
      "[database]\npassword = { s = 's3cret' }",
      "[database]\npassword = s3cret",
      "[database]\npassword = 's3cret",
      "[database]\npassword = \"s3cret",
      "[database]\npassword = \"s3cret\\q\"",
      "[database]\npassword = 's3cret' 's3cret'",
      "[database]\npassword = 's3cret'\npassword = 's3cret'",
      "[database]\npassword 's3cret'",
      "[database]\npasword = 's3cret'",
      "[database]\npassword = \"s3cret\\u0000\"",
      "[spiders]\ncheck_url = 'postgresql://me:s3cret@db:x/jobs'",
      "[spiders]\ncheck_url = 'postgresql://me:s3cret@db/jobs?sslmode=x'",
      "[spiders]\ncheck_url = ['postgresql://me:s3cret@db/jobs']",
      "[database]\npassword = 's3cret'\npassword_file = 'password'",
      "[database]\npassword_file = 'password'\nfrobnicate = 1",
  };
  for (const auto& file : files) {
    const auto text = refusal(file);
    CAPTURE(text);
    CHECK(text != "");
    CHECK(text.find("s3cret") == std::string::npos);
  }
}

TEST_CASE("a wrong .env file is refused without showing the password in it") {
  for (const std::string dotenv :
       {"DB_PASSWORD='s3cret", "DB_PASSWORD=\"s3cret", "DB_PASSWORD=s3cret\nDB_PORT=x",
        "PGPASSWORD=\"s3cret\nDB_PORT=1"}) {
    const auto text = refusal("", dotenv);
    CAPTURE(text);
    CHECK(text != "");
    CHECK(text.find("s3cret") == std::string::npos);
  }
}

namespace {

namespace fs = std::filesystem;

/** What is said of a file of that mode; "none" for nothing. Its directory is written as DIR. */
std::string warning(const std::string& file, unsigned mode, const std::string& toml,
                    const std::string& dotenv = "") {
  const test::TempDirectory directory;
  const std::pair<std::string, std::string> files[] = {
      {"x.toml", toml}, {".env", dotenv}, {"password", "s3cret\n"}};
  for (const auto& [name, text] : files) {
    fs::permissions(directory.write(name, text), fs::perms{0600});
  }
  fs::permissions(directory.path() / file, static_cast<fs::perms>(mode));
  const auto warnings = load("x.toml", {{}, directory.path(), directory.path()}).config.warnings;
  if (warnings.empty()) return "none";
  CHECK(warnings.size() == 1);
  auto text = warnings.front();
  const auto name = directory.path().string();
  for (auto at = text.find(name); at != std::string::npos; at = text.find(name)) {
    text.replace(at, name.size(), "DIR");
  }
  return text;
}

}  // namespace

TEST_CASE("a file with a password that others can get at is warned about") {
  const auto text = [](const std::string& file, const std::string& mode) {
    return "DIR/" + file + ": holds a password, and others can get at it (mode " + mode +
           "); type chmod 600 DIR/" + file;
  };
  const std::string password = "[database]\npassword = 's3cret'\n";
  const std::pair<unsigned, std::string> modes[] = {
      {0644, "0644"}, {0640, "0640"}, {0604, "0604"}, {0620, "0620"}};
  for (const auto& [mode, name] : modes) {
    CHECK(warning("x.toml", mode, password) == text("x.toml", name));
  }
  CHECK(warning("x.toml", 0644, "[database]\nurl = 'postgresql://me:s3cret@db/x'\n") ==
        text("x.toml", "0644"));
  CHECK(warning("x.toml", 0644, "[database]\nurl = 'host=db password=s3cret'\n") ==
        text("x.toml", "0644"));
  CHECK(warning("x.toml", 0644, "[spiders.a]\ncheck_url = 'postgresql://me:s3cret@db/x'\n") ==
        text("x.toml", "0644"));
  CHECK(warning("password", 0644, "[database]\npassword_file = 'password'\n") ==
        text("password", "0644"));
  CHECK(warning(".env", 0644, "", "DB_PASSWORD=s3cret\n") == text(".env", "0644"));
  CHECK(warning(".env", 0644, "", "PGPASSWORD=s3cret\n") == text(".env", "0644"));
}

TEST_CASE("a private file, and one without a password, is not warned about") {
  CHECK(warning("x.toml", 0600, "[database]\npassword = 's3cret'\n") == "none");
  CHECK(warning("x.toml", 0400, "[database]\npassword = 's3cret'\n") == "none");
  CHECK(warning("x.toml", 0644, "[database]\nurl = 'postgresql://me@db/x'\n") == "none");
  CHECK(warning("x.toml", 0644, "[database]\npassword_file = 'password'\n") == "none");
  CHECK(warning("x.toml", 0644, "", "DB_PASSWORD=s3cret\n") == "none");
  CHECK(warning(".env", 0644, "[database]\npassword = 's3cret'\n", "DB_HOST=db\n") == "none");
  CHECK(warning(".env", 0644, "", "DB_PASSWORD=\n") == "none");
}

}  // namespace spider_check
