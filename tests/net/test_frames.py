# SPDX-License-Identifier: BSD-3-Clause
"""Frames that kernels do not send: tags, odd IPv6, runts, jumbos; byte for byte or not at all."""

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import (
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
)
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Raw

from load import ping_once
from modes import warm_up
from netlab import wait_for
from program import Vfbond
from topology import IP_A, IP_B, TAP
from wire import NOBODY, Captures, Injector, mac_bytes

STRANGER = "02:0c:00:00:00:01"


def ip_payload(n):
    """A small UDP packet that is different for each n."""
    return IP(src="10.98.0.1", dst="10.98.0.2") / UDP(sport=1000 + n, dport=9) / \
        Raw(b"frame %04d" % n)


def tagged(dst, src):
    """Tagged frames: one tag with all priorities, DEI, edge VLAN ids; two tags of 0x8100."""
    n = 0
    for prio in range(8):
        for dei in (0, 1):
            for vid in (0, 1, 100, 4094, 4095):
                n += 1
                yield bytes(Ether(dst=dst, src=src) /
                            Dot1Q(prio=prio, id=dei, vlan=vid) / ip_payload(n))
    for outer, inner in ((1, 2), (100, 100), (4094, 0), (0, 4094)):
        n += 1
        yield bytes(Ether(dst=dst, src=src) / Dot1Q(prio=7, id=1, vlan=outer) /
                    Dot1Q(prio=3, id=0, vlan=inner) / ip_payload(n))
    n += 1
    yield bytes(Ether(dst=dst, src=src) / Dot1Q(vlan=5) / ARP(pdst="10.98.0.2"))


def service_tagged(dst, src):
    """An outer tag of 0x88a8, as provider bridges write it."""
    for n, (prio, dei, outer, inner) in enumerate(((0, 0, 1, 2), (7, 1, 4094, 100), (5, 0, 0, 0))):
        yield bytes(Ether(dst=dst, src=src, type=0x88A8) /
                    Dot1Q(prio=prio, id=dei, vlan=outer) / Dot1Q(prio=2, vlan=inner) /
                    ip_payload(500 + n))
    yield bytes(Ether(dst=dst, src=src, type=0x88A8) / Dot1Q(prio=1, vlan=7) / ip_payload(600))


def odd_ipv6(dst, src):
    """Extension headers before TCP and UDP, fragments, and headers that end too early."""
    net = Ether(dst=dst, src=src) / IPv6(src="fd00::1", dst="fd00::2")
    for header in (IPv6ExtHdrHopByHop(), IPv6ExtHdrDestOpt(), IPv6ExtHdrRouting(),
                   IPv6ExtHdrFragment(offset=0, m=1), IPv6ExtHdrFragment(offset=185)):
        yield bytes(net / header / TCP(sport=1, dport=2) / Raw(b"x" * 20))
        yield bytes(net / IPv6ExtHdrHopByHop() / header / UDP(sport=3, dport=4) / Raw(b"y"))
    yield bytes(net / IPv6(nh=41))
    for next_header in (6, 17, 0, 44, 58, 59, 255):
        for length in (0, 1, 4):
            head = bytes(Ether(dst=dst, src=src) / IPv6(src="fd00::1", dst="fd00::2",
                                                        nh=next_header, plen=1000))
            yield head + b"z" * length


def truncated(dst, src):
    """Runts: headers cut anywhere, from the bare Ethernet header on; tags with nothing behind."""
    whole = bytes(Ether(dst=dst, src=src) / Dot1Q(vlan=5) / ip_payload(1))
    plain = bytes(Ether(dst=dst, src=src) / ip_payload(2))
    for frame in (whole, plain):
        for length in range(14, 60):
            yield frame[:length]
    ipv4 = mac_bytes(dst) + mac_bytes(src) + b"\x08\x00"
    for first in (0x40, 0x41, 0x4F, 0x60, 0xFF):
        yield ipv4 + bytes([first]) + bytes(18)
    yield bytes(Ether(dst=dst, src=src) / IP(src="10.98.0.1", dst="10.98.0.2", ihl=15) / ICMP())
    yield mac_bytes(dst) + mac_bytes(src) + b"\x08\x06" + b"\0\1\x08\0\x06\x04"  # ARP, cut


def cross(send_ns, send_devs, see_ns, see_devs, frames):
    """Send each frame by one of the devices in turn; all must be seen whole, once."""
    frames = list(dict.fromkeys(frames))
    injectors = [Injector(send_ns, dev) for dev in send_devs]
    with Captures(see_ns, see_devs) as caps:
        for n, frame in enumerate(frames):
            injectors[n % len(injectors)].send(frame)
            if n % 16 == 15:
                wait_for(lambda f=frame: any(f in c for c in caps.all()), f"frame {frame.hex()}")

        def missing():
            seen = [f for c in caps.all() for f in c]
            return [f for f in frames if f not in seen]

        try:
            wait_for(lambda: not missing(), "all frames", 3)
        except AssertionError:
            lost = missing()
            got = [f.hex() for c in caps.all() for f in c if f not in frames]
            raise AssertionError(
                f"{len(lost)} of {len(frames)} frames did not cross unchanged, first: "
                f"{lost[0].hex()}; seen instead: {got[:3]}"
            ) from None
        seen = [f for c in caps.all() for f in c]
        twice = [f.hex() for f in frames if seen.count(f) != 1]
        assert not twice, f"{len(twice)} frames crossed more than once: {twice[:2]}"
    for injector in injectors:
        injector.sock.close()


@pytest.mark.parametrize("mode", ("active-backup", "balance-xor", "802.3ad"))
def test_tags_cross_byte_for_byte(bench, mode):
    """VLAN with PCP and DEI, QinQ of 0x8100 twice: bond to tap and tap to bond."""
    made = bench(mode)
    topo = made.topo
    warm_up(made)
    mac = topo.a.mac(TAP)
    cross(topo.a, [TAP], topo.b, topo.ports, tagged(NOBODY, mac))
    # Where only the active member listens the peer's switch would use its cable only.
    into = topo.ports if mode != "active-backup" else [receiving_port(topo, mac)]
    cross(topo.b, into, topo.a, [TAP], tagged(mac, STRANGER))


def receiving_port(topo, mac):
    """The peer's port through which unicast to the bond arrives."""
    probe = bytes(Ether(dst=mac, src=STRANGER) / ip_payload(999))
    with Captures(topo.a, [TAP]) as caps:
        for port in topo.ports:
            with Injector(topo.b, port) as injector:
                injector.send(probe)
            try:
                wait_for(lambda: probe in caps.all()[0], "the probe", 0.5)
                return port
            except AssertionError:
                continue
    raise AssertionError("no port of the peer reaches the bond")


def test_service_tags_on_tap_members(lab, binary):
    """0x88a8 stays 0x88a8 (on taps: net_af_packet of 22.11 forgets the outer TPID)."""
    ns = lab.namespace("a")
    vdevs = ["--vdev", f"net_tap0,iface={TAP}"]
    for i in range(2):
        vdevs += ["--vdev", f"net_tap{i + 1},iface=tm{i}"]
    vfbond = Vfbond(lab, binary, ns, vdevs, [
        "--auto-start", "--pair", "bond0,net_tap0",
        "--bond", "bond0 mode=balance-rr members=net_tap1,net_tap2",
    ])
    vfbond.wait_console()
    devs = [TAP, "tm0", "tm1"]
    wait_for(lambda: set(devs) <= set(ns.links()), "the taps")
    for dev in devs:
        ns.plain(dev)
        ns.ip("link", "set", dev, "arp", "off", "up")
    mac = ns.mac(TAP)
    probe = bytes(Ether(dst=NOBODY, src=mac) / ip_payload(0))
    with Captures(ns, devs[1:]) as caps, Injector(ns, TAP) as injector:
        def both():
            injector.send(probe)
            return all(probe in c for c in caps.all())
        wait_for(both, "frames from both members")
    for frames in (service_tagged, tagged):
        cross(ns, [TAP], ns, devs[1:], frames(NOBODY, mac))
        cross(ns, devs[1:], ns, [TAP], frames(mac, STRANGER))
    vfbond.stop()


@pytest.mark.parametrize("mode", ("balance-xor", "802.3ad", "balance-tlb", "balance-alb"))
def test_odd_frames_do_no_harm(bench, mode):
    """Odd IPv6, runts, cut headers from both sides; afterwards traffic flows, no mbuf is lost."""
    made = bench(mode)
    topo = made.topo
    warm_up(made)
    mac = topo.a.mac(TAP)
    for make in (odd_ipv6, truncated):
        for _ in range(3):
            with Injector(topo.a, TAP) as injector:
                for frame in make(NOBODY, mac):
                    injector.send(frame)
            for port in topo.ports:
                with Injector(topo.b, port) as injector:
                    for frame in make(mac, STRANGER):
                        injector.send(frame)
                    for frame in make("ff:ff:ff:ff:ff:ff", STRANGER):
                        injector.send(frame)
    ping_once(topo.a, IP_B)
    ping_once(topo.b, IP_A)


def test_ipv6_extension_headers_cross(bench):
    """IPv6 with extension headers goes through unchanged, both ways."""
    made = bench("balance-xor")
    topo = made.topo
    warm_up(made)
    mac = topo.a.mac(TAP)
    cross(topo.a, [TAP], topo.b, topo.ports, odd_ipv6(NOBODY, mac))
    cross(topo.b, topo.ports, topo.a, [TAP], odd_ipv6(mac, STRANGER))


@pytest.mark.parametrize("mode", ("active-backup", "broadcast", "802.3ad"))
def test_jumbo_frames_do_no_harm(bench, mode):
    """Frames bigger than the MTU from both sides: dropped whole, traffic flows on, no mbuf lost."""
    made = bench(mode, mtu=9000)
    topo = made.topo
    topo.a.ip("link", "set", TAP, "mtu", 9000)
    warm_up(made)
    mac = topo.a.mac(TAP)
    with Captures(topo.b, topo.ports) as out, Captures(topo.a, [TAP]) as into:
        for length in (1519, 1600, 2000, 2048, 2100, 4000, 9014):
            frame = bytes(Ether(dst=NOBODY, src=mac) / ip_payload(0)).ljust(length, b"j")
            with Injector(topo.a, TAP) as injector:
                for _ in range(10):
                    injector.send(frame)
            for port in topo.ports:
                frame = bytes(Ether(dst=mac, src=STRANGER) / ip_payload(0)).ljust(length, b"j")
                with Injector(topo.b, port) as injector:
                    for _ in range(10):
                        injector.send(frame)
        ping_once(topo.a, IP_B)
        ping_once(topo.b, IP_A)
        cut = [len(f) for c in out.all() + into.all() for f in c
               if f.endswith(b"jjjj") and len(f) not in (1519, 1600, 2000, 2048, 2100, 4000, 9014)]
    assert not cut, f"frames were cut short to {sorted(set(cut))} bytes instead of dropped"
