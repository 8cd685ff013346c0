# SPDX-License-Identifier: BSD-3-Clause
"""
scripts/bench scale: what a second worker adds, and whether a packet costs the same over 1 to 8
members.

Two workers: vfbond and dpdk-testpmd forward (io) over a bond of two net_null members in balance-xor
with layer3+4, with one queue and one worker, with two of each, and as two processes of one worker
each, which share nothing but the machine: what these reach together no program can better. The
control thread sleeps in poll() and shares the first CPU with the second worker (--lcores 0@0,1@1 and
0@0,1@0,2@1). Each has the CPUs for itself, and the wall's clock counts. The share of its CPU that
each worker had is printed; a round in which one had less than 95 % is marked disturbed and repeated.
What the workers would have done with a whole CPU each, by the time that they really ran, is printed
beside it: it shows what they cost each other, if not what a busy machine took from them. As one comes
after the other, and each is started anew, a ratio is one of medians, not the median of the rounds'.

Members: the time per packet, and what bonding costs of it, with 1, 2, 3, 4 and 8 members, as
scripts/bench sweep measures them; they are flat when none is more than 10 % above the mean of all.
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
from bench_stats import cost_of, figure, median, ratio, ratio_of, time_of
from bench_targets import AT_LEAST, AT_MOST, FLAT, TWO_WORKERS, Judged, meets

WHOLE = 0.95  # of its CPU
REPEATS = 2
WARM_UP_S = 0.1
MEMBERS = (1, 2, 3, 4, 8)
PLACE = Place(2, "layer3+4", 2)
APART = "apart"
HOWS_CALLED = {1: "one worker", 2: "two workers", APART: "two processes"}
HOWS = tuple(HOWS_CALLED)


def layouts(cpus):
    """{how: EAL's --lcores of each process} of one worker, of two, and of two apart."""
    first, second = cpus[0], cpus[-1 if len(cpus) < 2 else 1]
    one, other = f"0@{first},1@{second}", f"0@{first},1@{first}"
    return {1: [one], 2: [f"0@{first},1@{first},2@{second}"], APART: [one, other]}


def measured(drivers, row, seconds):
    """(wall's seconds, packets, seconds that each worker ran) of what the drivers have begun."""
    def now():
        ran = [t for driver in drivers for t in driver.clock.each()]
        return time.monotonic(), sum(driver.counted(row) for driver in drivers), ran

    since, first, ran = now()
    time.sleep(seconds)
    until, last, ran_to = now()
    return until - since, last - first, [b - a for a, b in zip(ran, ran_to)]


def forward(drivers, row, seconds):
    """(packets per second, per second of the workers' time, share of its CPU of each worker)."""
    for driver in drivers:
        driver.enter(row.place)
        # Real frames in the buffers, of which a hash can be made.
        driver.fill(FILL_S)
    for driver in drivers:
        driver.begin(row)
        driver.await_traffic(row)
    time.sleep(WARM_UP_S)
    wall, packets, took = measured(drivers, row, seconds)
    for driver in drivers:
        driver.end()
        driver.leave()
    whole = packets / sum(took) * len(took) if sum(took) else 0
    return packets / wall, whole, [t / wall for t in took]


def once(name, how, layout, args, work):
    """One program with one worker or two, or twice with one."""
    workers = 1 if how == APART else how
    row = rows_of([PLACE], ["io"])[0]
    with contextlib.ExitStack() as stack:
        drivers = []
        for i, lcores in enumerate(layout):
            setup = setup_of(args, queues=workers, lcores=lcores)
            setup.prefix += f"-{i}"
            drivers.append(started(name, args.paths, null_devices(2), setup,
                                   work / f"{name}-{i}", [f"--nb-cores={workers}"]))
            stack.enter_context(drivers[-1].program)
        found = forward(drivers, row, args.seconds)
        for driver in drivers:
            driver.close()
    return found


def two_beside_one(args, work):
    """[{program: {how: (rate, whole, shares, disturbed)}}] of each round."""
    lcores = layouts(sorted(os.sched_getaffinity(0)))
    rounds = []
    for turn in range(args.rounds):
        found = {}
        for name in args.programs:
            for how in HOWS if turn % 2 == 0 else HOWS[::-1]:
                tries = []
                while not tries or (min(tries[-1][2]) < WHOLE and len(tries) <= REPEATS):
                    tries.append(once(name, how, lcores[how], args, work))
                best = max(tries, key=lambda one: min(one[2]))
                found.setdefault(name, {})[how] = (*best, min(best[2]) < WHOLE)
        rounds.append(found)
        if not args.quiet:
            print(f"workers: round {turn + 1}/{args.rounds}", file=sys.stderr)
    return rounds


def speedup(name, at, above=2, below=1):
    """Of two workers over one; at: 0 by the wall, 1 by the workers' time. A function of rounds."""
    def medians(rounds, how):
        return median([r[name][how][at] for r in rounds])

    return lambda rounds: ratio(medians(rounds, above), medians(rounds, below))


def worker_lines(rounds, names):
    """What is printed of the workers."""
    lines = []
    for name in names:
        for how, called in HOWS_CALLED.items():
            rows = [r[name][how] for r in rounds]
            shares = [median([row[2][i] for row in rows]) for i in range(len(rows[0][2]))]
            disturbed = sum(row[3] for row in rows)
            lines.append(
                f"{name:10} {called:13}: {median([row[0] for row in rows]) / 1e6:8.2f} Mpps, "
                f"{median([row[1] for row in rows]) / 1e6:8.2f} with whole CPUs; CPU share "
                + " ".join(f"{share:.0%}" for share in shares)
                + (f"; disturbed: {disturbed} of {len(rows)} rounds" if disturbed else ""))
        for above, below in ((2, 1), (APART, 1), (2, APART)):
            found = figure(rounds, speedup(name, 0, above, below))
            if found is not None:
                lines.append(f"{name:10} {HOWS_CALLED[above]} : {HOWS_CALLED[below]} "
                             f"{found.value:.2f} [{found.low:.2f} {found.high:.2f}]")
    return lines


def judge_workers(rounds, names):
    """Two workers over one. A disturbed round can't show what two CPUs do."""
    judged = []
    for name in [name for name in names if name == "direct"]:
        whole = [r for r in rounds if not (r[name][1][3] or r[name][2][3])]
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
    """What a packet takes with each number of members, and what bonding costs of that, over the mean
    of all."""
    judged = []
    for engine in ("io", "txonly"):
        rows = [row for row in family.rows if row.engine == engine and row.place != BARE]
        whole = [time_of(("direct", row)) for row in rows]
        costs = [cost_of(("direct", row), ("direct", row.floor)) for row in rows]
        for what, times in (("time by members : mean", whole), ("cost by members : mean", costs)):
            def mean(rounds, times=times):
                return sum(one(rounds) for one in times) / len(times)

            for row, one in zip(rows, times):
                found = figure(family.rounds, ratio_of(one, mean))
                judged.append(Judged(what, row, found, AT_MOST, 1 + FLAT,
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
        {name: {str(how): dict(zip(("pps", "pps_with_whole_cpus", "cpu_shares", "disturbed"), row))
                for how, row in by.items()} for name, by in one.items()} for one in rounds
    ]
    result["notes"] = worker_lines(rounds, args.programs)
    return result


def main(argv):
    """Measure, write, print."""
    return finished(run, arguments(argv))
