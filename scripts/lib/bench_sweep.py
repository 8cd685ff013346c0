# SPDX-License-Identifier: BSD-3-Clause
"""
scripts/bench sweep: what bonding costs per packet by mode, policy, members, burst, frame size and
flows; every dimension can be narrowed. The cost is that of scripts/bench quick, and so are the
programs, the devices and the clock. How long it will take is said before it starts.

flows is the number that txonly sends, and that fills the buffers before io; testpmd's txonly has 1
or 256 (for more than 1). With --ports the members are NICs, which one program at a time has for
itself; something has to send to them for io and rxonly, and the NICs must be faster than the
programs, or it is their speed that is measured. Mode 4 is part of scripts/bench quick.
"""

import math
import re
import sys
from argparse import ArgumentTypeError
from pathlib import Path

from bench_case import Row, places
from bench_drive import null_devices, pci_devices, started
from bench_machine import describe
from bench_options import (
    ROUNDS, add_dimensions, finished, number, numbers, parsed, parser_of, setup_of,
)
from bench_output import result_of
from bench_quick import NOT_MEASURABLE
from bench_run import ROUNDS_PER_START, Family, Pace, run_family
from bench_targets import judge

AROUND_S = 0.12  # of each measurement: bonds made, engines started
START_S = 3


def pci_addresses(text):
    """An argument that is some PCI addresses."""
    given = text.split(",")
    for word in given:
        if not re.fullmatch(r"(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]", word, re.I):
            raise ArgumentTypeError(f"'{word}' is no PCI address")
    return given


def arguments(argv):
    parser = parser_of("sweep", __doc__)
    add_dimensions(parser, engines="io,txonly,rxonly")
    parser.add_argument("--members", type=numbers(1, 16), default="1,2,3,4,8",
                        help="default %(default)s")
    parser.add_argument("--bursts", type=numbers(1, 512), default="1,8,32,64",
                        help="default %(default)s")
    parser.add_argument("--sizes", type=numbers(60, 1518), default="64,256,1518",
                        help="bytes of a frame; default %(default)s")
    parser.add_argument("--flows", type=numbers(1, 65535), default="1,16,4096",
                        help="default %(default)s")
    parser.add_argument("--rounds", type=number(1, 1000), default=ROUNDS,
                        help="default %(default)s, the fewest that say much")
    parser.add_argument("--seconds", type=number(0.05, 60, float), default=0.3,
                        help="of each measurement; default %(default)s")
    parser.add_argument("--ports", type=pci_addresses, metavar="PCI,PCI",
                        help="NICs, bound to a driver that DPDK knows, in the place of net_null")
    parser.add_argument("--dry-run", action="store_true", help="say how long it takes, and end")
    args = parsed(parser, argv)
    if 4 in args.modes:
        parser.error("--modes: mode 4 needs a partner: scripts/bench quick has one")
    if args.ports and max(args.members) > len(args.ports):
        parser.error(f"--members: no more than the {len(args.ports)} --ports")
    return args


def family_of(args, work, size, flows):
    """The rows that the same programs with the same devices serve."""
    members = max(args.members)
    devices = pci_devices(args.ports) if args.ports else null_devices(members, size)
    setup = setup_of(args, flows)

    def start(name, stack):
        driver = started(name, args.paths, devices, setup, work / name)
        stack.enter_context(driver.program)
        return driver

    some = places(args.modes, args.policies, args.members)
    rows = [Row(place, engine, burst=burst, size=size, flows=flows)
            for place in some for burst in args.bursts for engine in args.engines]
    return Family(f"{size} bytes, {flows} flows", args.programs, start, rows)


def announced_s(families, args):
    """How long they will take, in seconds."""
    each = args.seconds + AROUND_S
    programs = len(args.programs) if args.ports else 1
    starts = START_S * (programs * args.rounds if args.ports
                        else math.ceil(args.rounds / ROUNDS_PER_START))
    return sum(len(f.rows) * args.rounds * each * programs + starts for f in families)


def run(args, work):
    """All families; their result."""
    machine = describe(args)
    families = [family_of(args, work or Path(), size, flows) for size in args.sizes for flows in args.flows]
    seconds = announced_s(families, args)
    rows = sum(len(family.rows) for family in families)
    print(f"bench: {rows} rows, {args.rounds} rounds: about {seconds / 60:.0f} minutes "
          f"({seconds / 3600:.1f} hours)", file=sys.stderr, flush=True)
    for family in families if not args.dry_run else ():
        run_family(family, args.rounds, Pace(seconds=args.seconds), together=not args.ports,
                   quiet=args.quiet)
    judged = [one for family in families for one in judge(family.rows, family.rounds)]
    return result_of("sweep", families, judged, machine, NOT_MEASURABLE, args.rounds)


def main(argv):
    """Measure, write, print."""
    args = arguments(argv)
    if args.dry_run:
        run(args, None)
        return 0
    return finished(run, args)
