# SPDX-License-Identifier: BSD-3-Clause
"""
Mode 802.3ad in scripts/bench: its members are net_memif, and at their other ends stands a process
that answers LACP and takes off what comes, a vfbond with a bond of its own; another net_memif goes
to the same process and is the bare port.

A program under test gets its packets from a net_null and sends them by the bond (feed), or makes
them (txonly). What a bond receives can't be measured here: that would need a process that sends
more than the program can take, which is a core of its own that is faster than the program's.

The process that takes off has to be faster than the one that sends, or the rings run full and what
is measured is waiting. It has the first CPU for itself and the control threads: the programs are
measured one after the other here, and who is not measured stands still (SIGSTOP). On a machine that
others use it may have no CPU all the same. A measurement with more than 2 % of its packets refused is
repeated, and in the end tells nothing: the share is in the results, the time is not.

Where the process that takes off keeps up, both look at the same cache lines all the time, and a packet
takes 150 ns where it takes 35 when the ring is well filled: the cost of bonding is then lost in that.
Its interval says so.
"""

import contextlib
import copy
import os
import signal
import time
from pathlib import Path

from bench_case import POLICIES
from bench_console import ProgramError, Vfbond, bond_vdev
from bench_drive import BOND, Devices, started

AGREED_S = 40  # the PMD's machine asks for slow timeouts: 30 s between two LACPDUs
RING_LOG2 = 11
MEMBERS = 2
CARRIES = "carries traffic"
SINK = "net_bonding_sink"


def memif(role, nr, path):
    """EAL's words for one end; nr: the same at both."""
    return ["--vdev", f"net_memif{nr},role={role},id={nr},socket={path},socket-abstract=no,"
                      f"rsize={RING_LOG2}"]


def start_sink(vfbond, setup, work, members, path):
    """The process at the other ends, of a bond or of one port; both its threads share a CPU."""
    cpu = setup.control_cpu
    names = [f"net_memif{nr}" for nr in range(members)]
    words = [str(vfbond), "--lcores", f"0@{cpu},1@{cpu}", "--no-pci", "--no-huge", "--no-shconf",
             "-m", "256", f"--file-prefix={setup.prefix}-sink"]
    for nr in range(members):
        words += memif("client", nr, path)
    # A bond of EAL's starts its members once; see Standing.
    words += ["--vdev", bond_vdev(4, names, "l34", "sink")] if members > 1 else []
    words += ["--", "-i", "--port-topology=loop", "--forward-mode=rxonly", "--auto-start",
              f"--portlist={SINK if members > 1 else names[0]}",
              f"--rxd={1 << RING_LOG2}", f"--txd={1 << RING_LOG2}"]
    work.mkdir(parents=True, exist_ok=True)
    program = Vfbond(words, work)
    # Rings run full while it has no CPU. Never more than this: a loop of real-time priority would
    # take the CPU from everybody who uses the machine.
    with contextlib.suppress(OSError):
        Path(f"/proc/{program.child.pid}/autogroup").write_text("-10")
    return program


def member_devices(name, policy, path, members):
    """Devices and further options of a program that sends to a sink."""
    words = ["--no-pci", "--vdev", "net_null0,copy=0"]
    names = [f"net_memif{nr}" for nr in range(members)]
    for nr in range(members):
        words += memif("server", nr, path)
    extra = []
    if members > 1 and name == "testpmd":
        words += ["--vdev", bond_vdev(4, names, POLICIES[policy])]
    elif members > 1:
        extra = ["--bond", f"{BOND} mode=802.3ad io_path={name} members={','.join(names)} "
                           f"xmit_hash_policy={policy}"]
    return Devices(words, ["net_null0", *names], feed=True), extra


class Standing:
    """A program with the bond and one with the bare port, in the place of a driver of both.

    A net_memif whose other end goes away, or goes away in the middle of saying hello, takes its
    process with it: what others read is unmapped under them, and the interrupt thread panics. So no
    port is stopped here and no bond made: each program has what it was started with, and the sinks,
    whose ports start once, connect when it stands.
    """

    def __init__(self, name, args, setup, policy, work, stack):
        self.name = name
        self.now = None
        self.drivers = {}
        self.pids = {}
        self.share = 0
        for members in (1, MEMBERS):
            here = work / str(members)
            path = here / "memif.sock"
            # One that stands still would hold up the start of another of its prefix.
            setup = copy.copy(setup)
            setup.prefix += f"-{name}{members}"
            devices, extra = member_devices(name, policy, path, members)
            driver = started(name, args.paths, devices, setup, here, extra)
            stack.enter_context(driver.program)
            sink = start_sink(args.paths["vfbond"], setup, here / "sink", members, path)
            stack.enter_context(sink)
            self.drivers[members] = driver
            self.pids[driver] = driver.program.child.pid, sink.child.pid
        bond = self.drivers[MEMBERS]
        bond.port = len(bond.devices.names) if name == "testpmd" else BOND
        self.agree(bond, sink)
        for driver in self.drivers.values():
            self.tell(driver, signal.SIGSTOP)

    def tell(self, driver, signum):
        """Give a signal to a program and its sink."""
        for pid in self.pids[driver]:
            os.kill(pid, signum)

    def begin(self, row):
        """Only those that are measured run, or six sinks would share a CPU."""
        self.tell(self.now, signal.SIGCONT)
        self.now.begin(row)

    def end(self):
        """Stop, and stand still."""
        self.now.end()
        self.share = self.now.refused()
        self.tell(self.now, signal.SIGSTOP)

    def refused(self):
        """Of the last run."""
        return self.share

    def __getattr__(self, name):
        return getattr(self.now, name)

    def knows(self, place):
        """Every program has these."""
        return place.bare or place.mode == 4

    def enter(self, place):
        """Turn to the program of the place."""
        self.now = self.drivers[1 if place.bare else MEMBERS]

    def leave(self):
        """Nothing to take away."""

    def close(self):
        """Nothing to end: see above. The block that they were started in kills them."""
        for driver in self.drivers.values():
            driver.clock.close()

    def agree(self, driver, sink):
        """Have LACP run until both ends have agreed; testpmd serves it only while it sends."""
        driver.run(f"set portlist 0,{driver.port}", "set fwd io", "start")
        end = time.monotonic() + AGREED_S
        while not (self.carries(driver) and agreed(sink)):
            if time.monotonic() > end:
                raise ProgramError(f"{driver.name}: LACP did not agree in {AGREED_S} s",
                                   driver.program.output())
            time.sleep(0.05)
        driver.run("stop")

    @staticmethod
    def carries(driver):
        """Whether the bond sends more than LACPDUs."""
        text = driver.run(f"show port stats {driver.port}")
        return driver.number(text, "TX-packets") > 1000


def agreed(sink):
    """Whether LACP has all of the sink's members carry traffic."""
    return sink.run(f"show lacp {SINK}").count(CARRIES) == MEMBERS
