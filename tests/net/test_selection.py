# SPDX-License-Identifier: BSD-3-Clause
"""Which member becomes the active one, and what the peer is told then, counted at its ports."""

import contextlib
import socket
import time

import pytest

from load import ping_once
from modes import warm_up
from netlab import in_namespace, wait_for
from program import CommandError
from topology import IP6_A, IP_A, IP_B, TAP
from watch import (
    active, arp_of, carrying, is_announcement, join_ports, nd_of, rarp_of, silence, speak, view,
    wait_active, wait_all_up, wait_link,
)
from wire import BROADCAST, Captures, Injector, mac_bytes

MONITORS = {
    "mii": "miimon=50",
    "arp": "arp_interval=60 arp_ip_target=10.97.0.2 ip=10.97.0.1/24",
    "ns": "arp_interval=60 ns_ip6_target=fd97::2 ip=fd97::1/64",
}


def is_active(made, i, deadline_s=3.0):
    """Member i becomes active, by its word and on the wire."""
    wait_active(made, i, deadline_s)
    wait_for(lambda: carrying(made) == i, f"broadcasts by member {i}", 2.0)


@pytest.mark.parametrize("mode, monitor", (
    ("active-backup", "mii"), ("active-backup", "arp"), ("active-backup", "ns"),
    ("balance-tlb", "mii"), ("balance-alb", "mii"),
))
def test_primary_reselect(bench, mode, monitor):
    """What a primary does that comes back, under each value; and each gives way to it in need."""
    made = bench(mode, bond="primary=net_af_packet1 " + MONITORS[monitor])
    topo = made.topo
    out, back = topo.pull, topo.plug
    if monitor == "ns":
        topo.speak_ipv6()
    if monitor != "mii":
        join_ports(topo)

        def out(i):
            silence(topo, i)

        def back(i):
            speak(topo, i)

    is_active(made, 1)
    wait_all_up(made)
    for value, after in (("always", 1), ("better", 0), ("failure", 0)):
        made.command(f"set bond bond0 primary_reselect {value}")
        assert active(made) == 1
        out(1)
        is_active(made, 0)
        back(1)
        wait_link(made, 1, "up")
        time.sleep(0.15)
        assert (active(made), carrying(made)) == (after, after), f"primary_reselect={value}"
        # A better primary is one with more speed; when the other one fails it is taken at last.
        out(0)
        is_active(made, 1)
        back(0)
        wait_all_up(made)


def test_primary_by_command(bench):
    """Naming a primary moves the traffic at once, taking the name away moves nothing."""
    made = bench("active-backup")
    wait_all_up(made)
    is_active(made, 0)
    made.command("set bond bond0 primary_reselect failure")
    made.command("set bond bond0 primary net_af_packet1")
    is_active(made, 1)
    made.command("set bond bond0 primary none")
    is_active(made, 1)


@pytest.mark.parametrize("mode", ("active-backup", "balance-tlb", "balance-alb"))
def test_active_slave(bench, mode):
    """The user's choice is taken at once, once; a member without a link is refused."""
    made = bench(mode, 3)
    topo = made.topo
    wait_all_up(made)
    for i in (2, 1, 0, 2):
        made.command(f"set bond bond0 active_slave net_af_packet{i}")
        assert active(made) == i
        assert carrying(made) == i
    topo.pull(1)
    wait_link(made, 1, "down")
    with pytest.raises(CommandError):
        made.command("set bond bond0 active_slave net_af_packet1")
    with pytest.raises(CommandError):
        made.command("set bond bond0 active_slave net_tap0")
    is_active(made, 2)
    topo.pull(2)
    is_active(made, 0)
    topo.plug(2)
    wait_link(made, 2, "up")
    is_active(made, 0)


def test_prio(bench):
    """The member with the highest prio is active; one with more comes back, one with less waits."""
    made = bench("active-backup", 3, bond="prio=net_af_packet1@5,net_af_packet2@10 miimon=50")
    topo = made.topo
    wait_all_up(made)
    is_active(made, 2)
    topo.pull(2)
    is_active(made, 1)
    topo.pull(1)
    is_active(made, 0)
    topo.plug(1)
    is_active(made, 1)
    topo.plug(2)
    is_active(made, 2)
    # The primary stands above any prio.
    made.command("set bond bond0 primary net_af_packet0")
    is_active(made, 0)


def fail_over(made, to=None):
    """Take the active member's cable out; the capture's view of the new active member's port."""
    was = active(made)
    made.topo.pull(was)
    wait_for(lambda: active(made) not in (None, was), "another active member", 3.0)
    assert to is None or active(made) == to
    return active(made)


@contextlib.contextmanager
def quiet_bench(bench, bond):
    """A bench whose A says nothing of its own but what it is asked to, warmed up; and captures."""
    made = bench("active-backup", bond="miimon=50 primary=net_af_packet0 " + bond)
    wait_all_up(made)
    warm_up(made)
    # A asks for B's address: its own is seen to be behind the bond.
    made.topo.a.ip("neigh", "flush", "dev", TAP)
    ping_once(made.topo.a, IP_B)
    wait_for(lambda: view(made)["notifications_left"] == 0, "the first announcements over", 3.0)
    with Captures(made.topo.b, made.topo.ports) as caps:
        yield made, caps


@pytest.mark.parametrize("count, delay_ms", ((0, 0), (1, 0), (3, 0), (3, 200)))
def test_announcements(bench, count, delay_ms):
    """Exactly num_grat_arp gratuitous ARPs and unsolicited NAs, peer_notif_delay apart."""
    words = f"num_grat_arp={count} peer_notif_delay={delay_ms} ip={IP_A}/24,{IP6_A}/64"
    with quiet_bench(bench, words) as (made, caps):
        began = time.time()
        fail_over(made, 1)
        wait_for(lambda: view(made)["notifications_left"] == 0, "all announcements", 3.0)
        time.sleep(0.3)
        timed = [t for t in caps.caps[1].timed() if t[0] > began]
        garps = [(t, a) for t, a in ((t, arp_of(f)) for t, f in timed) if is_announcement(a)]
        adverts = [(t, n) for t, n in ((t, nd_of(f)) for t, f in timed)
                   if n and n.is_advert and not n.solicited and n.target == IP6_A]
    bond_mac = made.topo.a.mac(TAP)
    assert [(a.sender_ip, a.sender_mac) for _, a in garps] == [(IP_A, bond_mac)] * count
    assert [(n.src, n.destination) for _, n in adverts] == [(bond_mac, "ff02::1")] * count
    # By the ticks of miimon; the first one is between two of them.
    apart_s = max(delay_ms, 50) / 1000
    for times in ([t for t, _ in garps], [t for t, _ in adverts]):
        gaps = [b - a for a, b in zip(times, times[1:])]
        assert all(apart_s - 0.05 <= g <= apart_s + 0.25 for g in gaps), f"spacing {gaps}"
        assert all(0.8 * apart_s <= g for g in gaps[1:]), f"spacing {gaps}"
    assert not garps or garps[0][0] - began < 1.5, "the first one was late"


def test_peer_learns_the_new_port(bench):
    """One announcement is enough for the peer's switch to send by the other cable."""
    with quiet_bench(bench, f"ip={IP_A}/24") as (made, caps):
        fail_over(made, 1)
        mac = made.topo.a.mac(TAP)

        def port_of_mac():
            return [line for line in made.topo.b.exec("bridge", "fdb", "show", "br", "br0")
                    .splitlines() if line.startswith(f"{mac} dev pe1 ")]

        wait_for(port_of_mac, "the bond's address at the other port", 1.0)
        assert any(is_announcement(arp_of(f)) for f in caps.all()[1])


def test_third_parties_are_announced(bench):
    """Hosts behind the bond: by gratuitous ARP with their address, by RARP where none is known."""
    with quiet_bench(bench, "") as (made, caps):
        silent, speaker, address = "02:0d:00:00:00:01", "02:0d:00:00:00:02", "10.97.0.77"
        with Injector(made.topo.a, TAP) as out:
            out.send(mac_bytes(BROADCAST) + mac_bytes(silent) + b"\x88\xb5" + bytes(46))
            out.send(mac_bytes(BROADCAST) + mac_bytes(speaker) + b"\x08\x06"
                     + bytes.fromhex("0001080006040001") + mac_bytes(speaker)
                     + socket.inet_aton(address) + bytes(6) + socket.inet_aton(IP_B) + bytes(18))
        wait_for(lambda: view(made)["learnt_hosts"] >= 3, "all hosts known", 2.0)
        fail_over(made, 1)
        time.sleep(0.3)
        frames = caps.all()[1]
    rarps = [r for r in map(rarp_of, frames) if r]
    garps = [a for a in map(arp_of, frames) if is_announcement(a)]
    assert [r.sender_mac for r in rarps] == [silent], f"RARP: {rarps}"
    assert [(a.sender_ip, a.sender_mac) for a in garps if a.sender_ip == address] == [
        (address, speaker)], f"ARP: {garps}"
    # A's own stack has said who it is, too.
    assert [a.sender_mac for a in garps if a.sender_ip == IP_A] == [made.topo.a.mac(TAP)]
