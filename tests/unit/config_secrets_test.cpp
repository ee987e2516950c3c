// No password ever reaches a message, however wrong the configuration around it is.
#include <string>

#include <doctest/doctest.h>

#include "config/load.hpp"
#include "core/errors.hpp"
#include "process/temp_folder.hpp"

namespace spider_check::config {

namespace {

/** Why a configuration is refused. */
std::string refusal(const std::string& toml, const std::string& dotenv = "") {
  const test::TempFolder folder;
  folder.write("x.toml", toml);
  folder.write(".env", dotenv);
  folder.write("password", "s3cret\n");
  try {
    (void)load("x.toml", {{}, folder.path(), folder.path()});
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

}  // namespace spider_check::config
