# SPDX-License-Identifier: BSD-3-Clause
"""
scripts/bench scale: what a second worker adds, and whether a packet costs the same over 1 to 8
members.

Two workers: vfbond and dpdk-testpmd forward (io) over a bond of two net_null members in balance-xor
with layer3+4, first with one queue and one worker, then with two of each; the control thread sleeps
in poll() and shares the first CPU with the second worker (--lcores 0@0,1@1 and 0@0,1@0,2@1). Each has
the CPUs for itself, and the wall's clock counts. The share of its CPU that each worker had is
printed; a round in which one had less than 95 % is marked disturbed and repeated. What the workers
would have done with a whole CPU each, by the time that they really ran, is printed beside it: it
shows what they cost each other, if not what a busy machine took from them.

Members: the cost of bonding with 1, 2, 3, 4 and 8 members, as scripts/bench sweep measures it; it is
flat when none is more than 10 % above the mean of all.
"""

import contextlib
import os
import sys
import time

from bench_case import BARE, Place, places
from bench_drive import null_devices, started
from bench_machine import describe
from bench_options import ROUNDS, finished, number, parsed, parser_of, setup_of
from bench_output import result_of
from bench_run import FILL_S, Family, Pace, rows_of, run_family
from bench_stats import cost_of, figure, median, ratio, ratio_of
from bench_targets import AT_LEAST, AT_MOST, FLAT, TWO_WORKERS, Judged, meets

WHOLE = 0.95  # of its CPU
REPEATS = 2
WARM_UP_S = 0.1
MEMBERS = (1, 2, 3, 4, 8)
PLACE = Place(2, "layer3+4", 2)


def layouts(cpus):
    """{workers: EAL's --lcores} of one worker and of two."""
    first, second = cpus[0], cpus[-1 if len(cpus) < 2 else 1]
    return {1: f"0@{first},1@{second}", 2: f"0@{first},1@{first},2@{second}"}


def forward(driver, row, seconds):
    """(packets per second, per second of the workers' time, share of its CPU of each worker)."""
    driver.enter(row.place)
    # Real frames in the buffers, of which a hash can be made.
    driver.fill(FILL_S)
    driver.begin(row)
    driver.await_traffic(row)
    time.sleep(WARM_UP_S)
    since, ran, first = time.monotonic(), driver.clock.each(), driver.counted(row)
    time.sleep(seconds)
    last, ran_to, until = driver.counted(row), driver.clock.each(), time.monotonic()
    driver.end()
    driver.leave()
    took = [b - a for a, b in zip(ran, ran_to)]
    wall = until - since
    whole = (last - first) / sum(took) * len(took) if sum(took) else 0
    return (last - first) / wall, whole, [t / wall for t in took]


def once(name, workers, lcores, args, work):
    """One program with so many workers."""
    setup = setup_of(args, queues=workers, lcores=lcores)
    devices = null_devices(2)
    extra = [f"--nb-cores={workers}"]
    row = rows_of([PLACE], ["io"])[0]
    with contextlib.ExitStack() as stack:
        driver = started(name, args.paths, devices, setup, work / name, extra)
        stack.enter_context(driver.program)
        found = forward(driver, row, args.seconds)
        driver.close()
    return found


def two_beside_one(args, work):
    """[{program: {workers: (rate, whole, shares, disturbed)}}] of each round."""
    lcores = layouts(sorted(os.sched_getaffinity(0)))
    rounds = []
    for turn in range(args.rounds):
        found = {}
        for name in args.programs:
            for workers in (1, 2) if turn % 2 == 0 else (2, 1):
                tries = []
                while not tries or (min(tries[-1][2]) < WHOLE and len(tries) <= REPEATS):
                    tries.append(once(name, workers, lcores[workers], args, work))
                best = max(tries, key=lambda one: min(one[2]))
                found.setdefault(name, {})[workers] = (*best, min(best[2]) < WHOLE)
        rounds.append(found)
        if not args.quiet:
            print(f"workers: round {turn + 1}/{args.rounds}", file=sys.stderr)
    return rounds


def speedup(name, at):
    """Of two workers over one; at: 0 by the wall, 1 by the workers' time. A function of rounds."""
    return lambda rounds: median([ratio(r[name][2][at], r[name][1][at]) for r in rounds])


def worker_lines(rounds, names):
    """What is printed of the workers."""
    lines = []
    for name in names:
        for workers in (1, 2):
            rows = [r[name][workers] for r in rounds]
            shares = [median([row[2][i] for row in rows]) for i in range(workers)]
            disturbed = sum(row[3] for row in rows)
            lines.append(
                f"{name:10} {workers} worker(s): {median([row[0] for row in rows]) / 1e6:8.2f} Mpps, "
                f"{median([row[1] for row in rows]) / 1e6:8.2f} with whole CPUs; CPU share "
                + " ".join(f"{share:.0%}" for share in shares)
                + (f"; disturbed: {disturbed} of {len(rows)} rounds" if disturbed else ""))
    return lines


def judge_workers(rounds, names):
    """Two workers over one. A disturbed round can't show what two CPUs do."""
    judged = []
    for name in [name for name in names if name == "direct"]:
        whole = [r for r in rounds if not any(row[3] for row in r[name].values())]
        found = figure(whole, speedup(name, 0)) if whole else None
        judged.append(Judged("two workers : one", "by the wall's clock", found, AT_LEAST,
                             TWO_WORKERS, meets(found, AT_LEAST, TWO_WORKERS)))
        found = figure(rounds, speedup(name, 1))
        judged.append(Judged("two workers : one", "by the workers' time", found, AT_LEAST,
                             TWO_WORKERS, meets(found, AT_LEAST, TWO_WORKERS)))
    return judged


def members_family(args, work):
    """One policy, the members from 1 to 8."""
    devices = null_devices(max(MEMBERS))
    setup = setup_of(args)

    def start(name, stack):
        driver = started(name, args.paths, devices, setup, work / f"members-{name}")
        stack.enter_context(driver.program)
        return driver

    return Family("members", args.programs, start,
                  rows_of(places([2], ["layer3+4"], MEMBERS), ["io", "txonly"]))


def judge_members(family):
    """The cost with each number of members over the mean of all."""
    judged = []
    for engine in ("io", "txonly"):
        rows = [row for row in family.rows if row.engine == engine and row.place != BARE]
        costs = [cost_of(("direct", row), ("direct", row.floor)) for row in rows]

        def mean(rounds, costs=costs):
            return sum(cost(rounds) for cost in costs) / len(costs)

        for row, cost in zip(rows, costs):
            found = figure(family.rounds, ratio_of(cost, mean))
            judged.append(Judged("cost by members : mean", row, found, AT_MOST, 1 + FLAT,
                                 meets(found, AT_MOST, 1 + FLAT)))
    return judged


def arguments(argv):
    parser = parser_of("scale", __doc__)
    parser.add_argument("--rounds", type=number(1, 1000), default=ROUNDS,
                        help="default %(default)s, the fewest that say much")
    parser.add_argument("--seconds", type=number(0.05, 60, float), default=0.5,
                        help="of each measurement; default %(default)s")
    return parsed(parser, argv)


def run(args, work):
    """Both parts; the result."""
    machine = describe(args)
    rounds = two_beside_one(args, work)
    family = members_family(args, work)
    run_family(family, args.rounds, Pace(seconds=args.seconds), together=True, quiet=args.quiet)
    judged = judge_workers(rounds, args.programs)
    judged += judge_members(family) if "direct" in args.programs else []
    result = result_of("scale", [family], judged, machine, {}, args.rounds)
    result["workers"] = [
        {name: {str(n): dict(zip(("pps", "pps_with_whole_cpus", "cpu_shares", "disturbed"), row))
                for n, row in by.items()} for name, by in one.items()} for one in rounds
    ]
    result["notes"] = worker_lines(rounds, args.programs)
    return result


def main(argv):
    """Measure, write, print."""
    return finished(run, arguments(argv))
