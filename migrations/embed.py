#!/usr/bin/env python3
"""Writes a C++ file that holds every migration: embed.py OUTPUT NNNN_name.sql …"""

import hashlib
import pathlib
import re
import sys


def row(path: pathlib.Path, expected: int) -> str:
    match = re.fullmatch(r"(\d{4})_([a-z0-9_]+)\.sql", path.name)
    if not match or int(match[1]) != expected:
        sys.exit(f"{path}: expected a file named {expected:04d}_name.sql")
    data = path.read_bytes()
    text = data.decode("ascii")
    checksum = hashlib.sha256(data).hexdigest()
    return f'    {{{expected}, "{match[2]}", "{checksum}", R"~~~({text})~~~"}},\n'


def main() -> None:
    output, *inputs = map(pathlib.Path, sys.argv[1:])
    rows = "".join(row(path, number) for number, path in enumerate(inputs, start=1))
    output.write_text(
        '#include "db/migrator.hpp"\n\n'
        "namespace spider_check {\n\n"
        "namespace {\n\n"
        f"constexpr Migration all[] = {{\n{rows}}};\n\n"
        "}  // namespace\n\n"
        "std::span<const Migration> migrations() noexcept { return all; }\n\n"
        "}  // namespace spider_check\n"
    )


main()
