#!/usr/bin/env python3
"""Keeps the source in its layers. A directory of src may include what its meson.build links it with,
and nothing else says so; SQL is in src/db alone; rules do no I/O and read no clock.

layers.py [TOP] prints each violation as FILE:LINE: WHAT, and ends with 1 if there is one.
"""

import collections
import pathlib
import re
import sys

from sources import TOP

# The library of each header that is not ours, as the top meson.build names it.
LIBRARIES = {
    "soci/": "soci_dep",
    "libpq-fe.h": "libpq_dep",
    "toml++/": "tomlplusplus_dep",
    "CLI/": "cli11_dep",
    "spdlog/": "spdlog_dep",
    "fmt/": "spdlog_dep",
    "nlohmann/": "nlohmann_json_dep",
    "curl/": "libcurl_dep",
}

# Rules: what they are given is all that they know.
PURE = {"schedule/decide", "schedule/owner", "schedule/delay", "run/verdict", "notify/rules"}
IMPURE = re.compile(r"\b(?:system_clock|steady_clock)::now\b|#\s*include\s*<(?:fstream|thread|[\w/]+\.h)>")

# An example for people, which the program itself never sends.
EXAMPLE = "check_sql = "

STANDARD_HEADER = re.compile(r"[a-z_]+")
SYSTEM_HEADER = re.compile(r"((sys|linux|netinet|arpa)/)?[a-z0-9_]+\.h")

# A statement, or one of its words as only SQL writes it.
SQL = re.compile(
    r"\b(?:SELECT|INSERT|UPDATE|DELETE|FROM|WHERE|JOIN|VALUES|RETURNING|BEGIN|COMMIT|ROLLBACK)\b"
    r"|(?i:\bselect\b.*\bfrom\b|\binsert\s+into\b|\bupdate\s+\w+\s+set\b|\bdelete\s+from\b"
    r"|\b(?:create|alter|drop)\s+(?:table|index|schema|type|function|unique|sequence)\b"
    r"|\bpg_(?:try_)?advisory_\w+|\bpg_\w+\s*\()",
    re.DOTALL,
)

# The tokens that matter for finding text in quotes; names and numbers only so that an R before a
# quote and the ' in 10'000 are not taken for something else.
TOKEN = re.compile(
    r'(?P<comment>//[^\n]*|/\*.*?\*/)|R"(?P<mark>[^()\s]*)\((?P<raw>.*?)\)(?P=mark)"'
    r'|"(?P<text>(?:\\.|[^"\\\n])*)"'
    r"|'(?:\\.|[^'\\\n])+'|\d[\w.]*(?:'[\w.]+)*|[A-Za-z_]\w*|(?P<space>\s+)|.",
    re.DOTALL,
)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
PRAGMA_ONCE = re.compile(r"\A(?:\s|//[^\n]*\n|/\*.*?\*/)*#pragma once\n", re.DOTALL)


def line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def texts(source: str):
    """The texts in quotes with their positions; neighbours, which the compiler joins, as one."""
    start, joined = 0, None
    for token in TOKEN.finditer(source):
        value = token["raw"] if token["raw"] is not None else token["text"]
        if value is not None:
            start = start if joined is not None else token.start()
            joined = (joined or "") + value
        elif token["comment"] is None and token["space"] is None and joined is not None:
            yield start, joined
            joined = None
    if joined is not None:
        yield start, joined


def layer_of(name: pathlib.PurePath) -> str:
    return name.parts[0] if len(name.parts) > 1 else ""


class Links:
    """What each directory of src is linked with, as its meson.build has it."""

    def __init__(self, src: pathlib.Path):
        self.direct = {
            path.parent.name: set(re.findall(r"\b(\w+_dep)\b(?! =)", self.code(path)))
            for path in src.glob("*/meson.build")
        }

    @staticmethod
    def code(path: pathlib.Path) -> str:
        return re.sub(r"#[^\n]*", lambda comment: " " * len(comment[0]), path.read_text())

    def below(self, layer: str) -> set[str]:
        """The directories that this one may include, itself among them."""
        seen, left = set(), [layer]
        while left:
            name = left.pop()
            if name not in seen and name in self.direct:
                seen.add(name)
                left += [dep.removesuffix("_dep") for dep in self.direct[name]]
        return seen


def check_own_include(links, name, header):
    layer, other = layer_of(name), header.split("/")[0]
    # What wires the layers is no layer itself, and lies beside them.
    if "/" not in header and layer == "":
        return None
    if "/" not in header or header.startswith("."):
        return f'"{header}" is not named from src on, like "schedule/run.hpp"'
    if layer == "" or other in links.below(layer):
        return None
    return f"{layer} must not include {header}: its meson.build does not link it"


def check_library_include(links, name, header):
    for library, dependency in LIBRARIES.items():
        if header.startswith(library):
            allowed = dependency in links.direct.get(layer_of(name), ())
            return None if allowed else f"<{header}> has no business in {name.as_posix()}"
    if STANDARD_HEADER.fullmatch(header) or SYSTEM_HEADER.fullmatch(header):
        return None
    return f"<{header}> is of no library that is known here"


def check_source(links, name, text):
    if layer_of(name) not in {"", *links.direct}:
        yield 1, f"src/{layer_of(name)} has no meson.build"
        return
    for include in INCLUDE.finditer(text):
        check = check_own_include if include[1] == '"' else check_library_include
        if found := check(links, name, include[2]):
            yield line_of(text, include.start()), found
    if name.with_suffix("").as_posix() in PURE and (found := IMPURE.search(text)):
        yield line_of(text, found.start()), f"a rule does no I/O and reads no clock: {found[0]}"
    # What is included is in quotes, too.
    without_includes = INCLUDE.sub("", text)
    for position, literal in texts(without_includes):
        is_ours = layer_of(name) != "db" and not literal.startswith(EXAMPLE)
        if is_ours and (sql := SQL.search(literal)):
            what = f"SQL ({sql[0].split()[0]}…) belongs in src/db"
            yield line_of(without_includes, position), what
    if name.suffix == ".hpp" and not PRAGMA_ONCE.match(text):
        yield 1, "does not begin with #pragma once"


def check_meson(links, name, text):
    layer = layer_of(name)
    if layer == "":
        return
    # An arrow that comes back would let each include the other.
    for dep in sorted(links.direct[layer]):
        other = dep.removesuffix("_dep")
        if other != layer and layer in links.below(other):
            yield 1, f"{layer} and {other} are linked with each other"
    for word in re.finditer(r"\b(?:dependency|find_library)\s*\(|\blink_args\b", text):
        yield line_of(text, word.start()), "libraries are found in the top meson.build"


def check_names(src):
    """A file is one noun, and no two have the same."""
    names = collections.defaultdict(list)
    for path in sorted(src.rglob("*.hpp")):
        names[path.name].append(path.relative_to(src).as_posix())
    for places in names.values():
        if len(places) > 1:
            yield f"src/{places[1]}:1: has the name of src/{places[0]}"


def check(top: pathlib.Path) -> list[str]:
    src = top / "src"
    links = Links(src)
    found, seen = list(check_names(src)), 0
    for path in sorted(src.rglob("*")):
        name = path.relative_to(src)
        if path.suffix in (".cpp", ".hpp", ".h", ".in"):
            checked = check_source(links, name, path.read_text())
        elif path.name == "meson.build":
            checked = check_meson(links, name, links.code(path))
        else:
            continue
        seen += 1
        found += [f"src/{name.as_posix()}:{line}: {what}" for line, what in checked]
    return found if seen else [f"{src}: there is nothing to check"]


def main() -> int:
    found = check(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else TOP)
    print("\n".join(found) or "every file is in its layer")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
