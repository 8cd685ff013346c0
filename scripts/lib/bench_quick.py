# SPDX-License-Identifier: BSD-3-Clause
"""
scripts/bench quick: what bonding costs per packet, within 5 minutes.

Bonds of two members in modes 0 to 6 and the bare port; vfbond by its direct path and by that of the
bond PMD, and dpdk-testpmd; engines io and txonly, bursts of 32, frames of 64 bytes. The cost of
bonding is the time per packet over the bond minus the time per packet over the bare port, in the
same round of the same program, which is started anew every 5 rounds. All programs do the same at the
same time and share the worker's CPU; time is what the workers really ran. No result makes it fail.

Members are net_null, which copies nothing. What circulates in io are the buffers of one burst, filled
with frames of many flows before. The rows "feed" have all of 4096 random flows: a net_pcap plays
them to the bond, and what the bond receives goes back, so that a packet pays for two directions.
Mode 4 goes over net_memif to a process that answers LACP (feed: from a net_null).
testpmd's txonly has 256 flows at most, vfbond's 4096.
"""

import itertools
import math
import sys
import time

import bench_evenness
from bench_case import BARE, Place, Row, places
from bench_console import ProgramError
from bench_drive import null_devices, started
from bench_flows import capture, feed_of
from bench_lacp import Standing
from bench_machine import describe
from bench_options import ROUNDS, add_dimensions, finished, number, parsed, parser_of, setup_of
from bench_output import result_of
from bench_run import ROUNDS_PER_START, Family, Pace, rows_of, run_family
from bench_targets import judge

BUDGET_S = 290
START_S = 4  # of a family's programs
EVENNESS_S = 15
FLOWS = 4096

NOT_MEASURABLE = {
    "rss over vdevs": "no vdev gives a received frame the hash that a NIC computes, so that "
                      "xmit_hash_policy=rss computes one itself; --ports with NICs, or the "
                      "microbenchmark (meson test --benchmark)",
    "mode 4 io and rxonly": "what a bond of net_memif receives comes no faster than its peer sends, "
                            "which needs a faster core than the program's",
    "Open vSwitch": "it sends nothing back by the bond that it came from, and its bond has no bare "
                    "port to compare with: a packet pays for the flow tables in both",
}


def null_family(args, work):
    """All modes but 4 over net_null."""
    devices = null_devices(2)
    setup = setup_of(args, FLOWS)
    some = places([mode for mode in args.modes if mode != 4], args.policies, [2])

    def start(name, stack):
        driver = started(name, args.paths, devices, setup, work / name)
        stack.enter_context(driver.program)
        return driver

    return Family("net_null", args.programs, start, rows_of(some, args.engines, flows=FLOWS))


def feed_family(args, work):
    """layer3+4 with flows that are all there."""
    path = work / "flows.pcap"
    path.write_bytes(capture(FLOWS))
    devices = null_devices(2, feed=feed_of(path))
    setup = setup_of(args, FLOWS)
    some = [BARE, Place(2, "layer3+4", 2)]

    def start(name, stack):
        driver = started(name, args.paths, devices, setup, work / f"feed-{name}")
        stack.enter_context(driver.program)
        return driver

    return Family("net_pcap, 4096 flows", args.programs, start,
                  [Row(place, "io", feed=True, flows=FLOWS) for place in some])


def lacp_family(args, work):
    """Mode 4 over net_memif."""
    setup = setup_of(args, FLOWS)
    some = [BARE, Place(4, "layer3+4", 2)]
    starts = itertools.count()

    def start(name, stack):
        # A folder of its own: sockets of those that were killed remain.
        here = work / f"lacp-{name}-{next(starts)}"
        return Standing(name, args, setup, "layer3+4", here, stack)

    rows = [Row(place, engine, feed=engine == "io", flows=FLOWS)
            for place in some for engine in ("txonly", "io") if engine in args.engines]
    return Family("net_memif", args.programs, start, rows, lossy=True)


def chosen_families(args, work):
    """What the options ask for."""
    found = []
    if any(mode != 4 for mode in args.modes):
        found.append(null_family(args, work))
    if 2 in args.modes and "layer3+4" in args.policies and "io" in args.engines:
        found.append(feed_family(args, work))
    if 4 in args.modes and set(args.engines) & {"io", "txonly"}:
        found.append(lacp_family(args, work))
    return found


def arguments(argv):
    parser = parser_of("quick", __doc__)
    add_dimensions(parser, modes="0,1,2,3,4,5,6")
    parser.add_argument("--rounds", type=number(1, 1000), default=ROUNDS,
                        help="default %(default)s, the fewest that say much")
    parser.add_argument("--budget", type=number(1, 86400), default=BUDGET_S, metavar="SECONDS",
                        help="for everything; a measurement takes what is left; default %(default)s")
    return parsed(parser, argv)


def run(args, work):
    """All families; their result."""
    began = time.monotonic()
    machine = describe(args)
    families = chosen_families(args, work)
    # The budget is shared out by what each has to do.
    evenness_s = EVENNESS_S if "direct" in args.programs else 0
    failed = []
    left = [family.weight() for family in families]
    for nr, family in enumerate(families):
        remaining = began + args.budget - evenness_s - time.monotonic()
        share = remaining * left[nr] / sum(left[nr:])
        starts = math.ceil(args.rounds / ROUNDS_PER_START)
        pace = Pace(budget=share - starts * START_S, measurements=len(family.rows) * args.rounds)
        try:
            run_family(family, args.rounds, pace, together=True, quiet=args.quiet)
        except ProgramError as error:
            print(f"bench: {family.title}: {error}", file=sys.stderr)
            failed.append(family.title)
            family.rounds = [one for one in family.rounds if one]
            family.lost = [one for one in family.lost if one]
    judged = [one for family in families for one in judge(family.rows, family.rounds)]
    even = bench_evenness.measure(args, work) if "direct" in args.programs else []
    judged += bench_evenness.judged(even)
    result = result_of("quick", families, judged, machine, NOT_MEASURABLE, args.rounds)
    result["failed"] = failed
    return result


def main(argv):
    """Measure, write, print."""
    return finished(run, arguments(argv))
