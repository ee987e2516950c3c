#!/usr/bin/python3
"""Counts the test cases of a run of tests/run: count.py BUILDS FAILED_STEP…

Reads what the test programs said of themselves (Meson's logs of doctest programs, pytest's XML). The
last line is "N passed, N failed, N skipped"; the exit status is 1 if anything failed or nothing ran.
"""

import json
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

DOCTEST = re.compile(r"test cases: +(\d+) \| +(\d+) passed \| +(\d+) failed \| +(\d+) skipped")


def count_meson(log: pathlib.Path) -> tuple[int, int, int]:
    passed = failed = skipped = 0
    for line in log.read_text().splitlines():
        test = json.loads(line)
        said = DOCTEST.search(test.get("stdout", ""))
        if said:
            passed += int(said[2])
            skipped += int(said[4])
            # A program that died in mid-run has failed, however many cases it had counted.
            failed += int(said[3]) or int(test["result"] not in ("OK", "EXPECTEDFAIL"))
        elif test["result"] == "SKIP":
            skipped += 1
        else:
            passed += test["result"] == "OK"
            failed += test["result"] != "OK"
    return passed, failed, skipped


def count_pytest(file: pathlib.Path) -> tuple[int, int, int]:
    suite = ElementTree.parse(file).getroot().find("testsuite")
    tests, skipped = int(suite.get("tests")), int(suite.get("skipped"))
    failed = int(suite.get("failures")) + int(suite.get("errors"))
    return tests - failed - skipped, failed, skipped


def main() -> int:
    builds, failed_steps = pathlib.Path(sys.argv[1]), sys.argv[2:]
    counts = [count_meson(log) for log in builds.glob("*/meson-logs/*.json")]
    counts += [count_pytest(file) for file in builds.glob("logs/*.xml")]
    passed, failed, skipped = (sum(column) for column in zip((0, 0, 0), *counts))
    # A step can fail without a test that did: a build, or a program that never got to its tests.
    failed = max(failed, len(failed_steps))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    # A skipped test shows nothing, so it must not look like one that passed.
    return int(failed > 0 or skipped > 0 or passed == 0)


sys.exit(main())
