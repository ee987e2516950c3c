#!/usr/bin/env python3
"""What is wrong in any kind of file: paths of somebody's own machine, blanks at the end of a line,
tabs, a last line without its end, scripts that do not parse or that shellcheck warns of.

prose.py [TOP] prints each finding as FILE:LINE: WHAT, and ends with 1 if there is one.
"""

import pathlib
import re
import subprocess
import sys

from sources import TOP, files

# /home/me and the like are examples. Written in two parts, so that this file does not find itself.
MACHINE_PATH = re.compile(r"/(?:work|root)" + r"/|/home" + r"/(?!me\b|you\b|user\b|alice\b)\w")

# These are outputs of programs, which write what they write.
OUTPUT = re.compile(r"tests/golden/|tests/e2e/.*expected")
# And these are inputs, which are what they are.
INPUT = re.compile(r"tests/fuzz/corpus/")
MAKEFILE = re.compile(r"(?:^|/)(?:GNU)?[Mm]akefile$|\.mk$|(?:^|/)debian/rules$")


def is_text(data: bytes) -> bool:
    return b"\0" not in data


def check_lines(name: str, text: str):
    for number, line in enumerate(text.split("\n"), start=1):
        if path := MACHINE_PATH.search(line):
            yield number, f"a path of somebody's own machine: {path[0]}…"
        if OUTPUT.match(name) or INPUT.match(name):
            continue
        if line != line.rstrip(" \t\r"):
            yield number, "blanks at the end of the line"
        if "\t" in line and not MAKEFILE.search(name):
            yield number, "a tab"
    if INPUT.match(name):
        return
    if text and not text.endswith("\n"):
        yield text.count("\n") + 1, "the last line has no end"
    if text.endswith("\n\n"):
        yield text.count("\n"), "an empty line at the end"


def interpreter(name: str, text: str) -> str:
    first = text.split("\n", 1)[0] if text.startswith("#!") else ""
    if name.endswith(".py") or "python" in first:
        return "python"
    if "bash" in first:
        return "bash"
    return "sh" if name.endswith(".sh") or re.search(r"\bsh\b", first) else ""


def check_script(name: str, text: str):
    program = interpreter(name, text)
    if program == "python":
        try:
            compile(text, name, "exec")
        except SyntaxError as error:
            yield error.lineno or 1, f"Python does not parse it: {error.msg}"
    elif program:
        command = ["shellcheck", f"--shell={program}", "--severity=warning", "--format=gcc", "-"]
        checked = subprocess.run(command, input=text, text=True, capture_output=True)
        for line in checked.stdout.splitlines():
            _, number, _, what = line.split(":", 3)
            yield int(number), f"shellcheck: {what.strip()}"


def check(top: pathlib.Path) -> list[str]:
    names = files(top)
    found = []
    for path in names:
        name, data = path.as_posix(), (top / path).read_bytes()
        if not is_text(data):
            continue
        text = data.decode("utf-8", errors="replace")
        for checker in (check_lines, check_script):
            found += [f"{name}:{line}: {what}" for line, what in checker(name, text)]
    return found if names else [f"{top}: there is nothing to check"]


def main() -> int:
    found = check(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else TOP)
    print("\n".join(found) or "nothing found")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
