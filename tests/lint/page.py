#!/usr/bin/env python3
"""Holds the page's script against TypeScript's checker, and its HTML and style against tidy.

page.py [TOP] prints what they find, and ends with 1 if there is anything.
"""

import pathlib
import shutil
import subprocess
import sys

from sources import TOP

SKIPPED = 77  # for Meson
PAGE = pathlib.Path("src/report/page")

# Names that are not there, locals that nothing uses, code that is never reached, wrong numbers of arguments.
SCRIPT = ["tsc", "--noEmit", "--allowJs", "--checkJs", "--target", "es2022", "--lib", "es2022,dom,dom.iterable",
          "--noUnusedLocals", "--noUnusedParameters", "--noImplicitReturns",
          "--allowUnreachableCode", "false", "--alwaysStrict"]
# tidy takes HTML 5; a title may be a comment that the program fills in, and a table empty.
HTML = ["tidy", "-quiet", "-errors", "-utf8", "--doctype", "html5", "--warn-proprietary-attributes", "yes"]


def check(top: pathlib.Path) -> list[str]:
    found = []
    for command in ([*SCRIPT, str(PAGE / "page.js")], [*HTML, str(PAGE / "page.html")]):
        result = subprocess.run(command, cwd=top, text=True, capture_output=True)
        said = (result.stdout + result.stderr).splitlines()
        found += said or ([f"{command[0]}: exit status {result.returncode}"] if result.returncode else [])
    return found


def main() -> int:
    for program, package in (("tsc", "node-typescript"), ("tidy", "tidy")):
        if not shutil.which(program):
            print(f"{program} is missing: apt install {package}")
            return SKIPPED
    found = check(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else TOP)
    print("\n".join(found) or "nothing found")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
