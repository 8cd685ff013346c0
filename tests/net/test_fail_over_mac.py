# SPDX-License-Identifier: BSD-3-Clause
"""fail_over_mac: whose MAC address stands on which device and behind which port of the peer."""

import time

import pytest

from load import ping_once
from modes import warm_up
from netlab import wait_for
from topology import IP_A, IP_B, TAP, member_mac
from watch import active, view, wait_active, wait_all_up

BY_COMMAND = 50
BY_CABLE = 50
BUDGET_S = 25.0


def port_of(topo, mac):
    """Indexes of the peer's ports behind which its switch has learnt an address."""
    lines = topo.b.exec("bridge", "fdb", "show", "br", "br0").splitlines()
    found = [line.split()[2] for line in lines
             if line.startswith(mac) and "permanent" not in line]
    return [topo.ports.index(dev) for dev in found if dev in topo.ports]


def expected(value, now, bond_mac):
    """What each of two members carries when member `now` is active, by the option's contract.

    None: anything but the bond's address.
    """
    if value == "none":
        return [bond_mac, bond_mac]
    if value == "active":
        return [member_mac(0), member_mac(1)]
    return [bond_mac if i == now else None for i in range(2)]


def matches(wanted, seen):
    """True if the addresses seen are those wanted."""
    known = [w for w in wanted if w]
    return all(s == w if w else s not in known for w, s in zip(wanted, seen))


def check(made, value, now):
    """Devices, the bond's view, the tap and the peer's switch agree with the contract."""
    topo = made.topo
    born = member_mac(0)
    bond_mac = member_mac(now) if value == "active" else born
    wanted = expected(value, now, bond_mac)

    def seen():
        shown = view(made)
        devices = [topo.a.mac(dev) for dev in topo.macvlans]
        told = [m["mac"] for m in shown["members"]]
        everything = (shown["mac"], topo.a.mac(TAP), devices, told, port_of(topo, bond_mac))
        good = (shown["mac"] == bond_mac == topo.a.mac(TAP) and matches(wanted, devices)
                and told == devices and port_of(topo, bond_mac) == [now])
        if value == "follow":
            good = good and set(devices) == {member_mac(0), member_mac(1)}
        return everything, good

    try:
        wait_for(lambda: seen()[1], "the right addresses", 2.0)
    except AssertionError:
        raise AssertionError(f"fail_over_mac={value}, active {now}: wanted {bond_mac}, {wanted}; "
                             f"bond, tap, devices, view, port: {seen()[0]}") from None


@pytest.mark.parametrize("value", ("none", "active", "follow"))
def test_hundred_failovers(bench, measured, value):
    """By command and by cable, as fast as they are noticed; at the end everything is right."""
    made = bench("active-backup", bond=f"miimon=100 fail_over_mac={value} ip={IP_A}/24")
    topo = made.topo
    warm_up(made)
    wait_all_up(made)
    wait_active(made, 0)
    ping_once(topo.a, IP_B)
    check(made, value, 0)
    before = view(made)["failovers"]
    began = time.monotonic()
    now = 0
    for n in range(BY_COMMAND):
        now = 1 - now
        made.command(f"set bond bond0 active_slave net_af_packet{now}")
        if n in (0, 1, BY_COMMAND - 1):
            check(made, value, now)
    for n in range(BY_CABLE):
        topo.pull(now)
        wait_active(made, 1 - now)
        topo.plug(now)
        now = 1 - now
        wait_all_up(made)
        if n in (0, 1):
            check(made, value, now)
    took_s = time.monotonic() - began
    check(made, value, now)
    assert active(made) == now
    ping_once(topo.b, IP_A, deadline_s=2.0)
    ping_once(topo.a, IP_B, deadline_s=2.0)
    assert view(made)["failovers"] == before + BY_COMMAND + BY_CABLE
    measured.append(f"fail_over_mac={value}: {BY_COMMAND + BY_CABLE} failovers in {took_s:.1f} s")
    assert took_s < BUDGET_S


@pytest.mark.parametrize("value", ("none", "active", "follow"))
def test_members_come_and_go(bench, value):
    """A third member joins, the active one leaves and returns: addresses stay distinct or equal."""
    made = bench("active-backup", 3, in_bond=2, bond=f"fail_over_mac={value} ip={IP_A}/24")
    topo = made.topo
    warm_up(made)
    wait_all_up(made)
    made.command(f"port attach net_af_packet2,iface={topo.macvlans[2]}")
    made.command("add bond bond0 member net_af_packet2")
    wait_all_up(made)
    for i in (2, 1, 0):
        made.command(f"set bond bond0 active_slave net_af_packet{i}")
        made.command(f"remove bond bond0 member net_af_packet{i}")
        wait_for(lambda i=i: active(made) not in (None, i), "another active member", 2.0)
        made.command(f"add bond bond0 member net_af_packet{i}")
        wait_all_up(made)
        shown = view(made)
        macs = [m["mac"] for m in shown["members"]]
        assert macs == [topo.a.mac(topo.macvlans[int(m["name"][-1])]) for m in shown["members"]]
        carried = next(m["mac"] for m in shown["members"] if m["active"])
        assert carried == shown["mac"] == topo.a.mac(TAP)
        distinct = 1 if value == "none" else 3
        assert len(set(macs)) == distinct, f"addresses of members: {macs}"
        ping_once(topo.a, IP_B, deadline_s=3.0)
