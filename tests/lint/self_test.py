#!/usr/bin/env python3
"""Shows that the lints find what they are there to find: each sample breaks one rule."""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import layers
import page
import prose

HERE = pathlib.Path(__file__).resolve().parent


class Tree:
    """Files in a directory of their own."""

    def __init__(self, test: unittest.TestCase, files: dict[str, str | bytes]):
        directory = tempfile.TemporaryDirectory()
        test.addCleanup(directory.cleanup)
        self.top = pathlib.Path(directory.name)
        for name, content in files.items():
            path = self.top / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())


class LayersTest(unittest.TestCase):
    # Each directory of src with what its meson.build links.
    LINKS = {
        "util": "spdlog_dep",
        "os": "util_dep",
        "schedule": "os_dep",
        "db": "schedule_dep, soci_dep",
        "report": "schedule_dep, nlohmann_json_dep",
        "config": "db_dep, report_dep, libpq_dep, tomlplusplus_dep",
    }

    def check(self, files: dict[str, str]) -> list[str]:
        tree = {
            f"src/{name}/meson.build": f"{name}_lib = static_library(dependencies: [{links}])\n"
            f"{name}_dep = declare_dependency(link_with: {name}_lib)\n"
            for name, links in self.LINKS.items()
        }
        return layers.check(Tree(self, {**tree, **files}).top)

    def test_what_is_allowed_is_not_found(self):
        found = self.check(
            {
                "src/main.cpp": '#include "report/a.hpp"\n#include "db/a.hpp"\n#include "a.hpp"\n',
                "src/util/a.hpp": '// Why.\n#pragma once\n#include <string>\n',
                "src/os/a.cpp": '#include <sys/wait.h>\n#include "util/a.hpp"\n',
                "src/db/a.cpp": '#include <soci/soci.h>\nauto a = "SELECT 1";\n',
                "src/config/url.cpp": "#include <libpq-fe.h>\n#include <toml++/toml.h>\n",
                "src/report/a.cpp": '#include <nlohmann/json.hpp>\nauto a = "select what you want";\n',
                "src/util/log.cpp": "#include <spdlog/spdlog.h>\n",
                "src/report/b.cpp": '#include "util/a.hpp"\n#include "report/b.hpp"\n'
                "// SELECT in a comment\nauto n = 10'000; auto c = '\"'; auto s = \"Updated\";\n",
                "src/config/a.cpp": '#include "db/a.hpp"\n#include "os/a.hpp"\n',
                "src/schedule/decide.cpp": "#include <chrono>\nTimePoint now = state.now;\n",
                "src/meson.build": "executable('x', dependencies: [config_dep, db_dep])\n",
            }
        )
        self.assertEqual(found, [])

    def test_each_violation_is_found(self):
        samples = [
            ("util/a.cpp", '#include "os/a.hpp"\n', "util must not include os/a.hpp"),
            ("util/a.cpp", '#  include "db/a.hpp"\n', "util must not include db/a.hpp"),
            ("os/a.hpp", '#pragma once\n#include "report/a.hpp"\n', "os must not include"),
            ("db/a.cpp", '#include "report/a.hpp"\n', "db must not include"),
            ("report/a.cpp", '#include "config/a.hpp"\n', "report must not include"),
            ("os/a.cpp", '#include "a.hpp"\n', "not named from src on"),
            ("os/a.cpp", '#include "../db/a.hpp"\n', "not named from src on"),
            ("misc/a.cpp", "int a;\n", "has no meson.build"),
            ("report/a.cpp", "#include <soci/soci.h>\n", "has no business"),
            ("os/a.cpp", "#include <libpq-fe.h>\n", "has no business"),
            ("db/a.cpp", "#include <toml++/toml.h>\n", "has no business"),
            ("main.cpp", "#include <CLI/App.hpp>\n", "has no business"),
            ("os/a.cpp", "#include <spdlog/spdlog.h>\n", "has no business"),
            ("report/a.cpp", "#include <fmt/format.h>\n", "has no business"),
            ("config/a.cpp", "#include <nlohmann/json.hpp>\n", "has no business"),
            ("main.cpp", "#include <curl/curl.h>\n", "has no business"),
            ("os/a.cpp", "#include <other/other.h>\n", "no library that is known"),
            ("os/a.cpp", "#include <QString>\n", "no library that is known"),
            ("schedule/decide.cpp", "auto n = std::chrono::steady_clock::now();\n", "reads no clock"),
            ("schedule/owner.cpp", "#include <unistd.h>\n", "does no I/O"),
            ("report/a.cpp", 'auto a = "SELECT 1";\n', "SQL (SELECT…)"),
            ("report/a.cpp", 'auto a = "select id "\n  // newest first\n  "from x";\n', "SQL"),
            ("report/a.cpp", 'auto a = R"(insert into x)";\n', "SQL"),
            ("report/a.cpp", 'auto a = R"sql(\ndelete\nfrom x)sql";\n', "SQL"),
            ("report/a.cpp", "auto c = '\"'; auto a = \"update x set y\";\n", "SQL"),
            ("report/a.cpp", "auto n = 10'000; auto a = \"drop table x\";\n", "SQL"),
            ("main.cpp", 'auto a = "pg_try_advisory_lock";\n', "SQL"),
            ("os/a.hpp", "int a;\n", "#pragma once"),
            ("os/a.hpp", "#ifndef A\n#define A\n#pragma once\n#endif\n", "#pragma once"),
            ("os/meson.build", "static_library('os', dependencies: db_dep)\n", "with each other"),
            ("os/meson.build", "x = dependency('zlib')\n", "top meson.build"),
        ]
        for name, text, expected in samples:
            with self.subTest(name=name, text=text):
                found = [line for line in self.check({f"src/{name}": text})
                         if not line.startswith(("src/db/meson", "src/schedule/meson"))]
                self.assertEqual(len(found), 1, found)
                self.assertTrue(found[0].startswith(f"src/{name}:"), found)
                self.assertIn(expected, found[0])

    def test_two_files_of_one_name_are_found(self):
        header = "#pragma once\n"
        self.assertEqual(self.check({"src/os/a.hpp": header, "src/db/a.hpp": header}),
                         ["src/os/a.hpp:1: has the name of src/db/a.hpp"])

    def test_a_violation_is_named_with_its_line(self):
        source = '#include <string>\n\n#include "db/a.hpp"\n\nauto a = "x";\nauto b = "SELECT";\n'
        places = [line.split(": ")[0] for line in self.check({"src/os/a.cpp": source})]
        self.assertEqual(places, ["src/os/a.cpp:3", "src/os/a.cpp:6"])

    def test_an_empty_tree_is_no_success(self):
        self.assertEqual(len(layers.check(Tree(self, {"README.md": "x\n"}).top)), 1)


class ProseTest(unittest.TestCase):
    def check(self, name: str, content: str | bytes) -> list[str]:
        return prose.check(Tree(self, {name: content}).top)

    def test_what_is_allowed_is_not_found(self):
        for name, text in [
            ("README.md", "In /home/me/jobs or /home/you, work/main, /var/work.\n"),
            ("Makefile", "all:\n\ttrue\n"),
            ("tests/golden/a.txt", "a \tb \n"),
            ("run", "#!/bin/bash\n[[ -e a ]]\n"),
            ("a.sh", "true\n"),
            ("a.py", "print(1)\n"),
            ("empty", ""),
        ]:
            with self.subTest(name=name):
                self.assertEqual(self.check(name, text), [])

    def test_each_fault_is_found(self):
        for name, content, expected in [
            ("a.md", "see /wo" + "rk/main\n", "machine"),
            ("a.cpp", 'auto a = "/ro' + 'ot/x";\n', "machine"),
            ("a.md", "see /ho" + "me/bob/x\n", "machine"),
            ("tests/golden/a.txt", "/ro" + "ot/x\n", "machine"),
            ("a.md", "a \n", "blanks"),
            ("a.cpp", "a\r\n", "blanks"),
            ("meson.build", "a\tb\n", "a tab"),
            ("a.md", "a", "no end"),
            ("a.md", "a\n\n", "empty line"),
            ("a.py", "def\n", "Python does not parse it"),
            ("tool", "#!/usr/bin/python3\nif:\n", "Python does not parse it"),
        ]:
            with self.subTest(name=name, content=content):
                found = self.check(name, content)
                self.assertEqual(len(found), 1, found)
                self.assertIn(expected, found[0])

    @unittest.skipUnless(shutil.which("shellcheck"), "shellcheck is missing")
    def test_what_shellcheck_finds_in_a_script_is_told(self):
        for name, content, line in [("a.sh", "if true\n", 1), ("tool", "#!/bin/bash\n[[ a\n", 2),
                                    ("tool", "#!/bin/sh\n\nread a < $(ls *)\n", 3)]:
            with self.subTest(name=name, content=content):
                found = self.check(name, content)
                self.assertTrue(found)
                self.assertTrue(found[0].startswith(f"{name}:{line}: shellcheck: "), found)


@unittest.skipUnless(shutil.which("tsc") and shutil.which("tidy"), "tsc or tidy is missing")
class PageTest(unittest.TestCase):
    html = "<!DOCTYPE html>\n<html lang=\"en\"><head><title>a</title></head><body><p>b</p>%s</body></html>\n"

    def check(self, script: str, html: str = "") -> list[str]:
        files = {"src/report/page/page.js": script, "src/report/page/page.html": self.html % html}
        return page.check(Tree(self, files).top)

    def test_what_is_right_is_not_found(self):
        self.assertEqual(self.check("(() => { const a = 1; window.alert(String(a)); })();\n"), [])

    def test_each_fault_is_found(self):
        script = "nosuchname(1);\nconst unused = 1;\n(() => { return 1; window.alert('2'); })();\nunused2 = 1;\n"
        script += "const f = () => 1; f(2);\n"
        html = '<div><nosuch>a</nosuch><p id="a">b</p><p id="a">c</p>'
        found = "\n".join(self.check(f"(() => {{\n{script}}})();\n", html))
        for expected in [
            "(2,1): error TS2304: Cannot find name 'nosuchname'",
            "'unused' is declared but its value is never read",
            "Unreachable code detected",
            "Cannot find name 'unused2'",
            "Expected 0 arguments, but got 1",
            "missing </div>",
            "<nosuch> is not recognized",
            '"a" already defined',
        ]:
            with self.subTest(expected=expected):
                self.assertIn(expected, found)


class FormatTest(unittest.TestCase):
    def run_format(self, files: dict[str, str]) -> int:
        style = {".clang-format": "BasedOnStyle: Google\n"}
        top = Tree(self, style | files).top
        return subprocess.run(
            [sys.executable, "-B", HERE / "format.py", top], capture_output=True
        ).returncode

    def test_what_is_formatted_is_not_found(self):
        self.assertIn(self.run_format({"a.cpp": "int a;\n"}), (0, 77))

    def test_what_is_not_formatted_is_found(self):
        for name in ("a.cpp", "src/a.hpp"):
            self.assertIn(self.run_format({name: "int  a ;\n"}), (1, 77))

    def test_an_empty_tree_is_no_success(self):
        self.assertEqual(self.run_format({}), 1)


if __name__ == "__main__":
    unittest.main()
