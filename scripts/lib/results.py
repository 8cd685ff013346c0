#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
Counts test cases for scripts/test. Reads what the runners leave (meson's testlog.json, pytest's
JUnit file, a script's TAP) and writes one line per case: passed, failed or skipped, its name, and
why.

meson's own count is not used: it takes cmocka's skipped cases ("not ok 1 # SKIP") for failures, and
a program that dies in the middle for one failure that hides the cases that never ran.

usage: results.py meson LOG | junit FILE STATUS | tap FILE STATUS NAME | sum FILE
"""

import json
import re
import sys
import xml.etree.ElementTree as ET

PLAN = re.compile(r"1\.\.(\d+)\s*$")
POINT = re.compile(r"(not )?ok\b\s*(\d*)\s*(?:- )?(.*)$")
SKIP = re.compile(r"#\s*skip\b\S*\s*(.*)$", re.IGNORECASE)
SHOWN_LINES = 40


def tail(*texts):
    lines = "\n".join(t.rstrip() for t in texts if t).splitlines()
    return lines[-SHOWN_LINES:]


def emit(result, name, why=()):
    """One case; continuation lines of the reason begin with a tab."""
    print(f"{result}\t{name}")
    for line in why:
        print(f"\t{line}")


def tap_cases(lines):
    """(result, name, why) of each test point, and how many were announced."""
    cases, planned, said = [], 0, []
    for line in lines:
        plan, point = PLAN.match(line), POINT.match(line)
        if plan:
            planned += int(plan[1])
        elif point:
            skip = SKIP.search(point[3])
            if skip:
                cases.append(("skipped", skip[1] or point[3], said[-1:]))
            else:
                cases.append(("failed" if point[1] else "passed", point[3], []))
            said = []
        elif cases and cases[-1][0] == "failed" and line.startswith("#"):
            cases[-1][2].append(line)
        else:
            said.append(line)
    return cases, planned


def from_meson(path):
    with open(path, encoding="utf-8") as log:
        for row in map(json.loads, log):
            name = re.sub(r"^.*? / ", "", row["name"])
            out, err = row.get("stdout", ""), row.get("stderr", "")
            cases, planned = tap_cases(out.splitlines())
            if not planned:
                result = {"OK": "passed", "SKIP": "skipped"}.get(row["result"], "failed")
                why = [] if result == "passed" else tail(out, err)
                if result == "failed":
                    why = [f"{row['result']}, status {row['returncode']}"] + why
                emit(result, name, why)
                continue
            failed = False
            for result, case, why in cases:
                failed |= result == "failed"
                emit(result, f"{name}: {case}", why)
            if len(cases) != planned or (row["returncode"] != 0 and not failed):
                emit(
                    "failed", f"{name}: the program itself",
                    [f"{row['result']}, status {row['returncode']}, {len(cases)} of {planned} "
                     "cases ran"] + tail(out, err),
                )


def from_tap(path, status, name):
    """0, or 1 when there is not one case."""
    with open(path, encoding="utf-8") as tap:
        lines = tap.read().splitlines()
    cases, planned = tap_cases(lines)
    for result, case, why in cases:
        emit(result, f"{name}: {case}", why)
    if cases and (len(cases) != planned or
                  (status != 0 and all(result != "failed" for result, _, _ in cases))):
        emit("failed", f"{name} itself",
             [f"status {status}, {len(cases)} of {planned} cases ran"] + tail("\n".join(lines)))
    return 0 if cases else 1


def from_junit(path, status):
    failed = False
    count = 0
    for case in ET.parse(path).iter("testcase"):
        name = f"{case.get('classname')}: {case.get('name')}"
        bad = [c for c in case if c.tag in ("failure", "error")]
        skipped = case.find("skipped")
        count += 1
        if bad:
            failed = True
            emit("failed", name, tail(*(c.text for c in bad)))
        elif skipped is not None:
            emit("skipped", name, tail(skipped.get("message")))
        else:
            emit("passed", name)
    if count == 0 or (status != 0 and not failed):
        emit("failed", "pytest itself", [f"status {status}, {count} cases ran"])


def total(path):
    count = {"passed": 0, "failed": 0, "skipped": 0}
    with open(path, encoding="utf-8") as results:
        for line in results:
            if not line.startswith("\t"):
                count[line.split("\t")[0]] += 1
    print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")
    return 0 if count["failed"] == 0 and count["passed"] > 0 else 1


def main(argv):
    if len(argv) == 3 and argv[1] == "meson":
        return from_meson(argv[2])
    if len(argv) == 4 and argv[1] == "junit":
        return from_junit(argv[2], int(argv[3]))
    if len(argv) == 5 and argv[1] == "tap":
        return from_tap(argv[2], int(argv[3]), argv[4])
    if len(argv) == 3 and argv[1] == "sum":
        return total(argv[2])
    sys.exit(__doc__)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
