# SPDX-License-Identifier: BSD-3-Clause
"""The link monitors, by what leaves on which member: carrier, delays, ARP and NS targets."""

import time

import pytest

from modes import warm_up
from netlab import wait_for
from topology import IP6_B, IP_B
from watch import (
    TaggedHost, active, arp_of, carrying, join_ports, member, nd_of, silence, speak,
    stream_out, view, wait_active, wait_all_up, wait_link,
)
from wire import Captures, mark_of

ARP = "arp_interval=250 arp_ip_target=10.97.0.2 ip=10.97.0.1/24"
NS = "arp_interval=250 ns_ip6_target=fd97::2 ip=fd97::1/64"
RATE = 500


def moments(cap, stream):
    """When each frame of a stream reached a port."""
    find = mark_of(stream.tag)
    return [t for t, frame in cap.timed() if find(frame)]


def wait_frames(cap, stream, what, since=None, deadline_s=4.0, count=5):
    """Wait for frames of a stream at a port after a moment (now); the moment of the first."""
    since = time.time() if since is None else since

    def later():
        found = [t for t in moments(cap, stream) if t > since]
        return found[0] if len(found) >= count else None

    return wait_for(later, what, deadline_s)


def lost(caps, stream):
    """How many frames of an ended stream reached no port."""
    time.sleep(0.1)
    seen = {serial for marks in caps.marked(stream.tag) for _, serial in marks}
    return stream.sent - len(seen)


@pytest.mark.parametrize("mode", ("balance-rr", "active-backup", "balance-xor"))
def test_carrier(bench, measured, mode):
    """A cable is pulled: at once everything leaves by the other member; and it comes back."""
    made = bench(mode)
    topo = made.topo
    warm_up(made)
    with Captures(topo.b, topo.ports) as caps, stream_out(made, RATE, flows=16) as stream:
        wait_frames(caps.caps[0], stream, "frames at first")
        topo.pull(0)
        wait_link(made, 0, "down")
        wait_frames(caps.caps[1], stream, "frames by the other member", count=50)
        topo.plug(0)
        if mode != "active-backup":
            wait_frames(caps.caps[0], stream, "frames by the member that came back")
        wait_link(made, 0, "up")
        stream.stop()
        missing = lost(caps, stream)
    measured.append(f"{mode:14} carrier lost and back: {missing} frames of {RATE}/s lost")
    assert missing <= 0.2 * RATE, f"{missing} frames lost"
    assert member(made, 0)["link_failures"] == 1
    if mode == "active-backup":
        assert active(made) == 1, "moved back without a primary"


def by_target(made, measured, what):
    """The target falls silent behind member 0 with the carrier on; it leaves; it comes back."""
    topo = made.topo
    one = made.mode == "active-backup"
    if one:
        join_ports(topo)
    warm_up(made)
    wait_all_up(made)
    if one:
        made.command("set bond bond0 active_slave net_af_packet0")
    failures = member(made, 0)["link_failures"]
    with Captures(topo.b, topo.ports) as caps, stream_out(made, RATE, flows=16) as stream:
        wait_frames(caps.caps[0], stream, "frames at first")
        began = time.time()
        silence(topo, 0)
        wait_link(made, 0, "down")
        assert topo.carrier(0), "the carrier was to stay"
        wait_frames(caps.caps[1], stream, "frames by the other member")
        left = max(moments(caps.caps[0], stream))
        assert member(made, 0)["link_failures"] > failures
        # The last answer is up to one interval old; two and a half without one are too many, which
        # is seen at a tick.
        assert 0.25 <= left - began <= 2.5 + LATE_S, f"left after {left - began:.3f} s"
        measured.append(f"{made.mode:14} {what} silent: left after {left - began:.3f} s")
        settled = time.time()
        wait_frames(caps.caps[1], stream, "frames by the other member", since=settled, count=50)
        assert not [t for t in moments(caps.caps[0], stream) if t > settled]
        speak(topo, 0)
        wait_link(made, 0, "up")
        if not one:
            wait_frames(caps.caps[0], stream, "frames by the member that came back")
    if one:
        assert active(made) == 1 == carrying(made)


@pytest.mark.parametrize("mode", ("active-backup", "balance-rr", "balance-xor", "broadcast"))
def test_arp_target(bench, measured, mode):
    """The ARP monitor."""
    made = bench(mode, bond=ARP)
    with Captures(made.topo.b, made.topo.ports) as caps:
        by_target(made, measured, "ARP target")
        probes = [[a for a in map(arp_of, frames) if a and a.target_ip == IP_B]
                  for frames in caps.all()]
    for at_port in probes:
        assert at_port, "a port without probes"
        assert {(a.op, a.sender_ip, a.vlan) for a in at_port} == {(1, "10.97.0.1", 0)}


@pytest.mark.parametrize("mode", ("active-backup", "balance-rr"))
def test_ns_target(bench, measured, mode):
    """The same with an IPv6 target."""
    made = bench(mode, bond=NS)
    made.topo.speak_ipv6()
    with Captures(made.topo.b, made.topo.ports) as caps:
        by_target(made, measured, "NS target")
        probes = [[n for n in map(nd_of, frames) if n and not n.is_advert and n.target == IP6_B]
                  for frames in caps.all()]
    for at_port in probes:
        assert at_port, "a port without probes"
        assert "fd97::1" in {n.source for n in at_port}


def test_tagged_probes(bench):
    """The source of probes is an address in a VLAN: they carry its tag, and answers count."""
    made = bench("active-backup",
                 bond="arp_interval=100 arp_ip_target=10.96.0.2 ip=10.96.0.1/24@7 arp_validate=all")
    topo = made.topo
    join_ports(topo)
    with TaggedHost(topo, 7, "10.96.0.2") as host:
        wait_all_up(made)
        for _ in range(5):
            made.command("set bond bond0 active_slave net_af_packet0")
            failures = [m["link_failures"] for m in view(made)["members"]]
            with Captures(topo.b, topo.ports) as caps:
                wait_for(lambda: len([f for f in caps.all()[0] if arp_of(f)]) >= 10, "ten probes")
                probes = [[a for a in map(arp_of, frames) if a] for frames in caps.all()]
                times = [t for t, f in caps.caps[0].timed() if arp_of(f)]
            # A busy machine may miss two answers in a row, and then it is right to leave.
            if [m["link_failures"] for m in view(made)["members"]] == failures:
                break
            wait_all_up(made)
        assert times[9] - times[0] >= 0.6, f"ten probes in {times[9] - times[0]:.2f} s"
        assert not probes[1], "a backup probes"
        assert {(a.vlan, a.sender_ip, a.target_ip) for a in probes[0]} == {
            (7, "10.96.0.1", "10.96.0.2")}
        assert [m["link_failures"] for m in view(made)["members"]] == failures
        silence(topo, 0)
        wait_active(made, 1)
        host.answers = False
        wait_for(lambda: active(made) is None, "no active member when nobody answers", 3.0)
        host.answers = True
        wait_active(made, 1)


MIIMON_S = 0.05
LATE_S = 2.0  # what a busy machine may add to any of the times here
DELAYS = "miimon=50 updelay=400 downdelay=300"


def test_delays_on_the_wire(bench, measured):
    """The traffic moves when downdelay is over, and back when updelay is."""
    made = bench("active-backup", bond=DELAYS + " primary=net_af_packet0")
    topo = made.topo
    warm_up(made)
    wait_all_up(made)
    wait_active(made, 0)
    with Captures(topo.b, topo.ports) as caps, stream_out(made, RATE) as stream:
        wait_frames(caps.caps[0], stream, "frames at first")
        pulled = time.time()
        topo.pull(0)
        down_s = wait_frames(caps.caps[1], stream, "frames by the other member") - pulled
        plugged = time.time()
        topo.plug(0)
        up_s = wait_frames(caps.caps[0], stream, "frames by the primary") - plugged
    measured.append(f"downdelay 300 ms: {down_s:.3f} s, updelay 400 ms: {up_s:.3f} s on the wire")
    assert 0.3 - MIIMON_S <= down_s <= 0.3 + 2 * MIIMON_S + LATE_S
    assert 0.4 - MIIMON_S <= up_s <= 0.4 + 2 * MIIMON_S + LATE_S


def test_flap_within_downdelay(bench):
    """A carrier that returns in time changes nothing, not even the state of the link."""
    made = bench("active-backup", bond=DELAYS)
    topo = made.topo
    warm_up(made)
    wait_all_up(made)
    made.command("set bond bond0 active_slave net_af_packet0")
    before = view(made)["failovers"]
    with Captures(topo.b, topo.ports) as caps, stream_out(made, RATE) as stream:
        wait_frames(caps.caps[0], stream, "frames at first")
        for _ in range(3):
            topo.pull(0)
            wait_link(made, 0, "going down")
            topo.plug(0)
            wait_frames(caps.caps[0], stream, "frames after the flap")
            wait_link(made, 0, "up")
        time.sleep(0.5)
        assert not moments(caps.caps[1], stream), "frames by the backup"
    assert view(made)["failovers"] == before
    assert member(made, 0)["link_failures"] == 0


def test_full_ring_of_a_dead_member(bench):
    """A worker does not stand still at a device that takes no more, however long it is kept.

    net_af_packet waits in poll() without a limit when its ring is full.
    """
    made = bench("active-backup", bond="miimon=50 downdelay=600000")
    topo = made.topo
    warm_up(made)
    wait_all_up(made)
    made.command("set bond bond0 active_slave net_af_packet0")
    with Captures(topo.b, topo.ports) as caps, stream_out(made, 2000) as stream:
        wait_frames(caps.caps[0], stream, "frames at first")
        topo.pull(0)
        wait_link(made, 0, "going down")
        # Not before some 500 frames wait in the ring.
        wait_for(lambda: member(made, 0)["counters"]["drops"]["tx_full"] > 1000, "refused frames counted", 30)
        topo.plug(0)
        wait_link(made, 0, "up")
        wait_frames(caps.caps[0], stream, "frames with the cable back", count=1000, deadline_s=30)


def test_updelay_of_a_balanced_member(bench):
    """A member of mode 0 waits for its updelay; not when nobody else is usable."""
    made = bench("balance-rr", bond="miimon=50 updelay=2000")
    topo = made.topo
    wait_all_up(made)
    with Captures(topo.b, topo.ports) as caps, stream_out(made, RATE) as stream:
        topo.pull(0)
        wait_link(made, 0, "down")
        plugged = time.time()
        topo.plug(0)
        up_s = wait_frames(caps.caps[0], stream, "frames after updelay", plugged) - plugged
        assert 2.0 - MIIMON_S <= up_s <= 2.0 + 2 * MIIMON_S + LATE_S

        topo.pull(0)
        topo.pull(1)
        wait_link(made, 0, "down")
        wait_link(made, 1, "down")
        plugged = time.time()
        topo.plug(1)
        up_s = wait_frames(caps.caps[1], stream, "frames at once", plugged) - plugged
        assert up_s <= 1.5, f"{up_s:.3f} s"


def test_change_of_monitor(bench):
    """miimon gives way to arp_interval by command, and back."""
    made = bench("active-backup", bond="ip=10.97.0.1/24")
    topo = made.topo
    join_ports(topo)
    warm_up(made)
    made.command("set bond bond0 arp_ip_target 10.97.0.2")
    made.command("set bond bond0 arp_interval 100")
    assert view(made)["options"]["miimon"] == "0"
    wait_all_up(made)
    made.command("set bond bond0 active_slave net_af_packet0")
    silence(topo, 0)
    wait_active(made, 1)
    made.command("set bond bond0 miimon 100")
    assert view(made)["options"]["arp_interval"] == "0"
    # Carrier is all that counts again.
    wait_all_up(made)
    with Captures(topo.b, topo.ports) as caps:
        time.sleep(0.4)
        probes = [a for a in map(arp_of, caps.all()[1]) if a and a.target_ip == IP_B]
    assert not probes, "still probes"
    topo.pull(1)
    wait_active(made, 0)
