# SPDX-License-Identifier: BSD-3-Clause
"""
What a run of scripts/bench leaves: a table to read, JSON to compare, CSV to compute with, and bars
as SVG where gnuplot is installed; all in one folder.
"""

import csv
import io
import json
import shutil
import statistics
import subprocess
import sys

from bench_case import known_to_pmd
from bench_machine import summary
from bench_stats import METHOD, cost_of, figure, plain, ratio_of, time_of
from bench_targets import as_dict, missed

COLUMNS = ("direct", "pmd", "testpmd")
VERSION = 1  # of the JSON

BARS = """set terminal svg size {width},480 dynamic background '#ffffff'
set output '{svg}'
set datafile separator '\\t'
set title '{title}'
set ylabel 'ns per packet'
set style data histogram
set style histogram errorbars gap 1 lw 1
set style fill solid 0.6
set xtics rotate by -40
set grid ytics
set key top left
set yrange [*<0:*]
plot {plots}
"""


def figures_of(row, rounds, lost, names):
    """What is told of one row: time and cost of each program, the ratio of costs."""
    told = {"row": str(row), **row.as_dict(), "time_ns": {}, "cost_ns": {}, "lost": {}}
    for name in names:
        here = (name, row)
        shares = [one[here] for one in lost if here in one]
        if shares:
            told["lost"][name] = statistics.median(shares)
        found = figure(rounds, time_of(here))
        if found is None:
            continue
        told["time_ns"][name] = plain(found)
        cost = None if row.place.bare else figure(rounds, cost_of(here, (name, row.floor)))
        if cost is not None:
            told["cost_ns"][name] = plain(cost)
    for other in ("testpmd", "pmd"):
        if {"direct", other} <= set(told["cost_ns"]) and known_to_pmd(row.place):
            found = figure(rounds, ratio_of(cost_of(("direct", row), ("direct", row.floor)),
                                            cost_of((other, row), (other, row.floor))))
            told[f"cost_direct_to_{other}"] = plain(found)
    told["rounds_ns"] = {name: [one.get((name, row)) for one in rounds] for name in names}
    return told


def cell(found, form=".2f"):
    """value [low high], or a dash."""
    if not found or found["value"] is None:
        return "-"
    ends = ("inf" if found[end] is None else format(found[end], form) for end in ("low", "high"))
    return f"{found['value']:{form}} [{' '.join(ends)}]"


def table(result):
    """The lines that are printed."""
    names = [name for name in COLUMNS if name in result["programs"]]
    width = max([24] + [len(told["row"]) for told in result["rows"]]) + 2
    head = f"{'':{width}}" + "".join(f"{'cost ' + n:>24}" for n in names)
    head += f"{'direct : testpmd':>24}" + "".join(f"{'ns ' + n:>12}" for n in names)
    lines = ["cost of bonding: ns per packet over the bare port [95 % interval]; and ns per packet",
             head] if result["rows"] else []
    family = None
    for told in result["rows"]:
        if told["family"] != family:
            family = told["family"]
            lines.append(f"{family}:")
        line = f"{told['row']:{width}}"
        line += "".join(f"{cell(told['cost_ns'].get(n)):>24}" for n in names)
        line += f"{cell(told.get('cost_direct_to_testpmd')):>24}"
        for name in names:
            found = told["time_ns"].get(name)
            line += f"{found['value']:>12.2f}" if found else f"{'-':>12}"
        if max(told["lost"].values(), default=0) > 0.02:
            line += f"  disturbed: {max(told['lost'].values()):.0%} refused"
        lines.append(line)
    lines += result.get("notes", [])
    lines += target_lines(result)
    lines += [f"not measurable: {what}: {why}" for what, why in result["not_measurable"].items()]
    lines += [f"{result['rounds']} rounds; intervals: {METHOD}", *summary(result["machine"])]
    return lines


def target_lines(result):
    """Every target with what was reached, those below it marked and counted."""
    if not result["targets"]:
        return []
    lines = [f"{'target':34}{'':28}{'':>10}  reached"]
    for one in result["targets"]:
        mark = "" if one["met"] else "  missed"
        reached = cell(one if "value" in one else None)
        lines.append(f"{one['what']:34}{one['row']:28}{one['relation'] + ' ' + format(one['target'], '.2f'):>10}"
                     f"  {reached}{mark}")
    lines.append(f"missed: {len(result['missed'])} of {len(result['targets'])} "
                 "(a target is met by the worse end of its interval)")
    return lines + [""]


def csv_text(result):
    """One line per row and program."""
    out = io.StringIO()
    keys = ("family", "row", "mode", "policy", "members", "engine", "burst", "size", "flows")
    write = csv.writer(out, lineterminator="\n")
    write.writerow([*keys, "program", "time_ns", "time_low", "time_high",
                    "cost_ns", "cost_low", "cost_high", "lost"])
    for told in result["rows"]:
        for name, found in told["time_ns"].items():
            cost = told["cost_ns"].get(name) or {}
            write.writerow([*(told[key] for key in keys), name,
                            *(found[key] for key in ("value", "low", "high")),
                            *(cost.get(key, "") for key in ("value", "low", "high")),
                            told["lost"][name]])
    return out.getvalue()


def plot(result, out):
    """Bars of the costs of each engine; a note where there is no gnuplot."""
    if shutil.which("gnuplot") is None:
        print("bench: no gnuplot here, no plots (scripts/deps install bench)", file=sys.stderr)
        return
    for engine in sorted({told["engine"] for told in result["rows"]}):
        rows = [told for told in result["rows"] if told["engine"] == engine and told["cost_ns"]]
        if not rows:
            continue
        data = out / f"cost-{engine}.tsv"
        names = [name for name in COLUMNS if name in result["programs"]]
        with open(data, "w") as file:
            for told in rows:
                cells = [told["row"].replace(f" {engine}", "")]
                for name in names:
                    cost = told["cost_ns"].get(name)
                    cells += ["nan" if not cost or cost[key] is None else f"{cost[key]:.4f}"
                              for key in ("value", "low", "high")]
                file.write("\t".join(cells) + "\n")
        plots = ", ".join(
            f"'{data}' using {3 * i + 2}:{3 * i + 3}:{3 * i + 4}:xtic(1) title '{name}'"
            for i, name in enumerate(names)
        )
        words = BARS.format(svg=out / f"cost-{engine}.svg", title=f"cost of bonding, {engine}",
                            width=480 + 60 * len(rows), plots=plots)
        done = subprocess.run(["gnuplot"], input=words, text=True, capture_output=True, check=False)
        if done.returncode != 0:
            print(f"bench: gnuplot: {done.stderr.strip()}", file=sys.stderr)


def result_of(kind, families, judged, machine, not_measurable, rounds):
    """Everything, as JSON has it."""
    rows, names = [], []
    for family in families:
        names += [name for name in family.names if name not in names]
        rows += [{"family": family.title,
                  **figures_of(row, family.rounds, family.lost, family.names)}
                 for row in family.rows]
    return {
        "version": VERSION, "kind": kind, "machine": machine, "programs": names,
        "rounds": rounds, "interval": METHOD, "rows": rows,
        "targets": [as_dict(one) for one in judged], "missed": missed(judged),
        "not_measurable": not_measurable,
    }


def write(result, out):
    """The folder; prints the table."""
    out.mkdir(parents=True, exist_ok=True)
    text = "\n".join(table(result)) + "\n"
    (out / "table.txt").write_text(text)
    (out / "result.json").write_text(json.dumps(result, indent=1, allow_nan=False) + "\n")
    (out / "result.csv").write_text(csv_text(result))
    plot(result, out)
    print(text, end="")
    print(f"in {out}: " + " ".join(sorted(path.name for path in out.iterdir())))
