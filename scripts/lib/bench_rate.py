# SPDX-License-Identifier: BSD-3-Clause
"""
scripts/bench rate: compares the packet rate of vfbond with that of dpdk-testpmd, over the same
vdevs, with the same console commands, in turn, several rounds: the bare port, and a bond of two
members in each mode and transmit policy. No rate makes it fail, only a program that does not work.

The members are net_null with copy=0, so that what is measured is the program and the bond PMD and
not a device. Each run first sends (txonly, many flows), which leaves real frames in the pool's
buffers for the hash to read, then forwards what the port "receives" back to the port (io). testpmd
runs with --tx-offloads=0: its default, fast free, skips what a bond's members must not skip.
The rate is the difference of two RX-packets of "show port stats" over the time in between: the time
for which the worker's thread really ran (its schedstat). So both programs run at once, and the
scheduler gives the worker's core to them in turn, a few milliseconds each: what the machine does
meanwhile (a neighbour on the same core changes the speed by a quarter within a second) meets both.
With --clock wall each has the core for itself and this script's clock counts.
The ratio of a case is the median of the rounds' ratios, which a drifting machine disturbs less
than the ratio of the medians.
"""

import argparse
import contextlib
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench_console import (
    ProgramError, Testpmd, VFBOND, Vfbond, bond_vdev, cpu_model, program_path,
)

TARGET_RATIO = 0.97
POLICIES = ("l2", "l23", "l34")
# What a bond of net_null can't show, and why.
NOT_MEASURABLE = {"4": "net_null has no LACP partner"}
MBUFS = 16384
HUGEPAGE_BYTES_NEEDED = 512 << 20  # for two programs


class Case:
    """One row: the bare port (mode None) or a mode with its policy."""

    def __init__(self, mode=None, policy=None):
        self.mode = mode
        self.policy = policy
        self.rates = {}

    @property
    def name(self):
        if self.mode is None:
            return "bare port"
        return f"mode {self.mode}" + (f" {self.policy}" if self.policy else "")

    @property
    def port(self):
        """The port that is measured: members come first."""
        return 0 if self.mode is None else 2

    def vdevs(self):
        """EAL's --vdev arguments."""
        devices = ["net_null0,copy=0"]
        if self.mode is not None:
            devices.append("net_null1,copy=0")
            devices.append(bond_vdev(self.mode, ("net_null0", "net_null1"), self.policy))
        return devices

    def ratio(self):
        pairs = zip(self.rates.get("vfbond", []), self.rates.get("testpmd", []))
        ratios = [a / b for a, b in pairs if b]
        return statistics.median(ratios) if ratios else None


def cases(modes):
    chosen = []
    for mode in modes:
        if mode == "bare":
            chosen.append(Case())
        elif mode == "2":
            chosen += [Case("2", policy) for policy in POLICIES]
        else:
            chosen.append(Case(mode))
    return chosen


def prepare(program, args):
    """Real frames in the buffers by a spell of txonly, then io."""
    for command in (*program.flows, "set txpkts 64", "set fwd txonly", "start"):
        program.run(command)
    time.sleep(args.warm_up)
    for command in ("stop", "set fwd io", "start"):
        program.run(command)
    time.sleep(args.warm_up)


def received(program, case, args):
    """Packets that the case's port has received, and the time at which it had."""
    counter = f"show port stats {case.port}"

    def clock():
        return program.worker_seconds() if args.clock == "cpu" else time.monotonic()

    before = clock()
    text = program.run(counter)
    now = (before + clock()) / 2
    packets = program.rx_packets(text)
    if packets is None:
        raise ProgramError(f"{program.name}: no RX-packets in the answer to '{counter}'", text)
    return packets, now


def measure(programs, case, args):
    """Packets per second of io on the case's port, for each of the programs that run now."""
    for program in programs:
        prepare(program, args)
    begin = [received(p, case, args) for p in programs]
    time.sleep(args.seconds * len(programs))
    end = [received(p, case, args) for p in programs]
    rates = []
    for program, (first, since), (last, until) in zip(programs, begin, end):
        program.run("stop")
        if last <= first or until <= since:
            raise ProgramError(f"{program.name}: {case.name}: no packet in {args.seconds} s", "")
        rates.append((last - first) / (until - since))
    return rates


def eal_arguments(case, args, prefix):
    words = ["-l", args.lcores, "--no-pci", f"--file-prefix={prefix}"]
    words += ["-m", "256", "--in-memory"] if args.hugepages else ["-m", "256", "--no-huge"]
    for vdev in case.vdevs():
        words += ["--vdev", vdev]
    return words


def program_arguments(case):
    return [
        "-i", f"--portlist={case.port}", "--port-topology=loop", "--burst=32",
        "--rxd=512", "--txd=512", f"--total-num-mbufs={MBUFS}",
    ]


def run_together(kinds, case, args, work):
    """Start these programs, measure all of them, end them."""
    with contextlib.ExitStack() as stack:
        programs = []
        for kind in kinds:
            command = [str(args.paths[kind])]
            command += [*eal_arguments(case, args, f"bench-{os.getpid()}-{kind}"), "--"]
            command += program_arguments(case)
            start = Testpmd if kind == "testpmd" else Vfbond
            programs.append(stack.enter_context(start(command, work)))
        for kind, rate in zip(kinds, measure(programs, case, args)):
            case.rates.setdefault(kind, []).append(rate)
        for program in programs:
            program.quit()


def run_round(chosen, args, work, nr):
    for case in chosen:
        # Whoever comes second finds a warmer machine: take turns.
        kinds = list(args.programs) if nr % 2 == 0 else list(reversed(args.programs))
        if args.clock == "cpu":
            run_together(kinds, case, args, work)
        else:
            for kind in kinds:
                run_together([kind], case, args, work)
        shown = "  ".join(f"{k} {v[-1] / 1e6:.2f}" for k, v in sorted(case.rates.items()))
        print(f"round {nr + 1}/{args.rounds}  {case.name:<12} {shown} Mpps", file=sys.stderr)


def table(chosen, modes, args):
    head = f"{'case':<14}" + "".join(f"{p + ' Mpps':>15}" for p in args.programs) + f"{'ratio':>9}"
    print(head)
    for case in chosen:
        row = f"{case.name:<14}"
        for kind in args.programs:
            row += f"{statistics.median(case.rates[kind]) / 1e6:>15.2f}"
        ratio = case.ratio()
        row += f"{'-' if ratio is None else format(ratio, '.3f'):>9}"
        print(row + ("" if ratio is None or ratio >= TARGET_RATIO else "  below target"))
    for mode in modes:
        if mode in NOT_MEASURABLE:
            print(f"{'mode ' + mode:<14} not measurable: {NOT_MEASURABLE[mode]}")
    print(f"medians of {args.rounds} rounds of {args.seconds:g} s; target ratio {TARGET_RATIO}")


def as_json(chosen, modes, args):
    rows = []
    for case in chosen:
        rows.append({
            "case": case.name, "mode": case.mode, "policy": case.policy, "ratio": case.ratio(),
            **{k: {"median_pps": statistics.median(v), "pps": v} for k, v in case.rates.items()},
        })
    return {
        "host": platform.node(), "cpu": cpu_model(), "rounds": args.rounds,
        "seconds": args.seconds, "clock": args.clock, "lcores": args.lcores,
        "hugepages": args.hugepages, "target_ratio": TARGET_RATIO, "cases": rows,
        "not_measurable": {m: NOT_MEASURABLE[m] for m in modes if m in NOT_MEASURABLE},
    }


def free_hugepage_bytes():
    text = Path("/proc/meminfo").read_text()
    free = re.search(r"HugePages_Free:\s*(\d+)", text)
    size = re.search(r"Hugepagesize:\s*(\d+) kB", text)
    return int(free[1]) * int(size[1]) * 1024 if free and size else 0


def arguments(argv, epilog):
    parser = argparse.ArgumentParser(
        prog="bench [rate]", description=__doc__, epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=int, default=5, help="default 5, at most 100")
    parser.add_argument("--seconds", type=float, default=2, help="per measurement, 0.1..60; 2")
    parser.add_argument("--warm-up", type=float, default=0.3, help="seconds of txonly; 0.3")
    parser.add_argument("--modes", default="bare,0,1,2,3,4,5,6", help="default %(default)s")
    parser.add_argument("--clock", choices=("cpu", "wall"), default="cpu",
                        help="seconds of the worker's thread, or of the wall; default cpu")
    parser.add_argument("--lcores", default="0-1", help="EAL's -l: main, then worker; 0-1")
    parser.add_argument("--programs", default="vfbond,testpmd", help="default %(default)s")
    parser.add_argument("--vfbond", default=VFBOND, help="default %(default)s")
    parser.add_argument("--testpmd", default="dpdk-testpmd", help="default %(default)s")
    memory = parser.add_mutually_exclusive_group()
    memory.add_argument("--hugepages", action="store_true", default=None, help="use hugepages")
    memory.add_argument("--no-huge", dest="hugepages", action="store_false",
                        help="do not; without both: hugepages when 512 MB of them are free")
    parser.add_argument("--json", metavar="FILE", help="write all rates there")
    args = parser.parse_args(argv)
    args.programs = args.programs.split(",")
    args.modes = args.modes.split(",")
    if not 1 <= args.rounds <= 100:
        parser.error("--rounds: 1..100")
    if not 0.1 <= args.seconds <= 60 or not 0.1 <= args.warm_up <= 10:
        parser.error("--seconds: 0.1..60, --warm-up: 0.1..10")
    if not set(args.modes) <= {"bare", *"0123456"}:
        parser.error("--modes: some of bare,0,1,2,3,4,5,6")
    if not args.programs or not set(args.programs) <= {"vfbond", "testpmd"}:
        parser.error("--programs: vfbond, testpmd or both")
    args.paths = {kind: program_path(parser, kind, getattr(args, kind)) for kind in args.programs}
    if args.hugepages is None:
        args.hugepages = free_hugepage_bytes() >= HUGEPAGE_BYTES_NEEDED
    return args


def main(argv, epilog=None):
    args = arguments(argv, epilog)
    chosen = cases([m for m in args.modes if m not in NOT_MEASURABLE])
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as work:
            for nr in range(args.rounds):
                run_round(chosen, args, Path(work), nr)
    except (ProgramError, subprocess.SubprocessError, OSError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench: interrupted", file=sys.stderr)
        return 130
    table(chosen, args.modes, args)
    if args.json:
        Path(args.json).write_text(json.dumps(as_json(chosen, args.modes, args), indent=2) + "\n")
    return 0
