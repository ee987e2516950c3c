#!/usr/bin/env python3
"""Holds every C++ file against .clang-format.

format.py [TOP] shows what clang-format would change, and ends with 1 if there is anything; to let it:
clang-format -i FILE…
"""

import pathlib
import shutil
import subprocess
import sys

from sources import TOP, files

SKIPPED = 77  # for Meson


def main() -> int:
    top = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else TOP
    names = [str(name) for name in files(top) if name.suffix in (".cpp", ".hpp", ".h")]
    if not names:
        print(f"{top}: there is nothing to check")
        return 1
    if not shutil.which("clang-format"):
        print("clang-format is missing: apt install clang-format")
        return SKIPPED
    command = ["clang-format", "--dry-run", "-Werror", "--style=file", *names]
    changed = subprocess.run(command, cwd=top).returncode != 0
    if not changed:
        print(f"{len(names)} files are as .clang-format says")
    return int(changed)


if __name__ == "__main__":
    sys.exit(main())
