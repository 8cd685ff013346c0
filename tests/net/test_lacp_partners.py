# SPDX-License-Identifier: BSD-3-Clause
"""More partners than one, or keys that do not match: exactly one aggregator carries traffic."""

import pytest

from lacp import (LONG, SYNC, Stream, distributing, explain, lacp_events, machines, ping_ok,
                  wait_both, wait_distributing, wait_lacp)
from netlab import wait_for
from topology import TAP
from watch import view
from wire import BROADCAST, Capture, Injector, marked_frame

FAST = "lacp_rate=fast"
STRANGER = "02:0c:00:00:00:07"


def received_from(made, i, tag, count=32):
    """How many of the frames that the partner's port i sends reach A's stack. A frame by a port
    that must deliver goes last, so that nothing is waited for in vain.
    """
    topo = made.topo
    other = next(k for k in distributing(made) if k != i)
    cap = Capture(topo.a, TAP)

    def came(flow):
        return sum(frame.count(marked_frame(STRANGER, tag, flow, 0, BROADCAST)[42:])
                   for frame in cap.poll())

    with Injector(topo.b, topo.ports[i]) as out:
        for _ in range(count):
            out.send(marked_frame(STRANGER, tag, i, 0, BROADCAST))
    with Injector(topo.b, topo.ports[other]) as out:

        def last_came():
            out.send(marked_frame(STRANGER, tag, 9, 0, BROADCAST))
            return came(9) >= 3

        wait_for(last_came, f"frames from port {other} at the tap")
    number = came(i)
    cap.close()
    return number


def in_use(made, active):
    """Check that exactly these members carry traffic, by frames seen and by what is shown."""
    shown = view(made)
    idle = [i for i in range(made.topo.members) if i not in active]
    names = [f"net_af_packet{i}" for i in active]
    assert shown["plan"]["usable"] == names, shown["plan"]
    assert shown["ad_info"]["ports"] == len(active)
    ids = {m["lacp"]["aggregator"] for m in shown["members"] if m["name"] in names}
    assert ids == {shown["ad_info"]["aggregator"]}, explain(made)
    with Stream(made.topo) as stream:
        assert stream.used() == active, explain(made)
    for i in idle:
        m = machines(made, i)
        assert m["selected"] == "STANDBY" and not m["collects"], m
        assert m["aggregator"] not in ids
        assert not m["actor"]["state"] & SYNC
        assert received_from(made, i, 650000 + i) == 0, "reception does not obey collecting"


def settled(made, active):
    """Wait until these members distribute, and every member has heard of its partner."""
    wait_lacp(made, lambda: distributing(made) == active and all(
        machines(made, i)["receive"] == "CURRENT" for i in range(made.topo.members)),
        f"members {active} distribute, all current")


def test_key_mismatch(bench):
    """The partner gives two of four ports another key: they must not join the others. (Open vSwitch
    has one key for a bond, so there are two, of the same system.)
    """
    words = ("lacp=active", "other_config:lacp-time=fast", "other_config:lacp-system-priority=7",
             "other_config:lacp-system-id=02:0d:00:00:00:01")
    made = bench("802.3ad", 4, second=[2, 3], partner=words, bond=FAST)
    topo = made.topo

    def set_keys(*keys):
        for i, key in enumerate(keys):
            topo.switch.vsctl("set", "interface", topo.ports[i],
                              f"other_config:lacp-aggregation-key={key}",
                              f"other_config:lacp-port-id={i + 1}")
        wait_lacp(made, lambda: all(machines(made, i)["partner"]["key"] == key
                                    for i, key in enumerate(keys)), f"keys {keys} heard of")

    set_keys(5, 5, 5, 5)
    settled(made, [0, 1, 2, 3])
    set_keys(5, 5, 77, 77)
    settled(made, [0, 1])
    in_use(made, [0, 1])
    assert {machines(made, i)["partner"]["system"] for i in range(4)} == {"02:0d:00:00:00:01"}
    assert machines(made, 2)["trouble"] == "", "the partner is the same"
    assert ping_ok(made)
    # The aggregator that is left has the only links when the cables of the other are out.
    topo.pull(0)
    topo.pull(1)
    wait_distributing(made, [2, 3])
    with Stream(topo) as stream:
        assert stream.used() == [2, 3]


def test_second_switch(bench):
    """Member 1 is wired to another bridge of Open vSwitch: two partners are never merged, and who
    looks is told once.
    """
    made = bench("802.3ad", 3, second=[1], bond=FAST)
    settled(made, [0, 2])
    in_use(made, [0, 2])
    partners = {machines(made, i)["partner"]["system"] for i in (0, 1, 2)}
    assert len(partners) == 2
    text = made.command("show lacp bond0")
    warning = "its partner is another system than that of the active aggregator"
    assert text.count(f"\tWarning: {warning}\n") == 1, text
    assert warning in machines(made, 1)["trouble"]
    assert not machines(made, 0)["trouble"] and not machines(made, 2)["trouble"]
    assert ping_ok(made)
    logged = lacp_events(made, f"warning: LACP of member net_af_packet1: {warning}")
    assert len(logged) == 1, logged
    # The other switch takes over when all cables to the first are out, and gives back.
    topo = made.topo
    for i in (0, 2):
        topo.pull(i)
    wait_distributing(made, [1])
    with Stream(topo) as stream:
        assert stream.used() == [1]
    assert not machines(made, 1)["trouble"]


@pytest.mark.parametrize("ad_select", ("stable", "bandwidth", "count") if LONG else
                         ("stable", "count"))
def test_ad_select(bench, ad_select):
    """One cable leads to the second switch and is first; then two to the first switch come up.
    With stable the one stays until it is lost, with the others the two are better.
    """
    made = bench("802.3ad", 3, second=[0], unplugged=[1, 2], bond=f"{FAST} ad_select={ad_select}")
    topo = made.topo
    # Without a partner it carries traffic as well; "stable" is for one that answers.
    wait_lacp(made, lambda: machines(made, 0)["mux"] == "COLLECTING_DISTRIBUTING"
              and machines(made, 0)["receive"] == "CURRENT", "the second switch's agreement")
    for i in (1, 2):
        topo.plug(i)
    if ad_select == "stable":
        settled(made, [0])
        in_use(made, [0])
        topo.pull(0)
        wait_distributing(made, [1, 2])
        topo.plug(0)
    settled(made, [1, 2])
    in_use(made, [1, 2])


def test_min_links(bench):
    """With min_links=2 the bond has no carrier by one member alone; the tap's line says so too."""
    made = bench("802.3ad", bond=f"{FAST} min_links=2")
    topo = made.topo
    wait_both(made)
    assert view(made)["link_up"]
    for i in (0, 1):
        topo.pull(i)
        wait_distributing(made, [1 - i])
        wait_for(lambda: not view(made)["link_up"], "no carrier")
        assert "carrier: down (min_links 2)" in made.command("show lacp bond0")
        topo.plug(i)
        wait_both(made)
        wait_for(lambda: view(made)["link_up"], "carrier again")
    topo.pull(1)
    wait_for(lambda: not view(made)["link_up"], "no carrier")
    made.command("set bond bond0 min_links 1")
    wait_for(lambda: view(made)["link_up"], "carrier by one member")
    assert ping_ok(made)
    assert len(lacp_events(made, "bond0: no carrier: no aggregator with enough links")) == 3


def test_loop(bench):
    """Members 0 and 1 are cabled to each other: they hear the bond's own LACPDUs, and say so; the
    third, which has a partner, carries the traffic.
    """
    made = bench("802.3ad", 3, second=[0, 1], unplugged=[0, 1], bond=FAST)
    topo = made.topo
    # The second bridge becomes a cable: it speaks no LACP and forwards slow protocols.
    vsctl = topo.switch.vsctl
    vsctl("del-port", "br1", "peer1", "--", "add-port", "br1", topo.ports[0], "--",
          "add-port", "br1", topo.ports[1], "--",
          "set", "bridge", "br1", "other_config:forward-bpdu=true")
    for i in (0, 1):
        topo.plug(i)
    warning = "it receives this system's own LACPDUs: a cable leads back here"
    wait_lacp(made, lambda: all(machines(made, i)["trouble"] == warning for i in (0, 1)),
              "the loop noticed at both ends")
    wait_lacp(made, lambda: machines(made, 2)["receive"] == "CURRENT" and
              distributing(made) == [2], "member 2 carries traffic")
    for i in (0, 1):
        m = machines(made, i)
        assert m["counters"]["rx_own"] > 0 and m["counters"]["rx"] == m["counters"]["rx_own"], m
        assert m["receive"] != "CURRENT"
        logged = lacp_events(made, f"warning: LACP of member net_af_packet{i}: {warning}")
        assert len(logged) == 1, logged
    with Stream(topo) as stream:
        assert stream.used() == [2]
    assert made.command("show lacp bond0").count(f"Warning: {warning}\n") == 2
    assert not machines(made, 2)["trouble"] and ping_ok(made)
