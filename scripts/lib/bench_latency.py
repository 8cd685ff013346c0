# SPDX-License-Identifier: BSD-3-Clause
"""
scripts/bench latency: time from receive to transmit of vfbond and dpdk-testpmd, at 10 %, 50 % and
90 % of the highest rate, p50 and p99.

A process of ours sends frames that bear the TSC of their sending by a net_memif to the program, which
sends them by a bond (802.3ad, layer3+4) of two net_memif members back to that process, which answers
LACP by the bond PMD. So the time has two crossings of a net_memif in it and the waiting for both
processes' polls, the same for every program. That process runs on the first CPU, which the control
threads share, and the worker on the second. The highest rate is what comes back of as many frames as
that process can send, so that it is the slower of both that counts. Each round starts each program
anew, and the rates are fractions of that round's highest rate.

On a machine that others use, p99 is mostly the time for which one of the two had no CPU. The share of
its CPU that the worker had is printed. Times of 100 ms or more count as 100 ms, and what could not be
sent in time is not made up for: pps is what came back.
"""

import contextlib
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

from bench_case import POLICIES, Place
from bench_console import ProgramError, bond_vdev
from bench_drive import BOND, Devices, started
from bench_lacp import memif
from bench_machine import describe
from bench_options import ROUNDS, finished, number, numbers, parsed, parser_of, setup_of
from bench_output import result_of
from bench_stats import figure, median

MEMBERS = 2
# The bond PMD starts no other bond of net_memif, which can't change its address to the bond's.
PLACE = Place(4, "layer3+4", MEMBERS)
START_S = 60
LINE = re.compile(r"rate (\S+) sent (\d+) received (\d+) pps (\d+) p50 (\d+) p99 (\d+)$", re.M)
UNITS = ("sent", "received", "pps", "p50", "p99")


def compiled(work):
    """The generator, compiled against the DPDK that is installed."""
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libdpdk"], capture_output=True,
                           text=True, check=False)
    if flags.returncode != 0:
        raise ProgramError("pkg-config knows no libdpdk (scripts/deps install bench)", flags.stderr)
    program = work / "latency"
    source = Path(__file__).resolve().parent / "latency.c"
    done = subprocess.run(["cc", "-O2", "-Wall", "-o", str(program), str(source),
                           *shlex.split(flags.stdout)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ProgramError("latency.c does not compile", done.stderr)
    return program


def parse(text):
    """{rate: {sent, received, pps, p50, p99}} of what the generator printed."""
    return {found[0]: dict(zip(UNITS, map(int, found[1:]))) for found in LINE.findall(text)}


def devices_of(name, path):
    """The program's ends, and its further options."""
    names = [f"net_memif{nr}" for nr in range(MEMBERS + 1)]
    words = ["--no-pci"]
    for nr in range(MEMBERS + 1):
        words += memif("server", nr, path)
    extra = []
    if name == "testpmd":
        words += ["--vdev", bond_vdev(PLACE.mode, names[1:], POLICIES[PLACE.policy])]
    else:
        extra = ["--bond", f"{BOND} mode=802.3ad io_path={name} members={','.join(names[1:])} "
                           f"xmit_hash_policy={PLACE.policy}"]
    return Devices(words, names, feed=True), extra


def once(name, generator, args, work, turn):
    """One program, all rates."""
    here = work / f"{name}-{turn}"
    path = here / "memif.sock"
    setup = setup_of(args)
    devices, extra = devices_of(name, path)
    with contextlib.ExitStack() as stack:
        driver = started(name, args.paths, devices, setup, here, extra)
        stack.enter_context(driver.program)
        bond = len(devices.names) if name == "testpmd" else BOND
        driver.run(f"set portlist 0,{bond}", "set fwd io", "start")
        words = [str(generator), "--lcores", f"0@{setup.control_cpu}", "--no-pci", "--no-huge",
                 "--no-shconf", "--no-telemetry", "-m", "256",
                 f"--file-prefix={setup.prefix}-generator"]
        for nr in range(MEMBERS + 1):
            words += memif("client", nr, path)
        names = [f"net_memif{nr}" for nr in range(1, MEMBERS + 1)]
        words += ["--vdev", bond_vdev(PLACE.mode, names, POLICIES[PLACE.policy], "back")]
        words += ["--", str(args.seconds), *map(str, args.loads)]
        limit = START_S + (len(args.loads) + 1) * (args.seconds + 1)
        ran, began = driver.clock.seconds(), time.monotonic()
        done = subprocess.run(words, capture_output=True, text=True, timeout=limit, check=False)
        found = parse(done.stdout)
        if done.returncode != 0 or len(found) != len(args.loads) + 1:
            raise ProgramError(f"{name}: the generator ended with status {done.returncode}",
                               done.stdout + done.stderr)
        found["worker_share"] = ((driver.clock.seconds() - ran) / (time.monotonic() - began))
        # What the generator leaves takes the program's rings with it: it is killed, not asked.
        driver.clock.close()
    return found


def value_of(name, load, what):
    """The median over the rounds."""
    return lambda rounds: median([r[name][load][what] for r in rounds if name in r])


def share_of(name):
    """What the worker had of its CPU, the median over the rounds."""
    return lambda rounds: median([r[name]["worker_share"] for r in rounds])


def lines_of(rounds, names, loads):
    """What is printed."""
    lines = [f"{name}: its worker had {share_of(name)(rounds):.0%} of its CPU" for name in names]
    lines += [f"{'latency, us':28}{'pps':>12}{'received':>10}{'p50':>26}{'p99':>28}"]
    for load in ("max", *map(str, loads)):
        for name in names:
            pps = value_of(name, load, "pps")(rounds)
            share = value_of(name, load, "received")(rounds) / max(
                value_of(name, load, "sent")(rounds), 1)
            line = f"{name + (' at ' + load + ' %' if load != 'max' else ' at most'):28}"
            line += f"{pps:>12.0f}{share:>10.2%}"
            for what, width in (("p50", 26), ("p99", 28)):
                found = figure(rounds, value_of(name, load, what))
                value, low, high = (part / 1000 for part in found[:3])
                line += f"{f'{value:.2f} [{low:.2f} {high:.2f}]':>{width}}"
            lines.append(line)
    return lines


def arguments(argv):
    parser = parser_of("latency", __doc__)
    parser.add_argument("--rounds", type=number(1, 1000), default=ROUNDS,
                        help="default %(default)s, the fewest that say much")
    parser.add_argument("--seconds", type=number(0.05, 60, float), default=0.5,
                        help="at each rate; default %(default)s")
    parser.add_argument("--loads", type=numbers(1, 100), default="10,50,90",
                        help="percent of the highest rate; default %(default)s")
    return parsed(parser, argv)


def run(args, work):
    """All rounds; the result."""
    machine = describe(args)
    generator = compiled(work)
    rounds = []
    for turn in range(args.rounds):
        found = {}
        for name in args.programs if turn % 2 == 0 else args.programs[::-1]:
            found[name] = once(name, generator, args, work, turn)
        rounds.append(found)
        if not args.quiet:
            print(f"latency: round {turn + 1}/{args.rounds}", file=sys.stderr)
    result = result_of("latency", [], [], machine, {}, args.rounds)
    result["programs"] = args.programs
    result["latency"] = rounds
    result["notes"] = lines_of(rounds, args.programs, args.loads)
    return result


def main(argv):
    """Measure, write, print."""
    return finished(run, arguments(argv))
