#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""PFs are reset and VFs taken away under a bond of vfbond; runs inside the lab VM.

    kernel - far (a bridge, or a bond of the kernel) - peer0 peer1 = pf0 pf1, each with one VF on
    vfio-pci - vfbond's bond0, where the engine icmpecho answers

A PF reset (`ip link set PF mtu`, down and up) leaves its VF with a link and deaf. Traffic goes on by
the other VF, the first one heals by itself and is used again, and no counter jumps. TAP on standard
output.

usage: vf_events.py VFBOND
"""

import contextlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import time

from load import Ping, ping_once
from netlab import Lab, run, wait_for
from program import Vfbond
from tap import Results
from topology import IP_A, IP_B
from vf_lab import LONG, PFS, Far, cable, make_vfs, netdev_of, peers_to

HEAL_S = 15.0   # a PF's link is away for up to 2 s, LACP wants 3 more
JUMP = 1 << 31  # packets and bytes that no case comes near to

# Name, options of bond0 beside its members, the far end, and how long nothing may be answered. The
# far end's links stay up when a PF is reset: it does not send to the deaf VF only where a failover
# is announced. Otherwise it does for a bridge's ageing time, until the VF hears again, or for LACP's
# short timeout.
BONDS = (
    ("active-backup", "mode=active-backup ip={ip}/24", "bridge", 4.0),
    ("active-backup with a primary", "mode=active-backup primary={v0} ip={ip}/24", "bridge", 4.0),
    ("active-backup with a primary, by the PMD",
     "mode=active-backup primary={v0} io_path=pmd", "bridge", 12.0),
    ("balance-xor", "mode=balance-xor xmit_hash_policy=layer3+4", "balance-xor", 12.0),
    ("802.3ad", "mode=802.3ad lacp_rate=fast xmit_hash_policy=layer3+4", "802.3ad", 12.0),
)


# The others stand beside these in scripts/test long.
SHORT = ("active-backup with a primary", "active-backup with a primary, by the PMD", "802.3ad")


class Bench:
    """vfbond with bond0 over two VFs, a far end that pings it, and the counters so far."""

    def __init__(self, lab, binary, ns, vfs, options, gap_s):
        self.ns, self.vfs = ns, vfs
        self.pfs = [netdev_of(pf) for pf in PFS]
        self.counters = {}
        self.gap_s = gap_s
        self.vfbond = Vfbond(lab, binary, None, [], [
            "--auto-start", "--forward-mode=icmpecho", "--portlist", "bond0", "--bond",
            f"bond0 members={','.join(vfs)} miimon=50 mac=02:00:00:00:00:b0 "
            + options.format(v0=vfs[0], v1=vfs[1], ip=IP_B),
        ], hugepages=True, pci=vfs)
        self.vfbond.wait_console(60)

    def bond(self):
        """`show bond`, read."""
        return json.loads(self.vfbond.command("show bond bond0 json"))

    def member(self, index):
        """What it says of one VF."""
        return next(m for m in self.bond()["members"] if m["name"] == self.vfs[index])

    def works(self, index):
        """Whether a VF may carry traffic now, for all that vfbond knows."""
        member = self.member(index)
        return (member["link_up"] and member["waits_for"] is None
                and member["why_idle"] in (None, "backup"))

    def healed(self, index, restarts):
        """Wait until a VF was restarted more often than that, and works."""
        wait_for(lambda: self.restarts(index) > restarts and self.works(index),
                 f"{self.vfs[index]} restarted and in use", HEAL_S)

    def restarts(self, index):
        """How often it was restarted, by the program's word."""
        log = self.vfbond.log()
        return log.count(f"member {self.vfs[index]} restarted") + log.count(
            f"member {self.vfs[index]} reset,")

    def check_counters(self, differences):
        """No counter of any port went backwards or jumped since the last look."""
        for line in self.vfbond.command("show port stats all").splitlines():
            words = line.split()
            if not words or not words[0].isdigit():
                continue
            now = [int(w) for w in words[2:6]]
            before = self.counters.get(words[1], [0] * 4)
            for old, new in zip(before, now):
                if new < old or new - old >= JUMP:
                    differences.append(f"counters of {words[1]}: {before}, then {now}")
            self.counters[words[1]] = now


@contextlib.contextmanager
def pings(bench, differences, what):
    """The far end pings all the while, and is not long without an answer."""
    ping = Ping(bench.ns, IP_B)
    ping.wait_answered(5, 0, "before", 15)
    began = time.time()
    try:
        yield
        ping.wait_answered(10, time.time(), f"after {what}", 10)
        gap = ping.longest_gap(began, time.time())
        print(f"# VFs: {what}: longest time without an answer {gap:.2f} s")
        if gap > bench.gap_s:
            differences.append(f"{gap:.2f} s without an answer")
    finally:
        ping.stop()


def pf_resets(results, name, bench, mtus):
    """The first VF's PF is reset in both ways; with or without traffic by it, it is back."""
    ways = (
        ("MTU", lambda pf: run("ip", "link", "set", pf, "mtu", next(mtus))),
        ("down and up", lambda pf: (run("ip", "link", "set", pf, "down"), time.sleep(1),
                                    run("ip", "link", "set", pf, "up"))),
    )
    for what, reset in ways:
        with results.case(f"{name}: PF {what}") as differences:
            bench.check_counters(differences)
            with pings(bench, differences, f"{name}: PF {what}"):
                restarts = bench.restarts(0)
                reset(bench.pfs[0])
                bench.healed(0, restarts)
            bench.check_counters(differences)


def only_by(results, name, bench, index):
    """The other VF's cable is pulled: this one carries everything."""
    with results.case(f"{name}: cable {1 - index} pulled, all by VF {index}") as differences:
        restarts = bench.restarts(1 - index)
        try:
            with pings(bench, differences, f"{name}: cable {1 - index} pulled"):
                cable(1 - index, "off")
                wait_for(lambda: not bench.member(1 - index)["link_up"], "link down", 5)
        except AssertionError:
            cable(1 - index, "on")
            raise
        with pings(bench, differences, f"{name}: cable {1 - index} plugged"):
            cable(1 - index, "on")
            bench.healed(1 - index, restarts)
        bench.check_counters(differences)


def primary_is_back(results, name, bench):
    """It carries the traffic again, and does so."""
    with results.case(f"{name}: the primary is used again"):
        wait_for(lambda: bench.bond()["active"] == bench.vfs[0], "the primary active", 5)
        ping_once(bench.ns, IP_B)


def vf_goes(results, name, bench):
    """sriov_numvfs = 0 while vfbond holds the VF."""
    with results.case(f"{name}: a VF is destroyed under the program") as differences:
        with pings(bench, differences, f"{name}: VF destroyed"):
            began = time.monotonic()
            subprocess.run(
                ["sh", "-c", f"echo 0 > /sys/bus/pci/devices/{PFS[0]}/sriov_numvfs"],
                check=True, timeout=20,
            )
            print(f"# VFs: sriov_numvfs=0 took {time.monotonic() - began:.1f} s")
            wait_for(lambda: len(bench.bond()["members"]) == 1, "one member left", 5)
        bench.check_counters(differences)
        if bench.vfs[0] in bench.vfbond.command("show port summary all"):
            differences.append("the port of the VF is still there")
    with results.case(f"{name}: the last VF is destroyed"):
        subprocess.run(
            ["sh", "-c", f"echo 0 > /sys/bus/pci/devices/{PFS[1]}/sriov_numvfs"],
            check=True, timeout=20,
        )
        wait_for(lambda: not bench.bond()["members"], "no member left", 5)
        if bench.bond()["link_up"]:
            raise AssertionError("a bond without members has a link")


def over(results, lab, binary, net, bond):
    """One bond, from its start to the program's end; net: namespace, peers, VFs, MTUs to set."""
    name, options, kind, gap_s = bond
    ns, peers, vfs, mtus = net
    with Far(ns, kind, peers, IP_A), contextlib.ExitStack() as stack:
        bench = Bench(lab, binary, ns, vfs, options, gap_s)
        stack.callback(lambda: shutil.copy(bench.vfbond.process.log_path, "vfbond.log"))
        with results.case(f"{name}: both VFs work"):
            wait_for(lambda: bench.works(0) and bench.works(1), "both VFs in use", 20)
            ping_once(ns, IP_B)
        pf_resets(results, name, bench, mtus)
        if "primary" in options:
            primary_is_back(results, name, bench)
        only_by(results, name, bench, 0)
        if bond == BONDS[-1]:
            vf_goes(results, name, bench)
        with results.case(f"{name}: the program ends cleanly"):
            bench.vfbond.stop()


def main(binary):
    """All of it."""
    results = Results()
    run("modprobe", "-a", "bonding", "bridge", "virtio_net")
    run("dmesg", "-n", "1")
    with results.case("set up and cleaned up"), Lab() as lab:
        vfs = make_vfs()
        ns = lab.namespace("p")
        net = (ns, peers_to(ns), vfs, itertools.cycle(("1400", "1500")))
        for bond in (b for b in BONDS if LONG or b[0] in SHORT):
            with results.case(f"{bond[0]}: from start to end"):
                over(results, lab, binary, net, bond)
    return results.plan()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(os.path.abspath(sys.argv[1])))
