# SPDX-License-Identifier: BSD-3-Clause
"""What each mode means, counted at the peer's ports and never by the program's own counters.

Each check_* takes a running Bench and raises AssertionError when the mode does not do its duty.
test_modes.py also runs every one of them with a cable out from the start, where it must fail.
"""

import collections
import itertools
import socket

from load import ping_once
from netlab import in_namespace, wait_for
from topology import IP_A, IP_B, TAP
from wire import BROADCAST, Captures, Injector, MARK, marked_frame, send_marked

STRANGER = "02:0c:00:00:00:01"
_tags = itertools.count(1)


def _outbound(bench, caps, flows, per_flow, pace_s=0.0, copies=1):
    """Send marked frames from A's stack; per port, the [(flow, serial)] that arrived there."""
    tag = next(_tags)
    src = bench.topo.a.mac(TAP)
    frames = [marked_frame(src, tag, f, s) for s in range(per_flow) for f in range(flows)]
    with Injector(bench.topo.a, TAP) as injector:
        send_marked(injector, frames, lambda: sum(map(len, caps.marked(tag))), copies=copies,
                    pace_s=pace_s)
    return caps.marked(tag)


def _inbound(bench, tap_cap, port, count, dst=BROADCAST, tag=None):
    """Send marked frames into one of the peer's ports; how many reached A's stack."""
    tag = tag or next(_tags)
    frames = [marked_frame(STRANGER, tag, 0, s, dst) for s in range(count)]
    with Injector(bench.topo.b, port) as injector:
        send_marked(injector, frames, lambda: len(tap_cap.marked(tag)[0]), batch_s=0.1)
    return len(tap_cap.marked(tag)[0])


def warm_up(bench, deadline_s=10.0):
    """Wait until the bond sends through every cable that is in (one of them in modes 1, 5, 6)."""
    topo = bench.topo
    wait_for(topo.switch.ready, "the peer's agreement (LACP)", deadline_s)
    one = bench.mode in ("active-backup", "balance-tlb", "balance-alb")
    with Captures(topo.b, topo.ports) as caps:

        def reached():
            got = _outbound(bench, caps, flows=32, per_flow=1)
            used = [i for i in topo.plugged() if got[i]]
            return used if one else len(used) == len(topo.plugged())

        wait_for(reached, "frames at every port of the peer whose cable is in", deadline_s)


def _exactly_once(per_port, flows, per_flow):
    """Every frame arrived, and none twice, all ports together."""
    seen = collections.Counter(itertools.chain.from_iterable(per_port))
    lost = flows * per_flow - len(seen)
    twice = sum(1 for n in seen.values() if n > 1)
    assert lost == 0, f"{lost} of {flows * per_flow} frames never reached the peer"
    assert twice == 0, f"{twice} frames reached the peer more than once"


def check_balance_rr(bench):
    """All members carry the same share, within 10 percent."""
    with Captures(bench.topo.b, bench.topo.ports) as caps:
        per_port = _outbound(bench, caps, flows=1, per_flow=960)
    _exactly_once(per_port, 1, 960)
    counts = [len(p) for p in per_port]
    assert max(counts) <= 1.1 * min(counts), f"frames per port: {counts}"


def check_active_backup(bench):
    """Backups carry nothing, deliver nothing, and nothing stale comes out after a failover."""
    topo = bench.topo
    with Captures(topo.b, topo.ports) as caps, Captures(topo.a, [TAP]) as tap:
        per_port = _outbound(bench, caps, flows=16, per_flow=12)
        _exactly_once(per_port, 16, 12)
        carrying = [i for i, p in enumerate(per_port) if p]
        assert len(carrying) == 1, f"frames per port: {[len(p) for p in per_port]}"
        active = carrying[0]
        backups = [i for i in range(topo.members) if i != active]
        for i in backups:
            assert not caps.all()[i], f"the backup sent frames to {topo.ports[i]}"
        stale = next(_tags)
        for i in backups:
            got = _inbound(bench, tap, topo.ports[i], 64, tag=stale)
            assert got == 0, f"{got} frames from the backup at {topo.ports[i]} were delivered"
        assert _inbound(bench, tap, topo.ports[active], 64) == 64, "the active does not receive"

        topo.pull(active)
        wait_for(lambda: any(_outbound(bench, caps, flows=1, per_flow=1)),
                 "frames from a backup after the active lost carrier")
        per_port = _outbound(bench, caps, flows=16, per_flow=4)
        _exactly_once(per_port, 16, 4)
        carrying = [i for i, p in enumerate(per_port) if p]
        assert len(carrying) == 1 and carrying[0] in backups, f"carrying: {carrying}"
        assert _inbound(bench, tap, topo.ports[carrying[0]], 64) == 64, "new active is deaf"
        late = len(tap.marked(stale)[0])
        assert late == 0, f"{late} stale frames came out after the failover"


def _one_member_per_flow(bench, per_port, flows):
    homes = collections.defaultdict(set)
    for i, marks in enumerate(per_port):
        for flow, _ in marks:
            homes[flow].add(i)
    split = [flow for flow, where in homes.items() if len(where) != 1]
    assert len(homes) == flows, f"{len(homes)} of {flows} flows arrived"
    assert not split, f"flows on more than one member: {split}"
    counts = [len(p) for p in per_port]
    assert all(counts), f"a member carries no flow; frames per port: {counts}"
    assert len(counts) == bench.topo.members


def check_balance_xor(bench):
    """Each flow stays on one member; all members are used."""
    with Captures(bench.topo.b, bench.topo.ports) as caps:
        per_port = _outbound(bench, caps, flows=64, per_flow=5)
    _exactly_once(per_port, 64, 5)
    _one_member_per_flow(bench, per_port, 64)


def check_broadcast(bench):
    """Every frame leaves once on every member."""
    with Captures(bench.topo.b, bench.topo.ports) as caps:
        per_port = _outbound(bench, caps, flows=8, per_flow=40, copies=bench.topo.members)
    for port, marks in zip(bench.topo.ports, per_port):
        assert len(set(marks)) == 320, f"{port}: {len(set(marks))} of 320 frames"
        assert len(marks) == 320, f"{port}: {len(marks) - 320} frames twice"


def _udp_from_peer(bench, caps, tag, flows, per_flow):
    """UDP flows from B's kernel stack to A's; how many datagrams A's stack delivered."""
    topo = bench.topo
    with in_namespace(topo.a.name):
        sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with sink:
        sink.bind((IP_A, 9009))
        sink.setblocking(False)
        got = []

        def received():
            try:
                while True:
                    got.append(sink.recv(100))
            except BlockingIOError:
                return len(got)

        for flow in range(flows):
            with in_namespace(topo.b.name):
                source = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            with source:
                source.bind((IP_B, 21000 + flow))
                for serial in range(per_flow):
                    words = (tag, flow, serial)
                    payload = MARK + b"".join(w.to_bytes(4, "big") for w in words)
                    source.sendto(payload, (IP_A, 9009))
        wait_for(lambda: received() >= flows * per_flow or None,
                 f"all {flows * per_flow} datagrams of the peer", 3.0)
        caps.all()
        return received()


def check_8023ad(bench):
    """As balance-xor; and what the peer sends arrives, over each member."""
    with Captures(bench.topo.b, bench.topo.ports) as caps:
        per_port = _outbound(bench, caps, flows=64, per_flow=5)
    _exactly_once(per_port, 64, 5)
    _one_member_per_flow(bench, per_port, 64)

    # Which members the peer gives flows to is its own affair, and by chance: until it uses all.
    for basis in range(7, 13):
        bench.topo.switch.spread(basis)
        ping_once(bench.topo.b, IP_A)
        tag = next(_tags)
        with Captures(bench.topo.b, bench.topo.ports, outgoing=True) as caps:
            got = _udp_from_peer(bench, caps, tag, flows=64, per_flow=3)
            per_port = caps.marked(tag)
        assert got == 192, f"{got} of 192 datagrams delivered"
        if all(per_port):
            break
    _one_member_per_flow(bench, per_port, 64)


def check_balance_tlb(bench):
    """All members send, a flow by one of them; only the active member receives."""
    topo = bench.topo
    with Captures(topo.b, topo.ports) as caps, Captures(topo.a, [TAP]) as tap:
        # The PMD sorts its members anew every 10 ms by what they sent in the last 100 ms, and
        # gives no thought to flows.
        per_port = _outbound(bench, caps, flows=32, per_flow=60, pace_s=0.025)
        _exactly_once(per_port, 32, 60)
        counts = [len(p) for p in per_port]
        assert all(n >= 32 for n in counts), f"frames per port: {counts}"
        if bench.io_path == "direct":
            _one_member_per_flow(bench, per_port, 32)
        for dst, what in ((BROADCAST, "broadcast"), (topo.a.mac(TAP), "unicast")):
            got = [_inbound(bench, tap, port, 32, dst) for port in topo.ports]
            assert sorted(got) == [0] * (topo.members - 1) + [32], f"{what} received: {got}"


def check_balance_alb(bench):
    """Two clients that ask for A's address are told two different MAC addresses."""
    topo = bench.topo
    told = {}
    for n in range(2):
        client, address = topo.client(n)
        with Captures(client, ["eth0"]) as caps:
            ping_once(client, IP_A)
            answers = [f for f in caps.all()[0] if f[12:14] == b"\x08\x06" and f[20:22] == b"\0\2"]
        senders = {f[22:28].hex(":") for f in answers if f[28:32] == socket.inet_aton(IP_A)}
        assert len(senders) == 1, f"client {address} was told: {senders or 'nothing'}"
        told[address] = senders.pop()
    assert len(set(told.values())) == 2, f"ARP replies: {told}"


CHECKS = {
    "balance-rr": check_balance_rr,
    "active-backup": check_active_backup,
    "balance-xor": check_balance_xor,
    "broadcast": check_broadcast,
    "802.3ad": check_8023ad,
    "balance-tlb": check_balance_tlb,
    "balance-alb": check_balance_alb,
}
