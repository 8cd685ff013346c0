# SPDX-License-Identifier: BSD-3-Clause
"""The figures of scripts/bench failover as a table and as JSON."""

import math
import os
import platform
import statistics

from bench_console import cpu_model

NS_PER_MS = 1_000_000
TARGET_MS = 2.0  # of vfbond's direct path: from the notification to the other member, median

# The measured columns: key in a pull's figures, head, decimals, and what a unit of it is.
COLUMNS = (
    ("last_on_dead_ns", "last on dead", 2, NS_PER_MS),
    ("first_on_other_ns", "first on other", 2, NS_PER_MS),
    ("gap_ns", "gap", 2, NS_PER_MS),
    ("unnoticed_ns", "unnoticed", 2, NS_PER_MS),
    ("no_cpu_ns", "no CPU", 2, NS_PER_MS),
    ("asleep_ns", "asleep", 0, NS_PER_MS),
    ("quiet_gap_ns", "gap, no pull", 2, NS_PER_MS),
    ("lost", "lost", 0, 1),
    ("stale", "stale", 0, 1),
)


def summary(figures):
    """Median and worst of each column."""
    return {
        key: (statistics.median(f[key] for f in figures), max(f[key] for f in figures))
        for key, *_ in COLUMNS
    }


def cell(pair, decimals, unit, args):
    """Median and worst as text."""
    never = f"not within {args.deadline:g} s"
    shown = [never if math.isinf(v) else f"{v / unit:.{decimals}f}" for v in pair]
    return never if shown == [never, never] else " / ".join(shown)


def label(path):
    """What the table calls a path."""
    return path if path == "testpmd" else f"vfbond {path}"


def table(results, args):
    """The end of the text output."""
    rows = [["path", "mode", "pulls", *(head for _, head, *_ in COLUMNS), ""]]
    for path, figures in results.items():
        for disturbed in (False, True):
            some = [f for f in figures if f["disturbed"] == disturbed]
            if not some:
                continue
            made = summary(some)
            cells = [cell(made[key], decimals, unit, args) for key, _, decimals, unit in COLUMNS]
            missed = path == "direct" and made["first_on_other_ns"][0] > TARGET_MS * NS_PER_MS
            mark = "disturbed" if disturbed else "below target" if missed else ""
            rows.append([label(path), args.mode, str(len(some)), *cells, mark])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(word.ljust(width) for word, width in zip(row, widths)).rstrip())
    print(f"median / worst; times in ms; {args.rate} datagrams/s; target of vfbond direct: "
          f"{TARGET_MS:g} ms to the first on other at the median")


def as_json(results, args):
    """All figures; null for a failover that did not come."""

    def finite(value):
        return None if isinstance(value, float) and math.isinf(value) else value

    rows = []
    for path, figures in results.items():
        made = {}
        for name, disturbed in (("undisturbed", False), ("disturbed", True)):
            some = [f for f in figures if f["disturbed"] == disturbed]
            made[name] = {"pulls": len(some)}
            for key, (median, worst) in (summary(some) if some else {}).items():
                made[name][key] = {"median": finite(median), "worst": finite(worst)}
        pulls = [{key: finite(value) for key, value in f.items()} for f in figures]
        rows.append({"path": label(path), "mode": args.mode, **made, "pulls": pulls})
    return {
        "host": platform.node(), "cpu": cpu_model(), "cpus": os.cpu_count(), "rate": args.rate,
        "deadline_s": args.deadline, "target_ms": TARGET_MS, "paths": rows,
    }
