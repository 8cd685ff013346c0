# SPDX-License-Identifier: BSD-3-Clause
"""
Drives the programs of scripts/bench from case to case by their consoles, so that each is started
once for all cases of a set of devices: makes the bond, has the engine run, counts, and takes the
bond away again.

The devices of a program are numbered alike everywhere: the feed if there is one, the bare port, the
members.
"""

import re
import time

from bench_case import MODE_WORDS, POLICIES, known_to_pmd
from bench_clock import WorkerClock
from bench_console import ProgramError, Testpmd, Vfbond, bond_vdev

BOND = "b"
READ_S = 0.002  # a counter that is read within so much of the worker's time is exact enough
READ_TRIES = 10
AWAKE_S = 5  # a bond that has just been made carries traffic after so long at the latest
MBUFS = 16384
MEMORY_MB = 256
# What one program may come to take of hugepages: seen with net_memif.
HUGEPAGES_MB = 2 * MEMORY_MB

NAMES = {
    "direct": "vfbond, io_path=direct", "pmd": "vfbond, io_path=pmd", "testpmd": "dpdk-testpmd",
}


class Devices:
    """The vdevs or NICs of one program: the feed if there is one, the bare port, the members."""

    def __init__(self, eal, names, feed=False, shared=False):
        """eal: words for EAL; names: of the devices; shared: the bare port is a member as well."""
        self.eal = eal
        self.names = names
        self.feed = feed
        self.bare = 1 if feed else 0
        self.members = list(range(self.bare + (0 if shared else 1), len(names)))


def null_devices(members, size=64, feed=None):
    """net_null that copies nothing, so that the program is measured and no device."""
    names = [f"net_null{i}" for i in range(members + 1)]
    words = ["--no-pci"] + (["--vdev", feed] if feed else [])
    for name in names:
        words += ["--vdev", f"{name},copy=0,size={size}"]
    if feed:
        names.insert(0, feed.split(",")[0])
    return Devices(words, names, feed=feed is not None)


def pci_devices(addresses):
    """NICs: the bare port is the first of them."""
    words = [word for address in addresses for word in ("-a", address)]
    return Devices(words, addresses, shared=True)


class Driver:
    """A program that is told what to measure."""

    flow_limit = None  # of txonly, where the program can't have as many as asked for

    def __init__(self, name, program, devices):
        self.name = name
        self.program = program
        self.devices = devices
        self.clock = WorkerClock(program.child.pid, program.workers())
        self.port = devices.bare
        self.bond = None

    def run(self, *commands):
        for command in commands:
            text = self.program.run(command)
        return text

    def knows(self, place):
        """Whether it can have such a bond."""
        raise NotImplementedError

    def enter(self, place):
        """Make the place; every port but it and the feed is idle."""
        raise NotImplementedError

    def leave(self):
        """Take the place away."""
        raise NotImplementedError

    def fill(self, seconds):
        """Leave frames of many flows in the buffers, for the hash to read; forwarding is stopped."""
        raise NotImplementedError

    def begin(self, row):
        """Start the row's engine."""
        ports = f"{0},{self.port}" if row.feed else self.port
        self.run(f"set portlist {ports}", f"set burst {row.burst}", f"set txpkts {row.size}")
        self.run(f"set fwd {row.engine}", "start")

    def end(self):
        """Stop it."""
        self.run("stop")

    def counted(self, row):
        """Packets of the row until now, by a counter of the device."""
        if row.feed:
            port, what = 0, "RX-packets"
        else:
            port, what = self.port, "TX-packets" if row.engine == "txonly" else "RX-packets"
        text = self.run(f"show port stats {port}")
        number = self.number(text, what)
        if number is None:
            raise ProgramError(f"{self.name}: no {what} in 'show port stats {port}'", text)
        return number

    @staticmethod
    def number(text, what):
        """A counter in an answer to "show port stats", or None."""
        raise NotImplementedError

    def refused(self):
        """Share of its packets that the last run could not send; after end()."""
        raise NotImplementedError

    def look(self, row):
        """(packets, seconds of the workers) at one moment."""
        best = None
        for _ in range(READ_TRIES):
            before = self.clock.seconds()
            packets = self.counted(row)
            took = self.clock.seconds() - before
            if best is None or took < best[0]:
                best = took, packets, before + took / 2
            if took <= READ_S:
                break
        return best[1:]

    def await_traffic(self, row):
        """Wait until the row's packets flow."""
        first, limit = self.counted(row), time.monotonic() + AWAKE_S
        while self.counted(row) == first:
            if time.monotonic() > limit:
                raise ProgramError(f"{self.name}: {row}: no packet in {AWAKE_S} s",
                                   self.program.output())
            time.sleep(0.005)

    def close(self):
        """End the program."""
        self.clock.close()
        self.program.quit()


class VfbondDriver(Driver):
    """vfbond; each bond takes the given way through it."""

    # It receives from every port that is started, also from those that do not forward.

    def knows(self, place):
        return self.name == "direct" or known_to_pmd(place)

    def enter(self, place):
        self.run("port stop all")
        if place.bare:
            self.port = self.devices.bare
            self.run(f"port start {self.port}")
            return
        members = self.devices.members[:place.members]
        words = [f"create bond {BOND}", f"mode={MODE_WORDS[place.mode]}", f"io_path={self.name}"]
        words.append("members=" + ",".join(map(str, members)))
        words += [f"xmit_hash_policy={place.policy}"] if place.policy else []
        self.run(" ".join(words))
        self.port = self.bond = BOND

    def leave(self):
        if self.bond is not None:
            self.run(f"delete bond {BOND}")
            self.bond = None

    def fill(self, seconds):
        self.run(f"set portlist {self.port}", "set fwd txonly", "start")
        time.sleep(seconds)
        self.run("stop")

    def begin(self, row):
        if self.devices.feed:
            self.run(f"port {'start' if row.feed else 'stop'} 0")
        self.run("clear fwd stats all")
        super().begin(row)

    @staticmethod
    def number(text, what):
        head, _, rows = text.partition("\n")
        columns, cells = head.split(), rows.split()
        if what not in columns or len(cells) != len(columns):
            return None
        return int(cells[columns.index(what)])

    def refused(self):
        lines = [line.split() for line in self.run("show fwd stats all").splitlines()]
        rows = [line for line in lines[1:] if len(line) == len(lines[0])]
        sent, refused = (sum(int(row[lines[0].index(name)]) for row in rows)
                         for name in ("TX-PACKETS", "TX_FULL"))
        return refused / max(sent + refused, 1)


class TestpmdDriver(Driver):
    """dpdk-testpmd; a bond is the bond PMD's, made by its console."""

    flow_limit = 256
    stopped = ""
    made = 0

    def knows(self, place):
        return known_to_pmd(place)

    def enter(self, place):
        if place.bare:
            self.port = self.devices.bare
            return
        members = [self.devices.names[port] for port in self.devices.members[:place.members]]
        # Not by "create bonded device": that gives names which from the tenth on are too long for
        # mode 6. And each its own name: what the bond PMD leaves behind bears it.
        device = bond_vdev(place.mode, members, POLICIES.get(place.policy), self.made)
        self.made += 1
        text = self.run(f"port attach {device}")
        attached = re.search(r"Port (\d+) is attached", text)
        if attached is None:
            raise ProgramError(f"{self.name}: no bond {device}", text)
        self.port = self.bond = int(attached[1])
        self.run(f"set portlist {self.bond}", f"port start {self.bond}")

    def leave(self):
        if self.bond is None:
            return
        self.run(f"set portlist {self.devices.bare}", f"port stop {self.bond}",
                 f"port close {self.bond}")
        self.bond = None
        # Closing the bond has stopped its members, and one that is shared is next.
        for port in self.devices.members:
            if port == self.devices.bare:
                self.run(f"port start {port}")

    def fill(self, seconds):
        # txonly knows 256 flows, flowgen as many as --flowgen-flows says.
        self.run(f"set portlist {self.port}", "set fwd flowgen", "start")
        time.sleep(seconds)
        self.run("stop")

    def end(self):
        self.stopped = self.run("stop")

    @staticmethod
    def number(text, what):
        found = re.search(rf"{what}:\s*(\d+)", text)
        return int(found[1]) if found else None

    def refused(self):
        sums = re.findall(r"TX-dropped:\s*(\d+)\s+TX-total:\s*(\d+)", self.stopped)
        dropped, total = map(int, sums[-1]) if sums else (0, 0)  # the last is of all ports
        return dropped / max(total, 1)


class BenchTestpmd(Testpmd):
    """testpmd whose flows are given with its other options."""

    extra = ("--tx-offloads=0", "--no-flush-rx")


def started(name, paths, devices, setup, work, extra=()):
    """A driver of the program of this name (see NAMES).

    setup: lcores, hugepages, flows, queues, prefix; extra: further options of the program.
    """
    paired = devices.feed
    words = [str(paths["testpmd" if name == "testpmd" else "vfbond"])]
    words += ["--lcores" if "@" in setup.lcores else "-l", setup.lcores]
    words += [f"--file-prefix={setup.prefix}-{name}", "-m", str(MEMORY_MB), *devices.eal]
    words += ["--in-memory"] if setup.hugepages else ["--no-huge", "--no-shconf"]
    words += ["--", "-i", "--portlist=0", "--burst=32", "--rxd=512", "--txd=512"]
    words.append(f"--port-topology={'paired' if paired else 'loop'}")
    words += [f"--total-num-mbufs={MBUFS}", f"--rxq={setup.queues}", f"--txq={setup.queues}", *extra]
    work.mkdir(parents=True, exist_ok=True)
    if name == "testpmd":
        words += ["--txonly-multi-flow"] if setup.flows > 1 else []
        words += [f"--flowgen-flows={setup.flows}"]
        return TestpmdDriver(name, BenchTestpmd(words, work), devices)
    words.append(f"--flows={setup.flows}")
    return VfbondDriver(name, Vfbond(words, work), devices)
