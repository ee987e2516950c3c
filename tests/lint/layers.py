#!/usr/bin/env python3
"""Keeps the source in its layers: who may include, link and know what. CONTRIBUTING's chapter on the source and
the comments in src/*/meson.build say why.

layers.py [TOP] prints each violation as FILE:LINE: WHAT, and ends with 1 if there is one.
"""

import pathlib
import re
import sys

from sources import TOP

# What each directory of src may include of ours, beside itself.
MAY_INCLUDE = {
    "core": set(),
    "os": {"core"},
    "db": {"core"},
    "config": {"core"},
    "render": {"core"},
    "notify": {"core"},
    "send": {"os"},
    "scrapy": {"core", "os"},
    "journal": {"core", "os"},
    "app": {"core", "render"},
    "setup": {"core", "os", "db", "config", "journal", "render", "scrapy"},
}

# What each may link of others', by the names in meson.build.
MAY_LINK = {
    "db": {"soci_dep", "libpq_dep", "nlohmann_json_dep"},
    "config": {"cli11_dep", "tomlplusplus_dep", "libpq_dep"},
    "render": {"nlohmann_json_dep"},
    "notify": {"nlohmann_json_dep"},
    "send": {"libcurl_dep", "nlohmann_json_dep"},
    "scrapy": {"nlohmann_json_dep"},
    "journal": {"nlohmann_json_dep"},
    "app": {"spdlog_dep"},
}

# Which files may include which libraries: the beginning of the header, and of the file below src.
LIBRARIES = {
    "soci/": ("db/",),
    "libpq-fe.h": ("db/", "config/database_url.cpp"),
    "toml++/": ("config/",),
    "CLI/": ("config/",),
    "spdlog/": ("app/log.cpp",),
    "fmt/": ("app/log.hpp", "app/log.cpp"),
    "nlohmann/": ("render/", "db/values.cpp", "db/attempt_rows.cpp", "scrapy/", "journal/",
                  "notify/", "send/"),
    "curl/": ("send/",),
}

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


def check_own_include(name, header):
    layer, other = layer_of(name), header.split("/")[0]
    # What wires the layers is no layer itself, and lies beside them.
    if "/" not in header and layer == "":
        return None
    if "/" not in header or header.startswith("."):
        return f'"{header}" is not named from src on, like "core/run.hpp"'
    if layer in ("", other) or other in MAY_INCLUDE[layer]:
        return None
    return f"{layer} must not include {header}"


def check_library_include(name, header):
    for library, places in LIBRARIES.items():
        if header.startswith(library):
            allowed = name.as_posix().startswith(places)
            return None if allowed else f"<{header}> has no business in {name.as_posix()}"
    if STANDARD_HEADER.fullmatch(header):
        return None
    if not SYSTEM_HEADER.fullmatch(header):
        return f"<{header}> is of no library that is known here"
    if layer_of(name) == "core":
        return f"core uses the standard library only, not <{header}>"
    return None


def check_source(name, text):
    if layer_of(name) not in {"", *MAY_INCLUDE}:
        yield 1, f"src/{layer_of(name)} is no layer that is known here"
        return
    for include in INCLUDE.finditer(text):
        check = check_own_include if include[1] == '"' else check_library_include
        if found := check(name, include[2]):
            yield line_of(text, include.start()), found
    # What is included is in quotes, too.
    without_includes = INCLUDE.sub("", text)
    for position, literal in texts(without_includes):
        is_ours = layer_of(name) != "db" and not literal.startswith(EXAMPLE)
        if is_ours and (sql := SQL.search(literal)):
            what = f"SQL ({sql[0].split()[0]}…) belongs in src/db"
            yield line_of(without_includes, position), what
    if name.suffix == ".hpp" and not PRAGMA_ONCE.match(text):
        yield 1, "does not begin with #pragma once"


def check_meson(name, text):
    layer = layer_of(name)
    if layer == "":
        return
    text = re.sub(r"#[^\n]*", lambda comment: " " * len(comment[0]), text)
    allowed = {f"{other}_dep" for other in {layer, *MAY_INCLUDE.get(layer, ())}}
    allowed |= MAY_LINK.get(layer, set())
    for word in re.finditer(r"\b\w+_(?:dep|lib)\b", text):
        if word[0] not in allowed | {f"{layer}_lib"}:
            yield line_of(text, word.start()), f"{layer} must not link {word[0]}"
    for word in re.finditer(r"\b(?:dependency|find_library)\s*\(|\blink_args\b", text):
        yield line_of(text, word.start()), "libraries are found in the top meson.build"


def check(top: pathlib.Path) -> list[str]:
    src = top / "src"
    found, seen = [], 0
    for path in sorted(src.rglob("*")):
        name = path.relative_to(src)
        if path.suffix in (".cpp", ".hpp", ".h", ".in"):
            checker = check_source
        elif path.name == "meson.build":
            checker = check_meson
        else:
            continue
        seen += 1
        for line, what in checker(name, path.read_text()):
            found.append(f"src/{name.as_posix()}:{line}: {what}")
    return found if seen else [f"{src}: there is nothing to check"]


def main() -> int:
    found = check(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else TOP)
    print("\n".join(found) or "every file is in its layer")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
