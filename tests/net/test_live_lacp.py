# SPDX-License-Identifier: BSD-3-Clause
"""Members of an 802.3ad bond come and go under traffic, with Open vSwitch as the partner."""

import os
import re
import socket
import threading
import time

from load import ping_once
from modes import warm_up
from netlab import in_namespace, wait_for
from topology import IP_A, IP_B, TAP
from wire import MARK, Captures, mark_of

RATE = 500
FLOWS = 16
# Frames of one change that may be in flight, at the bond or in the partner's switch.
IN_FLIGHT = 64
ROUNDS = 5 if os.environ.get("VFBOND_LONG") else 1


class Flow:
    """Numbered datagrams at a steady rate, by a kernel's stack, in flows that differ by the port;
    and the serials that the other kernel's socket received. A context manager.
    """

    def __init__(self, source, source_ip, sink, sink_ip, tag):
        self.tag = tag
        self.sent = 0
        self.received = set()
        self._to = (sink_ip, 9020)
        with in_namespace(sink.name):
            self._sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sink.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._sink.bind(self._to)
        self._sink.setblocking(False)
        self._socks = []
        for flow in range(FLOWS):
            # Ports in a row differ in too few bits for a hash modulo 3.
            with in_namespace(source.name):
                sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.bind((source_ip, 24000 + 97 * flow))
            self._socks.append(sock)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._ended.set()
        self._thread.join()
        for sock in self._socks + [self._sink]:
            sock.close()

    def _run(self):
        find = mark_of(self.tag)
        due = began = time.monotonic()
        while not self._ended.wait(max(0.0, due - time.monotonic())):
            flow = self.sent % FLOWS
            words = (self.tag, flow, self.sent)
            payload = MARK + b"".join(w.to_bytes(4, "big") for w in words)
            self._socks[flow].sendto(payload, self._to)
            self.sent += 1
            # What a busy machine missed is not made up for.
            due = max(began + self.sent / RATE, time.monotonic() - 0.05)
            try:
                while True:
                    self.received.add(find(self._sink.recv(100))[1])
            except BlockingIOError:
                pass

    def run_of(self, count, first, deadline_s=20.0):
        """Wait until so many in a row have arrived, from serial first on or behind one lost."""

        def whole():
            nonlocal first
            end = first
            while end in self.received:
                end += 1
            if end < self.sent - RATE:  # a second is enough for any that is under way
                first = end + 1
            return end - first >= count

        wait_for(whole, f"{count} datagrams in a row at the other end", deadline_s)

    def lost(self, first, last):
        """Those of a range that never arrived."""
        return set(range(first, last)) - self.received


class Ports:
    """Which datagrams of a Flow were seen at each of the partner's ports, as they come."""

    def __init__(self, topo, flow, outgoing):
        self._caps = Captures(topo.b, topo.ports, outgoing)
        self._find = mark_of(flow.tag)
        self._read = [0] * topo.members
        self._seen = [set() for _ in range(topo.members)]

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self._caps.__exit__()

    def serials(self):
        """By port."""
        for i, cap in enumerate(self._caps.caps):
            frames = cap.poll()[self._read[i]:]
            self._read[i] += len(frames)
            self._seen[i].update(mark[1] for mark in map(self._find, frames) if mark)
        return self._seen


def partner(made):
    """The system id of Open vSwitch, by its own word."""
    text = made.topo.switch.appctl("lacp/show")
    return re.search(r"^\s*sys_id: (\S+)", text, re.M).group(1)


def wait_aggregated(made, members):
    """Wait until both sides agree about who is in it, and the bond shows its partner."""
    topo = made.topo
    system = partner(made)

    def agreed():
        text = made.command("show bond bond0")
        told = topo.switch.lacp()[1]
        current = [i for i, port in enumerate(topo.ports) if told[port].startswith("current")]
        return (current == members and f"Partner Mac Address: {system}\n" in text
                and f"Number of ports: {len(members)}\n" in text)

    try:
        wait_for(agreed, f"members {members} agreed upon", 20.0, poll_s=0.05)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{made.command('show bond bond0')}\n"
                             f"{topo.switch.appctl('lacp/show')}") from None


class Change:
    """Adds and removes members, with an account of what it cost in each direction."""

    def __init__(self, made, out, back, at_ports, from_ports):
        self.made, self.out, self.back = made, out, back
        self.at_ports, self.from_ports = at_ports, from_ports
        self.members = [0, 1]
        self.cost = []

    def __call__(self, word, i):
        out, back = self.out, self.back
        first, first_back = out.sent, back.sent
        self.made.command(f"{word} bond bond0 member net_af_packet{i}")
        changed = out.sent
        self.members = sorted({*self.members, i} if word == "add" else {*self.members} - {i})
        wait_aggregated(self.made, self.members)
        if word == "add":
            wait_for(lambda: [n for n in self.at_ports.serials()[i] if n >= changed],
                     f"datagrams at port {i}", 20.0)
        last, last_back = out.sent, back.sent
        out.run_of(RATE // 2, last)
        back.run_of(RATE // 2, last_back)
        self._judge(word, i, (first, last), (first_back, last_back), changed)

    def _judge(self, word, i, out_range, back_range, changed):
        at_ports, from_ports = self.at_ports.serials(), self.from_ports.serials()
        for port, serials in enumerate(at_ports):
            late = [n for n in serials if n >= changed + IN_FLIGHT and n < out_range[1]]
            assert port in self.members or not late, f"{len(late)} left by removed member {port}"
        never_left = self.out.lost(*out_range) - set().union(*at_ports)
        lost = self.out.lost(*out_range)
        assert len(never_left) <= IN_FLIGHT, f"{word} {i}: {len(never_left)} not sent"
        assert len(lost) <= IN_FLIGHT, f"{word} {i}: {len(lost)} lost on the way to the partner"
        # A member that leaves says so, and the partner sends by it no more.
        lost_back = self.back.lost(*back_range)
        by_member = lost_back & from_ports[i]
        assert len(lost_back) <= IN_FLIGHT, (f"{word} {i}: {len(lost_back)} lost from the partner, "
                                             f"{len(by_member)} by this member")
        self.cost.append((word, len(lost), len(lost_back)))


def test_members_under_load(bench, measured):
    """The third cable's member joins, others leave and return: what is sent arrives, by members
    only, and the bond shows its partner throughout.
    """
    made = bench("802.3ad", 3, in_bond=2)
    topo = made.topo
    topo.a.ip("link", "set", TAP, "txqueuelen", 20000)
    topo.unplugged.add(2)  # nobody speaks LACP there
    warm_up(made)
    ping_once(topo.a, IP_B)
    wait_aggregated(made, [0, 1])
    with Flow(topo.a, IP_A, topo.b, IP_B, 900001) as out, \
         Flow(topo.b, IP_B, topo.a, IP_A, 900002) as back, \
         Ports(topo, out, False) as at_ports, Ports(topo, back, True) as from_ports:
        out.run_of(100, 0)
        back.run_of(100, 0)
        change = Change(made, out, back, at_ports, from_ports)
        made.command(f"port attach net_af_packet2,iface={topo.macvlans[2]}")
        change("add", 2)
        for i in (0, 1, 2) * (ROUNDS - 1) + (0, 1):
            change("remove", i)
            change("add", i)
    for word in ("add", "remove"):
        costs = [cost[1:] for cost in change.cost if cost[0] == word]
        out_max, back_max = (max(c[i] for c in costs) for i in range(2))
        measured.append(f"802.3ad        {len(costs)} × {word} under {RATE}/s each way: lost at "
                        f"most {out_max} out, {back_max} in")
    ping_once(topo.a, IP_B)
    ping_once(topo.b, IP_A)
