#!/usr/bin/env python3
"""Writes a C++ file that holds the page's style, script and shapes: embed.py OUTPUT page.css page.js marks.svg"""

import base64
import hashlib
import pathlib
import sys

# What a compiler takes for one text is limited.
LONGEST = 15_000


def literals(text: str) -> str:
    pieces = [text[at:at + LONGEST] for at in range(0, len(text), LONGEST)]
    return "\n".join(f'R"~~~({piece})~~~"' for piece in pieces)


def function(name: str, path: pathlib.Path) -> str:
    text = path.read_text(encoding="utf-8")
    if ")~~~" in text or "</style" in text or "</script" in text:
        sys.exit(f"{path}: it cannot be embedded with what it says of itself")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return (
        f"PageAsset {name}() noexcept {{\n"
        f'  return {{{literals(text)},\n          "sha256-{digest}"}};\n'
        "}\n\n"
    )


def main() -> None:
    output, *inputs = map(pathlib.Path, sys.argv[1:])
    output.write_text(
        '#include "render/page_assets.hpp"\n\n'
        "namespace spider_check::render {\n\n"
        + "".join(map(function, ("page_style", "page_script", "page_shapes"), inputs))
        + "}  // namespace spider_check::render\n",
        encoding="utf-8",
    )


main()
