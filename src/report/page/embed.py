#!/usr/bin/env python3
"""Writes a C++ file that holds the page: embed.py OUTPUT page.html page.css page.js

The style and the script go into the document, and their hashes into its content security policy. The document
is cut where the program fills something in.
"""

import base64
import hashlib
import pathlib
import sys

# A compiler limits the length of one literal.
MAX_LITERAL = 15_000
STYLE = '<link rel="stylesheet" href="page.css">'
SCRIPT = '<script src="page.js"></script>'
POLICY = "style-src 'self'; script-src 'self'"
FILLED_IN = ("<!-- title -->", "<!-- without JavaScript -->", "<!-- data -->")


def source_of(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def replace_one(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        sys.exit(f"page.html: {old} is there {text.count(old)} times, not once")
    return text.replace(old, new)


def whole(html: str, style: str, script: str) -> str:
    if "</style" in style or "</script" in script or "<!--" in style + script:
        sys.exit("page.css and page.js must not hold an end tag of their own, or a comment of HTML")
    html = replace_one(html, POLICY, f"style-src {source_of(style)}; script-src {source_of(script)}")
    html = replace_one(html, STYLE, f"<style>{style}</style>")
    return replace_one(html, SCRIPT, f"<script>{script}</script>")


def pieces(html: str) -> list[str]:
    found = []
    for mark in FILLED_IN:
        piece, there, html = html.partition(mark)
        if not there:
            sys.exit(f"page.html: {mark} is missing, or not in its place")
        found.append(piece)
    return [*found, html]


def literal(text: str) -> str:
    if ")~~~" in text:
        sys.exit('the page must not hold ")~~~"')
    parts = [text[at:at + MAX_LITERAL] for at in range(0, len(text), MAX_LITERAL)]
    return "\n".join(f'R"~~~({part})~~~"' for part in parts)


def main() -> None:
    output, *inputs = map(pathlib.Path, sys.argv[1:])
    html = whole(*(path.read_text(encoding="utf-8") for path in inputs))
    output.write_text(
        '#include "report/page.hpp"\n\n'
        "namespace spider_check {\n\n"
        "PageDocument page_document() noexcept {\n"
        f"  return {{{', '.join(map(literal, pieces(html)))}}};\n"
        "}\n\n"
        "}  // namespace spider_check\n",
        encoding="utf-8",
    )


main()
