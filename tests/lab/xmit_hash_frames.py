# SPDX-License-Identifier: BSD-3-Clause
"""Frames of every kind that Linux's flow dissection tells apart, from a seeded generator.

Used by golden_xmit_hash.py. Whole and cut, well formed and not; all different from each other.
"""

import random
import struct

ARP, RARP, IP, IP6 = 0x0806, 0x8035, 0x0800, 0x86DD
VLAN, QINQ, MPLS, MPLS_MC = 0x8100, 0x88A8, 0x8847, 0x8848
PPPOE_DISCOVERY, PPPOE, TEB, PPP_GRE = 0x8863, 0x8864, 0x6558, 0x880B
BATMAN, TIPC, PTP, PRP, CFM, FCOE, HSR = 0x4305, 0x88CA, 0x88F7, 0x88FB, 0x8902, 0x8906, 0x892F
LLDP, SLOW, EAPOL, ERSPAN = 0x88CC, 0x8809, 0x888E, 0x88BE

HOP, ICMP, IPIP, TCP, UDP, DCCP, IN_IP6, ROUTING, FRAGMENT = 0, 1, 4, 6, 17, 33, 41, 43, 44
GRE, ESP, AH, ICMP6, NONE, DSTOPTS, OSPF, L2TP, SCTP = 47, 50, 51, 58, 59, 60, 89, 115, 132
UDPLITE, IN_MPLS = 136, 137

VLAN_IDS = (1, 10, 100, 4094)  # few: each gets a VLAN device


class Maker:
    """Layers of frames; every method returns the bytes of a header with all that is behind it."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.kinds = [
            (self.plain, 20),
            (self.icmp_query, 8),
            (self.icmp_error, 10),
            (self.ip_fragment, 8),
            (self.ip_options, 6),
            (self.ip6_extended, 10),
            (self.other_transport, 8),
            (self.tunnel, 14),
            (self.gre, 14),
            (self.udp_tunnel, 3),
            (self.no_ip, 10),
            (self.pppoe, 6),
            (self.wrapped, 6),
        ]

    def bytes(self, count):
        return bytes(self.rng.getrandbits(8) for _ in range(count))

    def chance(self, percent):
        return self.rng.randrange(100) < percent

    def word16(self):
        return self.rng.getrandbits(16)

    # --- transport ------------------------------------------------------------------------------

    def l4(self):
        """A protocol with ports and its bytes."""
        payload = self.bytes(self.rng.randrange(24))
        ports = struct.pack("!HH", self.word16(), self.rng.choice((53, 80, 443, self.word16())))
        if self.chance(60):
            return TCP, ports + self.bytes(8) + b"\x50\x10" + self.bytes(6) + payload
        return UDP, ports + struct.pack("!HH", 8 + len(payload), 0) + payload

    def any_l4(self):
        pick = self.rng.randrange(10)
        if pick < 6:
            return self.l4()
        if pick < 8:
            return ICMP, self.icmp(self.rng.choice((0, 8, 3, 11)), self.bytes(12))
        return self.rng.choice((SCTP, ESP, AH, OSPF, DCCP)), self.bytes(24)

    def icmp(self, kind, rest):
        number = self.rng.choice((0, 1, self.word16(), self.word16()))
        head = struct.pack("!BBHHH", kind, self.rng.choice((0, 0, 1, 4)), self.word16(), number, 7)
        return head + rest

    # --- IP -------------------------------------------------------------------------------------

    def ip(self, proto, rest, fragment=0x4000, options=b"", ihl=None):
        ihl = 5 + len(options) // 4 if ihl is None else ihl
        head = struct.pack(
            "!BBHHHBBH", 0x40 | ihl, 0, 20 + len(options) + len(rest), self.word16(), fragment, 64,
            proto, 0,
        )
        return head + self.bytes(8) + options + rest

    def ip6(self, proto, rest):
        label = self.rng.getrandbits(20) if self.chance(50) else 0
        head = struct.pack("!IHBB", 6 << 28 | label, len(rest), proto, 64)
        return head + self.bytes(32) + rest

    def either_ip(self, proto, rest):
        return (IP, self.ip(proto, rest)) if self.chance(60) else (IP6, self.ip6(proto, rest))

    def plain(self):
        return self.either_ip(*self.l4())

    def icmp_query(self):
        if self.chance(60):
            kind = self.rng.choice((0, 8, 8, 13, 14, 15, 9))
            return IP, self.ip(ICMP, self.icmp(kind, self.bytes(16)))
        kind = self.rng.choice((128, 129, 128, 133, 135, 143, 13))
        return IP6, self.ip6(ICMP6, self.icmp(kind, self.bytes(16)))

    def icmp_error(self):
        """Quotes a frame: with ports, a fragment, ICMP again; whole, or cut somewhere."""
        proto, rest = self.any_l4()
        if self.chance(60):
            inner = self.ip(proto, rest, self.rng.choice((0, 0x4000, 0x4000, 0x2000, 0x0010)))
            kind = self.rng.choice((3, 4, 5, 11, 12))
            if self.chance(30):
                inner = inner[: self.rng.randrange(len(inner) + 1)]
            return IP, self.ip(self.rng.choice((ICMP, ICMP, ICMP, ICMP6)), self.icmp(kind, inner))
        inner = self.ip6(self.rng.choice((proto, proto, FRAGMENT)), rest)
        if self.chance(30):
            inner = inner[: self.rng.randrange(len(inner) + 1)]
        return IP6, self.ip6(ICMP6, self.icmp(self.rng.choice((1, 2, 3, 4)), inner))

    def ip_fragment(self):
        """First, middle, last; reserved and don't-fragment bits do not make one."""
        proto, rest = self.any_l4()
        where = self.rng.choice((0x2000, 0x2000, 0x20B9, 0x00B9, 0x8000, 0x4000, 0x6000, 0x1FFF))
        return IP, self.ip(proto, rest, where)

    def ip_options(self):
        """Options; also a header length below 20, which one dissection refuses."""
        proto, rest = self.any_l4()
        if self.chance(25):
            return IP, self.ip(proto, rest, ihl=self.rng.randrange(5))
        if self.chance(15):
            return IP, self.ip(proto, rest, ihl=self.rng.randrange(6, 16))
        return IP, self.ip(proto, rest, options=self.bytes(4 * self.rng.randrange(1, 11)))

    def ip6_chain(self, proto, rest):
        """Extension headers before @rest: the first one's number, and the bytes."""
        for _ in range(self.rng.choice((1, 1, 1, 2, 3))):
            kind = self.rng.choice((HOP, ROUTING, DSTOPTS, FRAGMENT, FRAGMENT))
            if kind == FRAGMENT:
                offset = self.rng.choice((0, 1, 0x5A8, 0x5A9, 0x0006))
                head = struct.pack("!BBHI", proto, 0, offset, self.rng.getrandbits(32))
            else:
                units = self.rng.choice((0, 0, 1, 2))
                head = bytes((proto, units)) + self.bytes(6 + 8 * units)
            proto, rest = kind, head + rest
        return proto, rest

    def ip6_extended(self):
        if self.chance(8):  # more headers than the dissection has patience for
            rest, proto = self.bytes(8), UDP
            for _ in range(self.rng.randrange(12, 19)):
                proto, rest = DSTOPTS, bytes((proto, 0)) + self.bytes(6) + rest
            return IP6, self.ip6(proto, rest)
        if self.chance(10):  # numbers that mean something in IPv6 only
            return IP, self.ip(*self.ip6_chain(*self.l4()))
        return IP6, self.ip6(*self.ip6_chain(*self.any_l4()))

    def other_transport(self):
        proto = self.rng.choice(
            (SCTP, UDPLITE, DCCP, ESP, ESP, AH, AH, OSPF, L2TP, NONE, IN_MPLS, 255)
        )
        return self.either_ip(proto, self.bytes(self.rng.choice((24, 24, 24, 3, 4, 7, 8))))

    # --- tunnels --------------------------------------------------------------------------------

    def any_network(self):
        """What may be inside of a tunnel: an Ethernet type and its bytes."""
        pick = self.rng.randrange(20)
        if pick < 9:
            return self.plain()
        if pick < 11:
            return self.icmp_query()
        if pick < 12:
            return self.icmp_error()
        if pick < 14:
            return self.ip_fragment()
        if pick < 15:
            return self.ip_options()
        if pick < 16:
            return self.ip6_extended()
        if pick < 17:
            return self.tunnel()
        if pick < 18:
            return ARP, self.arp()
        if pick < 19:
            return MPLS, self.mpls()
        return self.word16(), self.bytes(24)

    def tunnel(self):
        """IPIP, 6in4, 4in6, 6in6; sometimes nested beyond what is looked into."""
        depth = self.rng.choice((1, 1, 1, 1, 2, 3, 17))
        kind, rest = self.rng.choice((self.plain, self.icmp_query, self.ip_fragment))()
        for _ in range(depth):
            proto = IPIP if kind == IP else IN_IP6
            if depth > 3 or self.chance(60):
                kind, rest = IP, self.ip(proto, rest)
            else:
                kind, rest = IP6, self.ip6(proto, rest)
        return kind, rest

    def gre(self):
        kind, rest = self.any_network()
        version = self.rng.choice((0, 0, 0, 0, 0, 0, 1, 1, 1, 2))
        flags = version
        for bit in (0x8000, 0x2000, 0x1000):
            flags |= bit if self.chance(40) else 0
        flags |= 0x4000 if self.chance(5) else 0
        if version == 0 and self.chance(40):
            tag = b""
            if self.chance(40):
                tag = struct.pack("!HH", self.rng.choice((VLAN, QINQ)), self.word16())
            rest = self.bytes(12) + tag + struct.pack("!H", kind) + rest
            kind = TEB
        elif version == 0 and self.chance(10):
            kind = ERSPAN
        elif version == 1:
            flags |= 0x0080 if self.chance(50) else 0
            flags |= 0x2000 if self.chance(85) else 0
            ppp = {IP: 0x0021, IP6: 0x0057}.get(kind, 0xC021)
            rest = b"\xff\x03" + struct.pack("!H", ppp) + rest
            kind = PPP_GRE if self.chance(90) else kind
        fields = b""
        for bit in (0x8000, 0x2000, 0x1000):
            fields += self.bytes(4) if flags & bit else b""
        fields += self.bytes(4) if version == 1 and flags & 0x0080 else b""
        return self.either_ip(GRE, struct.pack("!HH", flags, kind) + fields + rest)

    def udp_tunnel(self):
        """VXLAN, Geneve and GTP-U: the outer ports count, nothing inside."""
        kind, rest = self.plain()
        inner = self.bytes(12) + struct.pack("!H", kind) + rest
        port = self.rng.choice((4789, 6081, 2152))
        head = struct.pack("!HHHH", self.word16(), port, 16 + len(inner), 0)
        return self.either_ip(UDP, head + b"\x08\0\0\0" + self.bytes(3) + b"\0" + inner)

    # --- not IP ---------------------------------------------------------------------------------

    def arp(self):
        return struct.pack("!HHBBH", 1, IP, 6, 4, self.rng.choice((1, 2))) + self.bytes(20)

    def mpls(self):
        last = struct.pack("!I", self.rng.getrandbits(20) << 12 | 0x140)
        first = b"" if self.chance(50) else struct.pack("!I", 5 << 12 | 64)
        return first + last + self.plain()[1]

    def no_ip(self):
        pick = self.rng.randrange(14)
        if pick < 3:
            return self.rng.choice((ARP, ARP, RARP)), self.arp()
        if pick < 5:
            return self.rng.choice((MPLS, MPLS_MC)), self.mpls()
        if pick < 6:  # a length and LLC, as of spanning tree
            return 38, b"\x42\x42\x03" + self.bytes(35)
        if pick < 7:
            return TIPC, self.bytes(self.rng.choice((15, 16, 24)))
        if pick < 9:
            kind = self.rng.choice((PTP, FCOE))
            return kind, self.bytes(self.rng.choice((33, 34, 37, 38, 44)))
        kind = self.rng.choice((LLDP, SLOW, EAPOL, CFM, PPPOE_DISCOVERY, self.word16()))
        return kind, self.bytes(self.rng.randrange(2, 46))

    def pppoe(self):
        kind, rest = (MPLS, self.mpls()) if self.chance(10) else self.any_network()
        ppp = {IP: 0x0021, IP6: 0x0057, MPLS: self.rng.choice((0x0281, 0x0283))}.get(kind)
        if ppp is None:
            ppp = self.rng.choice((0xC021, 0x8021, 0x0121, 0x0020, 0x21FF))
        head = self.rng.choice((b"\x11\x00",) * 8 + (b"\x12\x00", b"\x21\x00", b"\x11\x07"))
        return PPPOE, head + struct.pack("!HHH", self.word16(), 2 + len(rest), ppp) + rest

    def wrapped(self):
        """HSR, PRP and batman-adv."""
        kind, rest = self.any_network()
        if self.chance(50):
            return self.rng.choice((HSR, PRP)), self.bytes(4) + struct.pack("!H", kind) + rest
        head = self.rng.choice((b"\x40\x0f",) * 6 + (b"\x40\x0e", b"\x42\x0f"))
        return BATMAN, head + self.bytes(8) + self.bytes(12) + struct.pack("!H", kind) + rest

    # --- frames ---------------------------------------------------------------------------------

    def tags(self):
        """None for most frames, else one, two or more; with and without a priority."""
        count = self.rng.choice((0,) * 12 + (1,) * 5 + (2, 2, 3))
        all_tags = b""
        for i in range(count):
            tpid = QINQ if i + 1 < count and self.chance(60) else VLAN
            if self.chance(5):
                tpid = QINQ
            tci = self.rng.choice(VLAN_IDS)
            if self.chance(30):
                tci |= self.rng.getrandbits(4) << 12
            if self.chance(3):
                tci &= 0xF000
            all_tags += struct.pack("!HH", tpid, tci)
        return all_tags

    def frame(self):
        kinds, weights = zip(*self.kinds)
        kind, rest = self.rng.choices(kinds, weights)[0]()
        tags = self.tags()
        data = self.bytes(12) + tags + struct.pack("!H", kind) + rest
        if self.chance(4):  # one byte behind the addresses is something else
            at = self.rng.randrange(12, len(data))
            data = data[:at] + self.bytes(1) + data[at + 1 :]
        if self.chance(12):
            data = data[: self.rng.randrange(14, len(data) + 1)]
        return data


def acceptable(data):
    """Not what Linux drops (less than six bytes behind a VLAN type) or sends at random (keepalive
    messages of TIPC)."""
    if data[12:14] in (b"\x81\x00", b"\x88\xa8") and len(data) < 20:
        return False
    tipc = struct.pack("!H", TIPC)
    at = data.find(tipc, 12)
    while at >= 0:
        if len(data) > at + 2 and data[at + 2] & 0x0E == 0x0E:
            return False
        at = data.find(tipc, at + 1)
    return True


def frames(seed, count):
    """@count different frames, the same for the same seed."""
    maker = Maker(seed)
    found = {}
    while len(found) < count:
        data = maker.frame()
        if acceptable(data):
            found[data] = None
    return list(found)
