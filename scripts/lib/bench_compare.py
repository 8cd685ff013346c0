# SPDX-License-Identifier: BSD-3-Clause
"""
scripts/bench compare A.json B.json: what got slower from A to B beyond noise.

A row of a program is slower when the interval of its cost of bonding in B lies above that in A
(where there is no cost: of its time per packet). Status: 0 nothing got slower, 1 something did, 2
the files can't be compared. The time of different machines says nothing: then only what is the same
in both is told, with a warning.
"""

import argparse
import json
import sys
from pathlib import Path

from bench_output import VERSION

SAME = ("cpu", "lcores", "hugepages", "dpdk", "kernel")


def read(path):
    """A result; ValueError with the reason."""
    try:
        result = json.loads(Path(path).read_text())
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise ValueError(f"{path}: no JSON: {error}") from None
    if not isinstance(result, dict) or result.get("version") != VERSION:
        raise ValueError(f"{path}: no result of scripts/bench of version {VERSION}")
    return result


def figures(result):
    """{(family, row, program, what): figure}; a cost where there is one, else a time."""
    found = {}
    for told in result["rows"]:
        for name, time_ns in told["time_ns"].items():
            cost = told["cost_ns"].get(name)
            found[told["family"], told["row"], name, "cost" if cost else "time"] = cost or time_ns
    return found


def changed(before, after):
    """[(key, before, after, verdict)] of what both have; verdict: slower, faster or same."""
    found = []
    for key, a in figures(before).items():
        b = figures(after).get(key)
        if b is None:
            continue
        verdict = "same"
        if None in (a["low"], a["high"], b["low"], b["high"]):
            pass  # an end that is nowhere tells nothing
        elif b["low"] > a["high"]:
            verdict = "slower"
        elif b["high"] < a["low"]:
            verdict = "faster"
        found.append((key, a, b, verdict))
    return found


def shown(figure):
    return f"{figure['value']:.2f} [{figure['low']:.2f} {figure['high']:.2f}]"


def main(argv):
    parser = argparse.ArgumentParser(prog="bench compare", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", metavar="A.json")
    parser.add_argument("after", metavar="B.json")
    args = parser.parse_args(argv)
    try:
        before, after = read(args.before), read(args.after)
    except ValueError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    for key in SAME:
        if before["machine"].get(key) != after["machine"].get(key):
            print(f"warning: another {key}: {before['machine'].get(key)}, "
                  f"{after['machine'].get(key)}")
    rows = changed(before, after)
    if not rows:
        print("bench: the two have no row in common", file=sys.stderr)
        return 2
    order = {"slower": 0, "faster": 1, "same": 2}
    counts = dict.fromkeys(order, 0)
    for (family, row, name, what), a, b, verdict in sorted(rows, key=lambda one: order[one[3]]):
        counts[verdict] += 1
        if verdict != "same":
            print(f"{verdict}  {family}: {row}, {name}: {what} {shown(a)} -> {shown(b)} ns")
    print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    return 1 if counts["slower"] else 0
