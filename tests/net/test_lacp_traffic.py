# SPDX-License-Identifier: BSD-3-Clause
"""Traffic of an 802.3ad bond and Open vSwitch: TCP over all members in both directions, and
neighbours that are looked for by all members.
"""

import socket
import struct

import pytest

from lacp import Stream, wait_both
from load import IperfServer, iperf_tcp, ping_once
from netlab import wait_for
from topology import IP_A, IP_B, TAP
from wire import BROADCAST, Captures, Injector, mac_bytes

COUNTERS = ("rx_bytes", "tx_bytes")
# More than what is said beside: of acknowledgements, LACPDUs, ARP.
SHARE_BYTES = 200000


def moved(topo):
    """Per port of the partner what it (received, sent) so far."""
    return [[int(topo.b.exec("cat", f"/sys/class/net/{port}/statistics/{name}"))
             for name in COUNTERS] for port in topo.ports]


@pytest.mark.parametrize("reverse", (False, True), ids=("out", "in"))
def test_balance_tcp(bench, measured, reverse):
    """Some TCP streams, all members carry a share of them, and the partner's are received."""
    made = bench("802.3ad", 2, bond="lacp_rate=fast")
    topo = made.topo
    wait_both(made)
    ping_once(topo.a, IP_B)
    server = IperfServer(topo.b)
    shares = []
    # Which flows go by which member is chance, at the partner also who was ready first.
    for basis in range(20, 30):
        if reverse:
            topo.switch.spread(basis)
        before = moved(topo)
        rate, _ = iperf_tcp(server, topo.a, IP_B, 2, reverse, options=("-P", "8"))
        which = 1 if reverse else 0
        shares = [after[which] - then[which] for after, then in zip(moved(topo), before)]
        if min(shares) > SHARE_BYTES:
            break
    assert min(shares) > SHARE_BYTES, f"bytes by member: {shares}"
    assert rate > 1e6
    assert topo.switch.ready()
    measured.append(f"802.3ad        TCP {'in' if reverse else 'out'}, 8 streams: {rate / 1e6:.0f} "
                    f"Mbit/s, members' shares {' '.join(f'{s / sum(shares):.2f}' for s in shares)}")


def arp_request(src, serial):
    """Who has an address that nobody has."""
    addresses = socket.inet_aton(IP_A), socket.inet_aton(f"10.97.0.{100 + serial}")
    return mac_bytes(BROADCAST) + mac_bytes(src) + b"\x08\x06" + struct.pack(
        "!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, mac_bytes(src), addresses[0], bytes(6),
        addresses[1]) + bytes(18)


@pytest.mark.parametrize("word", ("on", "off"))
def test_broadcast_neighbor(bench, word):
    """With broadcast_neighbor an ARP request leaves by every member, else by one; other frames by
    one in any case.
    """
    made = bench("802.3ad", 2, bond=f"lacp_rate=fast broadcast_neighbor={word}")
    topo = made.topo
    wait_both(made)
    src = topo.a.mac(TAP)
    requests = [arp_request(src, n) for n in range(32)]
    with Captures(topo.b, topo.ports) as caps, Injector(topo.a, TAP) as out:
        for request in requests:
            out.send(request)

        def counts():
            seen = [[f[:60].startswith(r[:42]) for f in frames].count(True)
                    for r in requests for frames in caps.all()]
            return list(zip(seen[::2], seen[1::2]))

        wait_for(lambda: all(sum(pair) > 0 for pair in counts()), "each request at a port")
        with Stream(topo) as stream:
            used = stream.used()
            stream.stop()
            wait_for(lambda: len(stream.at(0)) + len(stream.at(1)) >= stream.sent - 8,
                     "all frames sent")
            serials = [n for i in (0, 1) for _, n in stream.at(i)]
        assert used == [0, 1] and len(serials) == len(set(serials)), "a frame by two members"
        # Behind what was sent later, nothing is on the way.
        if word == "on":
            assert set(counts()) == {(1, 1)}, counts()
        else:
            assert set(counts()) <= {(1, 0), (0, 1)}, counts()
