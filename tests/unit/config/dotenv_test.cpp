#include <map>
#include <string>

#include <doctest/doctest.h>

#include "config/environment.hpp"
#include "process/temp_directory.hpp"
#include "util/errors.hpp"

namespace spider_check {

namespace {

using Values = std::map<std::string, std::string>;

/** What a .env file with this text sets. */
Values read(const std::string& text) {
  const test::TempDirectory directory;
  Values values;
  for (const auto& [name, setting] : read_dotenv(directory.write(".env", text))) {
    values[name] = setting.value;
  }
  return values;
}

}  // namespace

TEST_CASE("a byte order mark at the beginning is no part of the first name") {
  CHECK(read("\xef\xbb\xbf"
             "A=b\n\xef\xbb\xbf"
             "B=c\nC=d\n") == Values{{"A", "b"}, {"C", "d"}});
}

TEST_CASE("a line of a .env file sets a name to a value") {
  struct Row {
    std::string line;
    std::string value;
  };

  const Row rows[] = {
      {"A=b", "b"},
      {"  A = b  ", "b"},
      {"\tA\t=\tb\t", "b"},
      {"A=b\r", "b"},
      {"export A=b", "b"},
      {"A=", ""},
      {"A=b=c", "b=c"},
      {"A=b c", "b c"},
      {"A=b # why", "b"},
      {"A=b#c", "b#c"},
      {"A= # nothing", ""},
      {"A=\"b c\"", "b c"},
      {"A='b c'", "b c"},
      {"A=\"b # c\" # why", "b # c"},
      {"A=\" b \"", " b "},
      {"A=\"\"", ""},
      {"A=\"a\\\"b\\\\c\\nd\\te\"", "a\"b\\c\nd\te"},
      {"A='a\\nb'", "a\\nb"},
      {"A=\"it's\"", "it's"},
      {"A='\"'", "\""},
      {"A=b'c'", "b'c'"},
      {"A=$HOME", "$HOME"},
      {"A=p@ss\\word", "p@ss\\word"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.line);
    CHECK(read(row.line).at("A") == row.value);
  }
}

TEST_CASE("lines that set nothing are passed over") {
  for (const std::string line :
       {"", "   ", "# A=b", "  # A=b", "A", "=b", "A-B=c", "set -a", "a b=c", "[section]"}) {
    CAPTURE(line);
    CHECK(read(line + "\nB=c\n") == Values{{"B", "c"}});
  }
}

TEST_CASE("the last of several lines for a name counts") {
  CHECK(read("A=1\nB=2\nA=3\n") == Values{{"A", "3"}, {"B", "2"}});
}

TEST_CASE("a .env file with Windows line ends reads the same") {
  CHECK(read("A=1\r\n\r\nB=\"2\"\r\n") == Values{{"A", "1"}, {"B", "2"}});
}

TEST_CASE("the last line need not end with a newline") {
  CHECK(read("A=1") == Values{{"A", "1"}});
}

TEST_CASE("a setting knows its file and line") {
  const test::TempDirectory directory;
  const auto file = directory.write(".env", "# first\n\nDB_PORT=5432\n");
  CHECK(read_dotenv(file).at("DB_PORT").place == file.string() + ":3: DB_PORT");
}

TEST_CASE("a quote that is not closed is refused without showing the value") {
  const test::TempDirectory directory;
  for (const std::string text :
       {"A=1\nDB_PASSWORD=\"s3cret\nB=2\n", "A=1\nDB_PASSWORD='s3cret\n"}) {
    const auto file = directory.write(".env", text);
    const auto quote = std::string(1, text[16]);
    CHECK_THROWS_WITH_AS(
        (void)read_dotenv(file),
        (file.string() + ":2: DB_PASSWORD: the quote is not closed; end the value with " + quote)
            .c_str(),
        UsageError);
  }
}

TEST_CASE("a value between quotes may go over several lines") {
  const std::string key = "-----BEGIN PRIVATE KEY-----\nDB_HOST=elsewhere\nabc==\n-----END-----\n";
  CHECK(read("KEY=\"" + key + "\"\nDB_HOST=here\n") == Values{{"KEY", key}, {"DB_HOST", "here"}});
  CHECK(read("export KEY='" + key + "' # a comment\r\nA=1") == Values{{"KEY", key}, {"A", "1"}});
  CHECK(read("JSON='{\r\n  \"a\": 1\r\n}'\r\nA=1\r\n") ==
        Values{{"JSON", "{\n  \"a\": 1\n}"}, {"A", "1"}});
  CHECK(read("A=\"say \\\"\n\\\" twice\"\nB=2\n") == Values{{"A", "say \"\n\" twice"}, {"B", "2"}});
  CHECK(read("DB_PASSWORD=\"two\nlines\"\nB=2\n") ==
        Values{{"DB_PASSWORD", "two\nlines"}, {"B", "2"}});
}

TEST_CASE("the lines of a long value count for the places of the next") {
  const test::TempDirectory directory;
  const auto file = directory.write(".env", "\n\nKEY='1\n2\n3'\nDB_PORT=5432\n");
  CHECK(read_dotenv(file).at("KEY").place == file.string() + ":3: KEY");
  CHECK(read_dotenv(file).at("DB_PORT").place == file.string() + ":6: DB_PORT");
}

TEST_CASE("what is wrong with the variables of others is passed over") {
  CHECK(read("MOTD=\"never closed\nDB_HOST=here\n") == Values{{"DB_HOST", "here"}});
  CHECK(read("MOTD='it\nDB_HOST=here\nOTHER='x'\n") == Values{{"DB_HOST", "here"}, {"OTHER", "x"}});
  CHECK(read(std::string("A=x\0y\nDB_HOST=here\n", 19)) == Values{{"DB_HOST", "here"}});
  CHECK(read("DB_PRIVATE_KEY=\"open\nPGDATA='open\nSCHEDULER_KEY='\nA=1") ==
        Values{{"PGDATA", "open\nSCHEDULER_KEY="}, {"A", "1"}});
  CHECK(read("X\nexport\nexport Y\n=\n'\n\"\nA B=c\n${Z}\nif [ -f x ]; then\nDB_HOST=${H}\n") ==
        Values{{"DB_HOST", "${H}"}});
  CHECK(read("export\tA=1\nexport   B=2\n") == Values{{"A", "1"}, {"B", "2"}});
}

TEST_CASE("a quote of ours that only another value's quote would close is not closed") {
  const test::TempDirectory directory;
  for (const std::string text : {"DB_PASSWORD=\"s3cret\nB=\"2\"\n", "DB_PASSWORD='s3cret\nB=2'\n",
                                 "PGHOST='a\n\nexport B='\n", "SCHEDULER_TIMEZONE=\"\nx\" y\n"}) {
    CAPTURE(text);
    const auto file = directory.write(".env", text);
    const auto name = text.substr(0, text.find('='));
    const auto quote = std::string(1, text[name.size() + 1]);
    CHECK_THROWS_WITH_AS(
        (void)read_dotenv(file),
        (file.string() + ":1: " + name + ": the quote is not closed; end the value with " + quote)
            .c_str(),
        UsageError);
  }
}

TEST_CASE("a NUL in a value is refused with its place") {
  const test::TempDirectory directory;
  const auto file = directory.write(".env", std::string("A=1\nDB_HOST=a\0b\n", 16));
  CHECK_THROWS_WITH_AS((void)read_dotenv(file),
                       (file.string() + ":2: DB_HOST: holds a NUL character; take it out").c_str(),
                       UsageError);
}

TEST_CASE("a .env file that is not there is refused by name") {
  const test::TempDirectory directory;
  const auto file = directory.path() / ".env";
  CHECK_THROWS_WITH_AS((void)read_dotenv(file),
                       (file.string() + ": cannot be read: No such file or directory; name a file "
                                        "that can be read")
                           .c_str(),
                       UsageError);
}

}  // namespace spider_check
