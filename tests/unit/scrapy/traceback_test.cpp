// The texts are what real broken projects make `scrapy list` (Scrapy 2.8, Python 3.11) print.
#include <string>

#include <doctest/doctest.h>

#include "golden/golden.hpp"
#include "scrapy/project.hpp"

namespace spider_check {

namespace {

std::string explain(const std::string& name, const std::string& directory = "/srv/jobs") {
  return explain_traceback(test::read_golden("tracebacks/" + name + ".txt"), directory);
}

}  // namespace

TEST_CASE("a spider with a syntax error is named with its line") {
  CHECK(explain("syntax_error") == "/srv/jobs/jobs/spiders/news.py:7: SyntaxError: expected ':'");
}

TEST_CASE("settings with a syntax error are named with their line") {
  CHECK(explain("settings") == "/srv/jobs/jobs/settings.py:4: SyntaxError: '{' was never closed");
}

TEST_CASE("an error deep in a library is laid to the project's line that called it") {
  CHECK(explain("import_below_a_library") ==
        "/srv/jobs/jobs/spiders/news.py:5: ModuleNotFoundError: No module named 'jobs.parsers'");
  CHECK(explain("error_in_a_library") ==
        "/srv/jobs/jobs/spiders/news.py:4: re.error: missing ), unterminated subpattern at "
        "position 0");
}

TEST_CASE("of several files of the project the one nearest to the cause is named") {
  CHECK(explain("nested_module") ==
        "/srv/jobs/jobs/lib/pages.py:1: FileNotFoundError: [Errno 2] No such file or directory: "
        "'/no/such/pages.txt'");
}

TEST_CASE("without a file of the project the nearest of all is named") {
  CHECK(explain("error_in_a_library", "/srv/other") ==
        "/usr/lib/python3.11/re/_parser.py:865: re.error: missing ), unterminated subpattern at "
        "position 0");
}

TEST_CASE("a library in the project's virtual environment is not the project") {
  CHECK(explain_traceback("Traceback (most recent call last):\n"
                          "  File \"/srv/jobs/jobs/news.py\", line 3, in f\n"
                          "  File \"/srv/jobs/env/lib/python3.11/site-packages/kit.py\", line 9\n"
                          "OSError: gone\n",
                          "/srv/jobs") == "/srv/jobs/jobs/news.py:3: OSError: gone");
}

TEST_CASE("a directory is not a directory of the same beginning") {
  CHECK(explain("syntax_error", "/srv/job").rfind("/srv/jobs/jobs/spiders/news.py:7: ", 0) == 0);
  CHECK(explain("error_in_a_library", "/srv/job").rfind("/usr/lib/python3.11/re/", 0) == 0);
}

TEST_CASE("a directory that is written with a slash at its end is the same directory") {
  CHECK(explain("error_in_a_library", "/srv/jobs/") == explain("error_in_a_library"));
}

TEST_CASE("of chained exceptions the last is told, with its own line") {
  CHECK(explain("chained_cause") ==
        "/srv/jobs/jobs/spiders/news.py:6: RuntimeError: pages.json is broken");
  CHECK(explain("chained_context") ==
        "/srv/jobs/jobs/spiders/news.py:4: ModuleNotFoundError: No module named 'json_missing'");
}

TEST_CASE("what was printed before the traceback does not matter, nor a message's second line") {
  CHECK(explain("noise_and_two_lines") ==
        "/srv/jobs/jobs/spiders/news.py:6: ValueError: first line");
}

TEST_CASE("what is printed after the traceback does not matter") {
  const auto text = test::read_golden("tracebacks/nested_module.txt") +
                    "cleanup: 3 files\nsys:1: ResourceWarning: unclosed file\n";
  CHECK(explain_traceback(text, "/srv/jobs") == explain("nested_module"));
}

TEST_CASE("an exception without a message is told by its name") {
  CHECK(explain("no_message") == "/srv/jobs/jobs/spiders/news.py:1: AssertionError");
  CHECK(explain("own_exception") == "/srv/jobs/jobs/spiders/news.py:5: jobs.spiders.news.BadPages");
  CHECK(explain("keyboard_interrupt") == "/srv/jobs/jobs/spiders/news.py:1: KeyboardInterrupt");
}

TEST_CASE("a recursion without end is told like any other error") {
  CHECK(explain("recursion") ==
        "/srv/jobs/jobs/spiders/news.py:2: RecursionError: maximum recursion depth exceeded");
}

TEST_CASE("a settings module that is not there has no line of the project") {
  CHECK(explain("no_settings_module") ==
        "<frozen importlib._bootstrap>:1142: ModuleNotFoundError: No module named 'jobs.setings'");
}

TEST_CASE("where there is no traceback there is no explanation") {
  CHECK(explain("system_exit").empty());
  CHECK(explain("no_project").empty());
  CHECK(explain_traceback("", "/srv/jobs").empty());
  CHECK(explain_traceback("ValueError: 3\n", "/srv/jobs").empty());
  CHECK(explain_traceback("warning: Traceback (most recent call last):\n", "/srv/jobs").empty());
}

TEST_CASE("a traceback that is cut off before the exception is none") {
  CHECK(explain_traceback("Traceback (most recent call last):\n  File \"/srv/jobs/a.py\", line 3\n",
                          "/srv/jobs")
            .empty());
}

}  // namespace spider_check
