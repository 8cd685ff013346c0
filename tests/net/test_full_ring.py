# SPDX-License-Identifier: BSD-3-Clause
"""A member that takes no more: its ring is full because the kernel's device below it is slow."""

import collections
import itertools
import time

import pytest

from modes import warm_up
from netlab import wait_for
from topology import TAP
from watch import member, view, wait_active, wait_all_up
from wire import Captures, Injector, mark_of, marked_frame

FLOWS = 16
REFUSED = 100  # frames that the member must refuse in each run
SENT_MAX = 20000
_tags = itertools.count(800000)


def slow_down(topo, i):
    """The device below member i passes about a hundred frames a second."""
    topo.a.exec("tc", "qdisc", "add", "dev", f"ve{i}", "root", "tbf",
                "rate", "100kbit", "burst", 2000, "limit", 10000000)


def speed_up(topo, i):
    """The end of slow_down(): what waits leaves at once."""
    topo.a.exec("tc", "qdisc", "change", "dev", f"ve{i}", "root", "tbf",
                "rate", "10gbit", "burst", 2000000, "limit", 10000000)


def refused(made):
    """Frames that each member has refused so far."""
    return [member(made, i)["counters"]["drops"]["tx_full"] for i in range(2)]


class Sender:
    """Rounds of one frame of each flow, with an account of where they arrived."""

    def __init__(self, made, caps, out):
        self._out = out
        self._mac = made.topo.a.mac(TAP)
        self._by_address = made.mode == "balance-alb"  # else by port: both would cancel each other
        self.tag = next(_tags)
        self.rounds = 0
        self._caps = caps.caps
        self._read = [len(cap.poll()) for cap in self._caps]
        self._marks = [[] for _ in self._caps]

    def send(self, rounds=1):
        """Send some rounds without waiting for anything."""
        for _ in range(rounds):
            for flow in range(FLOWS):
                to_ip = f"10.98.1.{flow}" if self._by_address else "10.98.1.0"
                self._out.send(marked_frame(self._mac, self.tag, flow, self.rounds, to_ip=to_ip))
            self.rounds += 1

    def sent(self):
        """How many frames."""
        return self.rounds * FLOWS

    def arrived(self):
        """Per port, the (flow, serial) there. Of thousands of frames, each is looked at once."""
        for i, cap in enumerate(self._caps):
            frames = cap.poll()[self._read[i]:]
            self._read[i] += len(frames)
            self._marks[i] += filter(None, map(mark_of(self.tag), frames))
        return self._marks


def homes(made, caps, out):
    """{flow: its port}, by a frame of each."""
    sender = Sender(made, caps, out)
    sender.send()
    wait_for(lambda: sum(map(len, sender.arrived())) == FLOWS, "a frame of each flow")
    return {flow: i for i, marks in enumerate(sender.arrived()) for flow, _ in marks}


def fill(made, caps, out):
    """Send until member 0 has refused enough, then let it go on; the Sender, and who refused how
    many. Every frame must have arrived or be counted.
    """
    topo = made.topo
    before = refused(made)
    sender = Sender(made, caps, out)
    slow_down(topo, 0)
    while sender.sent() < SENT_MAX and refused(made)[0] < before[0] + REFUSED:
        for _ in range(8):
            sender.send(2)
            time.sleep(0.005)
    speed_up(topo, 0)
    counts = collections.Counter()

    def whole():
        counts["refused"] = sum(refused(made)) - sum(before)
        counts["arrived"] = sum(map(len, sender.arrived()))
        return counts.total() >= sender.sent()

    try:
        wait_for(whole, "all frames arrived or counted", 10.0)
    except AssertionError:
        raise AssertionError(f"{counts} of {sender.sent()} frames") from None
    finally:
        topo.a.exec("tc", "qdisc", "del", "dev", "ve0", "root")
    return sender, [now - then for now, then in zip(refused(made), before)]


def ready(bench, mode, bond=""):
    """A bench whose tap drops nothing; in modes with an active member that is the slow one."""
    made = bench(mode, bond=bond)
    made.topo.a.ip("link", "set", TAP, "txqueuelen", 20000)
    wait_all_up(made)
    warm_up(made)
    if view(made)["active"]:
        wait_active(made, 0)
    return made


@pytest.mark.parametrize("mode", ("active-backup", "balance-xor", "balance-tlb", "balance-alb"))
def test_flows_stay(bench, measured, mode):
    """No frame of the full member's flows leaves by the other one; each is sent or counted."""
    made = ready(bench, mode)
    with Captures(made.topo.b, made.topo.ports) as caps, Injector(made.topo.a, TAP) as out:
        for _ in range(3):
            before = homes(made, caps, out)
            sender, drops = fill(made, caps, out)
            # Modes 5 and 6 deal the flows anew every 10 s by their load: then once more.
            if homes(made, caps, out) == before:
                break
        at_port = sender.arrived()
    assert set(before.values()) == ({0} if mode == "active-backup" else {0, 1})
    astray = [(i, mark) for i, marks in enumerate(at_port) for mark in marks
              if before[mark[0]] != i]
    assert not astray, f"{len(astray)} frames left by another member: {astray[:3]}"
    assert drops[0] >= REFUSED and drops[1] == 0, f"refused by the members: {drops}"
    twice = [m for m, n in collections.Counter(itertools.chain(*at_port)).items() if n != 1]
    assert not twice, f"{len(twice)} frames twice"
    for flow, port in before.items():
        serials = [s for f, s in at_port[port] if f == flow]
        assert serials == sorted(serials), f"flow {flow} out of order"
        assert port == 0 or len(serials) == sender.rounds, f"flow {flow} of the other member lost"
    measured.append(f"{mode:14} ring filled: {drops[0]} of {sender.sent()} frames refused, all on "
                    "their member")
