# SPDX-License-Identifier: BSD-3-Clause
"""What a bond says of itself, what stands in the frames that reach its peer, and how to disturb it.

Frames are taken apart by hand: each function returns None for a frame of another kind.
"""

import collections
import ipaddress
import itertools
import json
import socket
import struct
import threading
import time

from netlab import run, wait_for
from topology import TAP
from wire import BROADCAST, Capture, Captures, Injector, mac_bytes, marked_frame

_tags = itertools.count(100000)

VLAN_TYPES = (0x8100, 0x88A8)

Eth = collections.namedtuple("Eth", "dst src vlan type payload")
Arp = collections.namedtuple("Arp", "vlan src op sender_mac sender_ip target_mac target_ip")
Nd = collections.namedtuple("Nd", "vlan src is_advert solicited source destination target")


def eth_of(frame):
    """The outer header of a frame; vlan is 0 without a tag."""
    dst, src, (kind,) = frame[:6].hex(":"), frame[6:12].hex(":"), struct.unpack("!H", frame[12:14])
    if kind not in VLAN_TYPES:
        return Eth(dst, src, 0, kind, frame[14:])
    tci, inner = struct.unpack("!HH", frame[14:18])
    return Eth(dst, src, tci & 0xFFF, inner, frame[18:])


def arp_of(frame, kind=0x0806):
    """An ARP frame, or with another EtherType a RARP one."""
    eth = eth_of(frame)
    if eth.type != kind or len(eth.payload) < 28:
        return None
    op, smac, sip, tmac, tip = struct.unpack("!H6s4s6s4s", eth.payload[6:28])
    return Arp(eth.vlan, eth.src, op, smac.hex(":"), socket.inet_ntoa(sip), tmac.hex(":"),
               socket.inet_ntoa(tip))


def rarp_of(frame):
    """A RARP frame (RFC 903)."""
    return arp_of(frame, 0x8035)


def is_announcement(arp):
    """True for a gratuitous ARP frame."""
    return arp is not None and arp.sender_ip == arp.target_ip != "0.0.0.0"


def nd_of(frame):
    """A neighbour solicitation or advertisement (RFC 4861)."""
    eth = eth_of(frame)
    ip6 = eth.payload
    if eth.type != 0x86DD or len(ip6) < 64 or ip6[6] != 58 or ip6[40] not in (135, 136):
        return None
    return Nd(eth.vlan, eth.src, ip6[40] == 136, ip6[40] == 136 and bool(ip6[44] & 0x40),
              str(ipaddress.IPv6Address(ip6[8:24])), str(ipaddress.IPv6Address(ip6[24:40])),
              str(ipaddress.IPv6Address(ip6[48:64])))


def igmp_group_of(frame):
    """The group that a membership report names (the first one of an IGMPv3 report)."""
    eth = eth_of(frame)
    ip4 = eth.payload
    if eth.type != 0x0800 or len(ip4) < 28 or ip4[9] != 2:
        return None
    igmp = ip4[4 * (ip4[0] & 15):]
    if igmp[0] == 0x22 and len(igmp) >= 16:
        return socket.inet_ntoa(igmp[12:16])
    return socket.inet_ntoa(igmp[4:8]) if igmp[0] in (0x12, 0x16) else None


def mld_groups_of(frame):
    """The groups that an MLD report names (RFC 3810; version 1 as RFC 2710)."""
    ip6 = eth_of(frame).payload if eth_of(frame).type == 0x86DD else b""
    # Behind a hop-by-hop header with a router alert, as all of MLD.
    if len(ip6) < 72 or ip6[6] != 0 or ip6[40] != 58:
        return []
    mld = ip6[40 + 8 * (ip6[41] + 1):]
    if mld[0] == 131:
        return [str(ipaddress.IPv6Address(mld[8:24]))]
    found, at = [], 8
    for _ in range(struct.unpack("!H", mld[6:8])[0] if mld[0] == 143 else 0):
        words, sources = struct.unpack("!BH", mld[at + 1:at + 4])
        found.append(str(ipaddress.IPv6Address(mld[at + 4:at + 20])))
        at += 20 + 16 * sources + 4 * words
    return found


def view(bench):
    """The bond as `show bond NAME json` shows it."""
    return json.loads(bench.command("show bond bond0 json"))


def member(bench, i):
    """Member i in the view."""
    name = f"net_af_packet{i}"
    return next(m for m in view(bench)["members"] if m["name"] == name)


def active(bench):
    """Index of the active member by the view, or None."""
    name = view(bench)["active"]
    return int(name[len("net_af_packet"):]) if name else None


def wait_active(bench, i, deadline_s=3.0):
    """Wait until member i is the active one."""
    wait_for(lambda: active(bench) == i, f"member {i} active", deadline_s)


def wait_link(bench, i, link, deadline_s=3.0):
    """Wait until the link of member i has a state, as "up" or "down"."""
    wait_for(lambda: member(bench, i)["link"] == link, f"member {i} {link}", deadline_s)


def wait_all_up(bench, deadline_s=3.0):
    """Wait until every member is up."""
    wait_for(lambda: all(m["link"] == "up" for m in view(bench)["members"]), "all members up",
             deadline_s)


def carrying(bench):
    """Index of the port by which broadcasts leave: of the active member, seen at the peer."""
    tag = next(_tags)
    frame = marked_frame(bench.topo.a.mac(TAP), tag, 0, 0, BROADCAST)
    with Captures(bench.topo.b, bench.topo.ports) as caps, Injector(bench.topo.a, TAP) as out:

        def seen():
            out.send(frame)
            counts = [len(marks) for marks in caps.marked(tag)]
            return counts if any(counts) else None

        counts = wait_for(seen, "a broadcast at one of the peer's ports", 3.0)
        used = [i for i, n in enumerate(counts) if n]
        assert len(used) == 1, f"broadcasts per port: {counts}"
        return used[0]


def silence(topo, i):
    """The peer neither hears nor says anything on port i any more; the carrier stays."""
    run("bridge", "-n", topo.b.name, "link", "set", "dev", topo.ports[i], "state", 0)


def speak(topo, i):
    """The end of silence()."""
    run("bridge", "-n", topo.b.name, "link", "set", "dev", topo.ports[i], "state", 3)


def join_ports(topo):
    """The peer's switch passes frames from member to member, as a real one does.

    A backup needs this to hear the probes that the active member sends.
    """
    for port in topo.ports:
        run("bridge", "-n", topo.b.name, "link", "set", "dev", port, "isolated", "off")


class Stream:
    """Numbered frames at a steady rate from a device, until stop(); a context manager.

    sent is how many have left; the tag is that of wire.marked_frame. Where the machine does not
    let it keep its pace, it makes up for it slowly: it is no burst of thousands.
    """

    BURST = 32

    def __init__(self, ns, dev, src, rate, flows=1, **kwargs):
        self.tag = next(_tags)
        self.sent = 0
        self._out = Injector(ns, dev)
        self._make = lambda n: marked_frame(src, self.tag, n % flows, n, **kwargs)
        self._rate = rate
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self.stop()

    def _run(self):
        began = time.monotonic()
        while not self._ended.is_set():
            due = int((time.monotonic() - began) * self._rate)
            for _ in range(min(due - self.sent, self.BURST)):
                self._out.send(self._make(self.sent))
                self.sent += 1
            time.sleep(0.0005)

    def stop(self):
        """End it; returns how many were sent."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        self._out.sock.close()
        return self.sent


def stream_out(bench, rate, **kwargs):
    """A stream from A's stack into the bond."""
    return Stream(bench.topo.a, TAP, bench.topo.a.mac(TAP), rate, **kwargs)


def repeated(ns, dev, frame, rate=50):
    """A stream of one frame, from a device."""
    made = Stream(ns, dev, BROADCAST, rate)
    made._make = lambda n: frame  # pylint: disable=protected-access
    return made


def noise(ns, dev):
    """Broadcast frames that are neither ARP nor IP, from a device."""
    src = mac_bytes("02:0c:00:00:00:77")
    return repeated(ns, dev, mac_bytes(BROADCAST) + src + b"\x88\xb5" + bytes(46))


def arp_frame(op, sender, target, dst, tag=b""):
    """An ARP frame; sender and target are (MAC address, IP address)."""
    frame = mac_bytes(dst) + mac_bytes(sender[0]) + tag
    frame += struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, op)
    for mac, address in (sender, target):
        frame += mac_bytes(mac) + socket.inet_aton(address)
    return frame.ljust(60 + len(tag), b"\0")


def arp_reply(asked, mac, tag=b""):
    """The answer to a request."""
    asker = (asked.sender_mac, asked.sender_ip)
    return arp_frame(2, (mac, asked.target_ip), asker, asked.sender_mac, tag)


def junk_arp(ns, dev):
    """Broadcast ARP requests of a stranger for a stranger, from a device."""
    stranger = ("02:0c:00:00:00:78", "10.99.0.1")
    return repeated(ns, dev, arp_frame(1, stranger, ("00:00:00:00:00:00", "10.99.0.2"), BROADCAST))


class TaggedHost:
    """A host in a VLAN on the peer's bridge that answers ARP; the kernel may have no VLAN devices.

    answers may be set to False. A context manager.
    """

    def __init__(self, topo, vlan, address):
        self.answers = True
        self._vlan = vlan
        self._tag = struct.pack("!HH", 0x8100, vlan)
        self._address = address
        self._mac = topo.b.mac("br0")
        self._cap = Capture(topo.b, "br0")
        self._out = Injector(topo.b, "br0")
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._ended.set()
        self._thread.join()
        self._cap.close()
        self._out.sock.close()

    def _run(self):
        done = 0
        while not self._ended.wait(0.002):
            frames = self._cap.poll()
            for arp in filter(None, map(arp_of, frames[done:])):
                asked = (arp.op, arp.vlan, arp.target_ip) == (1, self._vlan, self._address)
                if asked and self.answers:
                    self._out.send(arp_reply(arp, self._mac, self._tag))
            done = len(frames)
