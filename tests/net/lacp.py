# SPDX-License-Identifier: BSD-3-Clause
"""LACP as it is on the wire: LACPDUs taken apart by hand (IEEE 802.1AX-2014, 6.4.2), captured in
both directions at the partner's ports; and a partner that is silenced while its carrier stays.
"""

import collections
import ctypes
import itertools
import os
import re
import socket
import struct
import threading
import time

import pytest

from netlab import wait_for
from topology import IP_B, TAP
from watch import view
from wire import Capture, Injector, mac_bytes, mark_of, marked_frame

SLOW_MAC = "01:80:c2:00:00:02"
SLOW_TYPE = 0x8809
SO_ATTACH_FILTER = 26
SHORT_TIMEOUT_S = 3.0
LONG = bool(os.environ.get("VFBOND_LONG"))
long_only = pytest.mark.skipif(not LONG, reason="a long form (VFBOND_LONG=1)")

(ACTIVE, TIMEOUT, AGGREGATION, SYNC, COLLECTING, DISTRIBUTING, DEFAULTED,
 EXPIRED) = (1 << bit for bit in range(8))
CARRIES = SYNC | COLLECTING | DISTRIBUTING

Side = collections.namedtuple("Side", "system_priority system key port_priority port state")
Pdu = collections.namedtuple("Pdu", "time src actor partner frame")
_tags = itertools.count(700000)


def _side(tlv):
    prio, system, key, port_prio, port, state = struct.unpack("!H6sHHHB", tlv[2:17])
    return Side(prio, system.hex(":"), key, port_prio, port, state)


def lacpdu_of(frame, moment=0.0):
    """An LACPDU, or None."""
    if len(frame) < 124 or frame[12:16] != b"\x88\x09\x01\x01":
        return None
    assert frame[:6] == mac_bytes(SLOW_MAC), frame[:6].hex(":")
    return Pdu(moment, frame[6:12].hex(":"), _side(frame[16:36]), _side(frame[36:56]), frame)


def lacpdu(src, actor, partner):
    """An LACPDU as bytes, from two Sides."""
    frame = mac_bytes(SLOW_MAC) + mac_bytes(src) + b"\x88\x09\x01\x01"
    for kind, side in ((1, actor), (2, partner)):
        frame += struct.pack("!BBH6sHHHB3x", kind, 20, side.system_priority,
                             mac_bytes(side.system), side.key, side.port_priority, side.port,
                             side.state)
    return frame + b"\x03\x10" + bytes(14) + bytes(52)


class SlowCapture(Capture):
    """Slow protocols of one direction only, so that a flood of others leaves them alone."""

    def __init__(self, ns, dev, outgoing=False):
        super().__init__(ns, dev, outgoing)
        # ldh [12]; jeq 0x8809, next, leave; ld packet type; jeq 4 (outgoing); take or leave
        taken, left = (0, 1) if outgoing else (1, 0)
        code = [(0x28, 0, 0, 12), (0x15, 0, 3, SLOW_TYPE), (0x20, 0, 0, 0xFFFFF004),
                (0x15, taken, left, 4), (0x06, 0, 0, 0x40000), (0x06, 0, 0, 0)]
        text = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *c) for c in code))
        self.sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                             struct.pack("HL", len(code), ctypes.addressof(text)))

    def pdus(self):
        """All LACPDUs so far."""
        return [p for p in (lacpdu_of(f, t) for t, f in self.timed()) if p]


class Talk:
    """What both ends say on each of the partner's cables. A context manager."""

    def __init__(self, topo):
        self._ours = [SlowCapture(topo.b, port) for port in topo.ports]
        self._theirs = [SlowCapture(topo.b, port, outgoing=True) for port in topo.ports]

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        for cap in self._ours + self._theirs:
            cap.close()

    def ours(self, i):
        """The bond's LACPDUs that reached the partner's port i."""
        return self._ours[i].pdus()

    def theirs(self, i):
        """The partner's LACPDUs that left by its port i."""
        return self._theirs[i].pdus()

    def slow_frames(self, i):
        """All slow frames of the bond at port i."""
        return list(self._ours[i].poll())


class Stream:
    """Marked frames from A's stack at a steady rate, in flows that use every member, and where
    they leave: at which of the partner's ports, and when. A context manager.
    """

    FLOWS = 16

    def __init__(self, topo, rate=400):
        self.tag = next(_tags)
        self.sent = 0
        self._caps = [Capture(topo.b, port) for port in topo.ports]
        self._find = mark_of(self.tag)
        self._read = [0] * len(self._caps)
        self._seen = [[] for _ in self._caps]
        self._out = Injector(topo.a, TAP)
        self._src = topo.a.mac(TAP)
        self._rate = rate
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self.stop()
        for cap in self._caps:
            cap.close()
        self._out.sock.close()

    def stop(self):
        """Send no more."""
        self._ended.set()
        self._thread.join()

    def _run(self):
        due = time.monotonic()
        while not self._ended.wait(max(0.0, due - time.monotonic())):
            flow = self.sent % self.FLOWS
            self._out.send(marked_frame(self._src, self.tag, 97 * flow, self.sent))
            self.sent += 1
            due = max(due + 1 / self._rate, time.monotonic() - 0.05)

    def at(self, i):
        """[(time, serial)] of the frames at port i so far."""
        cap = self._caps[i]
        new = cap.timed()[self._read[i]:]
        self._read[i] += len(new)
        for moment, frame in new:
            mark = self._find(frame)
            if mark:
                self._seen[i].append((moment, mark[1]))
        return self._seen[i]

    def wait_at(self, i, what, count=20, since=None, deadline_s=15.0):
        """Wait for frames at port i that were sent from now (or from a serial) on."""
        first = self.sent if since is None else since
        wait_for(lambda: sum(n >= first for _, n in self.at(i)) >= count,
                 f"frames at port {i} {what}", deadline_s)

    def used(self, count=160):
        """The ports at which the next so many frames arrive."""
        first = self.sent
        counts = []

        def arrived():
            counts[:] = [sum(first <= n < first + count for _, n in self.at(i))
                         for i in range(len(self._caps))]
            return sum(counts) >= count - 8 or self.sent > first + 4 * count

        wait_for(arrived, f"{count} frames sent", 30.0)
        return [i for i, n in enumerate(counts) if n]


def machines(made, i):
    """Member i's LACP in the view."""
    name = f"net_af_packet{i}"
    return next(m["lacp"] for m in view(made)["members"] if m["name"] == name)


def distributing(made):
    """Indexes of the members that distribute, by the program's word."""
    return [i for i, m in enumerate(view(made)["members"]) if m["lacp"].get("distributes")]


def explain(made):
    """What both ends say of it, for a failure."""
    return made.command("show lacp bond0") + "\n" + made.topo.switch.appctl("lacp/show")


def wait_lacp(made, condition, what, deadline_s=20.0):
    """wait_for, and what both ends say when it does not come."""
    try:
        return wait_for(condition, what, deadline_s, poll_s=0.05)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{explain(made)}") from None


def wait_distributing(made, members, deadline_s=20.0):
    """Wait until exactly these members distribute, and the partner says the same of its ports."""
    wait_lacp(made, lambda: distributing(made) == members, f"members {members} distribute",
              deadline_s)


def wait_both(made, deadline_s=20.0):
    """Wait until both ends agree on every member whose cable is in."""
    plugged = made.topo.plugged()
    wait_lacp(made, lambda: made.topo.switch.ready() and distributing(made) == plugged,
              f"members {plugged} agreed upon", deadline_s)


def lacp_events(made, pattern):
    """Lines of the program's log that match."""
    return re.findall(rf"^.*{pattern}.*$", made.vfbond.log(), re.M)


def switch_config(topo, words, what="port", name="peer"):
    """Change Open vSwitch's configuration live."""
    topo.switch.vsctl("set", what, name, *words)


class Silence:
    """A device in the cable that eats slow protocols, or everything, in one direction or both,
    while the carrier stays.
    """

    # Programs of a tc classifier; 2 drops, -1 lets pass.
    SLOW = "4,40 0 0 12,21 0 1 34825,6 0 0 2,6 0 0 4294967295"
    ALL = "1,6 0 0 2"

    def __init__(self, topo):
        self.topo = topo
        self._made = set()

    def _drop(self, ns, dev, program):
        if dev not in self._made:
            ns.exec("tc", "qdisc", "add", "dev", dev, "clsact")
            self._made.add(dev)
        ns.exec("tc", "filter", "add", "dev", dev, "egress", "protocol", "all", "bpf", "da",
                "bytecode", program)

    def of_partner(self, i, program=ALL):
        """What the partner sends by its port i does not leave; captures do not see it either."""
        self._drop(self.topo.b, self.topo.ports[i], program)

    def of_bond(self, i, program=ALL):
        """What member i sends is lost on the way."""
        self._drop(self.topo.a, f"ve{i}", program)

    def end(self):
        """Let everything pass again."""
        for dev in self._made:
            ns = self.topo.b if dev in self.topo.ports else self.topo.a
            ns.exec("tc", "qdisc", "del", "dev", dev, "clsact")
        self._made.clear()


def ping_ok(made):
    """Both stacks answer each other."""
    out = made.topo.a.exec("ping", "-n", "-c3", "-i0.2", "-W2", IP_B, check=False)
    return " 0% packet loss" in out
