# SPDX-License-Identifier: BSD-3-Clause
"""The options that the measurements of scripts/bench share, and what follows from them."""

import argparse
import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

from bench_case import ENGINES, POLICIES
from bench_console import ProgramError, VFBOND, program_path
from bench_drive import HUGEPAGES_MB
from bench_machine import free_hugepage_bytes
from bench_output import write

ROUNDS = 15
PROGRAMS = ("direct", "pmd", "testpmd")


def default_lcores():
    """The control thread and one worker on the first two CPUs that this process may use."""
    cpus = sorted(os.sched_getaffinity(0))
    return f"0@{cpus[0]},1@{cpus[-1] if len(cpus) < 2 else cpus[1]}"


def parser_of(name, text):
    """A parser with the options that every measurement has."""
    parser = argparse.ArgumentParser(
        prog=f"bench {name}", description=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", metavar="DIR",
                        help="folder of the results; default bench-results/DATE")
    parser.add_argument("--lcores", default=default_lcores(),
                        help="EAL's --lcores or -l: control, then worker; here %(default)s")
    parser.add_argument("--vfbond", default=VFBOND, help="default %(default)s")
    parser.add_argument("--testpmd", default="dpdk-testpmd", help="default %(default)s")
    parser.add_argument("--programs", type=words(PROGRAMS), default=",".join(PROGRAMS),
                        help="default %(default)s")
    parser.add_argument("--quiet", action="store_true", help="do not tell of every round")
    memory = parser.add_mutually_exclusive_group()
    memory.add_argument("--hugepages", action="store_true", default=None, help="use hugepages")
    memory.add_argument("--no-huge", dest="hugepages", action="store_false",
                        help="do not; without both: hugepages when enough of them are free")
    return parser


def words(known):
    """An argument that is some of these words."""
    def parse(text):
        given = text.split(",")
        for word in given:
            if word not in known:
                raise argparse.ArgumentTypeError(f"'{word}' is none of {','.join(known)}")
        return list(dict.fromkeys(given))
    return parse


def numbers(least, most):
    """An argument that is some numbers of a range."""
    def parse(text):
        given = text.split(",")
        for word in given:
            if not re.fullmatch(r"\d{1,9}", word) or not least <= int(word) <= most:
                raise argparse.ArgumentTypeError(f"'{word}' is no number from {least} to {most}")
        return list(dict.fromkeys(map(int, given)))
    return parse


def number(least, most, kind=int):
    """An argument that is one number of a range."""
    def parse(text):
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not least <= value <= most:
            raise argparse.ArgumentTypeError(f"'{text}' is no number from {least} to {most}")
        return value
    return parse


def add_dimensions(parser, modes="0,1,2,3,5,6", engines="io,txonly", policies="layer2,layer2+3,layer3+4"):
    """Which modes, policies and engines."""
    parser.add_argument("--modes", type=numbers(0, 6), default=modes, help="default %(default)s")
    parser.add_argument("--policies", type=words(POLICIES), default=policies,
                        help="of modes 2 and 4; default %(default)s")
    parser.add_argument("--engines", type=words(ENGINES), default=engines,
                        help="io: receive and send; txonly, rxonly: one part; default %(default)s")


def parsed(parser, argv):
    """The checked options, the programs' paths and the folder of the results among them."""
    args = parser.parse_args(argv)
    wanted = {"testpmd" if name == "testpmd" else "vfbond" for name in args.programs}
    args.paths = {k: program_path(parser, k, getattr(args, k)) for k in sorted(wanted)}
    if args.hugepages is None:
        args.hugepages = free_hugepage_bytes() >= len(args.programs) * HUGEPAGES_MB << 20
    if args.out is None:
        args.out = Path("bench-results") / time.strftime("%Y-%m-%d-%H%M%S")
    args.out = Path(args.out)
    return args


def prefix():
    """What the names of all our EAL instances begin with."""
    return f"bench-{os.getpid()}"


def setup_of(args, flows=4096, queues=1, lcores=None):
    """What starting a program needs (see bench_drive.started)."""
    lcores = lcores or args.lcores
    first = re.match(r"\d+(?:@(\d+))?", lcores)
    return SimpleNamespace(
        lcores=lcores, hugepages=args.hugepages, flows=flows, queues=queues,
        prefix=prefix(),
        control_cpu=(first[1] or first[0]) if first else "0",
    )


@contextlib.contextmanager
def workplace():
    """A folder for a run; takes away what the programs have left in EAL's."""
    with tempfile.TemporaryDirectory(prefix="bench-") as work:
        try:
            yield Path(work)
        finally:
            runtime = Path("/var/run" if os.geteuid() == 0 else
                           os.environ.get("XDG_RUNTIME_DIR", "/tmp")) / "dpdk"
            for left in runtime.glob(f"{prefix()}-*"):
                shutil.rmtree(left, ignore_errors=True)


def finished(run, args):
    """Run it, write its result; the command's status."""
    began = time.monotonic()
    try:
        with workplace() as work:
            result = run(args, work)
    except (ProgramError, subprocess.SubprocessError, OSError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench: interrupted", file=sys.stderr)
        return 130
    result["seconds"] = round(time.monotonic() - began, 1)
    write(result, args.out)
    print(f"{result['seconds']:.0f} s")
    for title in result.get("failed", []):
        print(f"bench: {title}: a program did not work; what is told of it is of the rounds before",
              file=sys.stderr)
    return 1 if result.get("failed") else 0
