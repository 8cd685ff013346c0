# SPDX-License-Identifier: BSD-3-Clause
"""Structure changes while real traffic flows: members, the bond itself, devices, by the console."""

import time

import pytest

from load import Ping, ping_once, steady_since
from modes import warm_up
from netlab import wait_for
from program import CommandError, MODES
from topology import IP_B
from wire import Captures


def data_frames(bench):
    """Frames with IPv4 that arrive at each of the peer's ports until ten pings are answered."""
    with Captures(bench.topo.b, bench.topo.ports) as caps:
        for _ in range(10):
            ping_once(bench.topo.a, IP_B)
        return [sum(1 for f in frames if f[12:14] == b"\x08\x00") for frames in caps.all()]


@pytest.mark.parametrize("mode", MODES)
def test_member_out_and_in(bench, mode):
    """A member is taken out and put back by command, under pings; the bond keeps its word."""
    made = bench(mode)
    topo = made.topo
    warm_up(made)
    ping = Ping(topo.a, IP_B)
    ping.wait_answered(10, 0, "at first", 5)
    for member in range(2):
        changed = time.time()
        made.command(f"remove bond bond0 member net_af_packet{member}")
        topo.unplugged.add(member)
        steady_since(ping, changed, 0.5, 8)
        assert ping.longest_gap(changed, time.time()) <= 5.0
        assert data_frames(made)[member] == 0, "the removed member still carries data"
        with pytest.raises(CommandError):
            made.command(f"remove bond bond0 member net_af_packet{member}")

        changed = time.time()
        made.command(f"add bond bond0 member net_af_packet{member}")
        topo.unplugged.discard(member)
        warm_up(made, deadline_s=15)
        steady_since(ping, changed, 0.5, 8)
        assert ping.longest_gap(changed, time.time()) <= 5.0
    if mode in ("balance-rr", "broadcast"):
        assert all(data_frames(made)), "a member that came back carries nothing"


def test_bond_down_and_up(bench):
    """Each way to stop the traffic stops it, and its opposite brings it back."""
    made = bench("active-backup")
    warm_up(made)
    ping = Ping(made.topo.a, IP_B)
    ping.wait_answered(10, 0, "at first", 5)
    for off, on in (
        ("stop", "start"), ("set bond bond0 down", "set bond bond0 up"),
        ("port stop bond0", "port start bond0"), ("port stop net_tap0", "port start net_tap0"),
    ):
        made.command(off)
        wait_for(lambda: ping.longest_gap(time.time() - 0.5, time.time()) > 0.49,
                 f"silence after `{off}`")
        back = time.time()
        made.command(on)
        steady_since(ping, back, 0.5, 8)


def test_hot_plug_of_a_member(bench):
    """A device is attached, joins the bond, carries its share, leaves, and is detached."""
    made = bench("balance-rr", 3, in_bond=2)
    topo = made.topo
    topo.unplugged.add(2)
    warm_up(made)
    made.command(f"port attach net_af_packet7,iface={topo.macvlans[2]}")
    made.command("add bond bond0 member net_af_packet7")
    topo.unplugged.discard(2)
    warm_up(made)
    assert all(data_frames(made)), "not every member carries data"
    with pytest.raises(CommandError) as refusal:
        made.command("port detach net_af_packet7")
    assert "bond0" in str(refusal.value)
    made.command("remove bond bond0 member net_af_packet7")
    topo.unplugged.add(2)
    assert data_frames(made)[2] == 0
    made.command("port detach net_af_packet7")
    assert "net_af_packet7" not in made.command("show port summary all")
    ping_once(topo.a, IP_B)


@pytest.mark.parametrize("mode", ("balance-rr", "802.3ad"))
def test_delete_and_create_again(bench, mode):
    """A bond is deleted and made anew by the console; the pair finds it by its name."""
    made = bench(mode)
    warm_up(made)
    made.command("stop")
    made.command("delete bond bond0")
    assert "bond0" not in made.command("show bonds")
    made.command(f"create bond bond0 mode={mode} members={made.topo.member_names()} "
                 "xmit_hash_policy=layer3+4")
    made.command("start")
    warm_up(made, deadline_s=15)
    ping_once(made.topo.a, IP_B)
