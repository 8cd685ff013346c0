# SPDX-License-Identifier: BSD-3-Clause
"""What a bond in mode 802.3ad says to its partner and asks of it: activity, rate, names and
priorities, and its farewells. By LACPDUs as captured on the cables and by `lacp/show`.
"""

import re
import time

import pytest

from lacp import (ACTIVE, AGGREGATION, CARRIES, LONG, SYNC, TIMEOUT, Stream, Talk, distributing,
                  explain, long_only, machines, ping_ok, wait_both, wait_lacp)
from netlab import wait_for
from topology import TAP

FAST = "lacp_rate=fast"


def words(active, fast):
    """Open vSwitch's, for one kind of partner."""
    return (f"lacp={'active' if active else 'passive'}",
            f"other_config:lacp-time={'fast' if fast else 'slow'}")


def gaps(pdus):
    """Seconds between LACPDUs."""
    return [b.time - a.time for a, b in zip(pdus, pdus[1:])]


def shown_by_switch(made, i):
    """What Open vSwitch knows of the bond at its port i: {word: value}; and its own status."""
    text = made.topo.switch.appctl("lacp/show")
    parts = re.split(r"^(?:member|slave): ", text, flags=re.M)
    mine = next(p for p in parts if p.startswith(made.topo.ports[i] + ":"))
    shown = dict(re.findall(r"^\s*partner (\w+): ?(.*)$", mine, re.M))
    shown["status"] = mine.splitlines()[0].split(":")[1].strip()
    shown["may_enable"] = re.search(r"may_enable: (\w+)", mine)[1]
    return shown


def left_by_farewell(made, i):
    """Open vSwitch does not use its port i, and not because of silence: nothing has expired."""
    shown = shown_by_switch(made, i)
    return shown["may_enable"] == "false" and shown["status"].startswith("current")


# Ours active, fast; theirs active, fast.
PAIRS = [(True, True, False, False), (False, False, True, True)]
ALL = [(a, b, c, d) for a in (True, False) for b in (True, False) for c in (True, False)
       for d in (True, False) if a or c]


@pytest.mark.parametrize("active, fast, peer_active, peer_fast", ALL if LONG else PAIRS)
def test_activity_and_rate(bench, active, fast, peer_active, peer_fast):
    """Whoever is active makes the other speak; each sends as often as the other asks, and says
    what it is itself.
    """
    rate, on = "fast" if fast else "slow", "on" if active else "off"
    made = bench("802.3ad", partner=words(peer_active, peer_fast),
                 bond=f"lacp_rate={rate} lacp_active={on}")
    with Talk(made.topo) as talk, Stream(made.topo) as stream:
        wait_both(made, 40)
        agreed = time.time()
        stream.wait_at(0, "at last")
        stream.wait_at(1, "at last")

        def later(pdus):
            return [p for p in pdus if p.time > agreed + 0.5]

        # A fast side is told once a second, a slow one says enough in a negotiation.
        for asks, heard in ((peer_fast, talk.ours), (fast, talk.theirs)):
            if asks:
                wait_for(lambda heard=heard: len(later(heard(1))) >= 4, "four LACPDUs", 12)
        time_left = agreed + 3.0 - time.time()
        wait_for(lambda: time.time() >= agreed + 3.0, "3 s of silence", max(time_left, 0) + 5)
        for i in range(2):
            for asks, pdus in ((peer_fast, later(talk.ours(i))), (fast, later(talk.theirs(i)))):
                if asks:
                    assert max(gaps(pdus)) < 2.5, gaps(pdus)
                else:
                    assert len(pdus) <= 1, [p.time - agreed for p in pdus]
            # Each side's own bits, as the other one knows them.
            ours = shown_by_switch(made, i)["state"].split()
            assert ("activity" in ours, "timeout" in ours) == (active, fast), ours
            assert {"synchronized", "collecting", "distributing"} <= set(ours), ours
            theirs = machines(made, i)["partner"]["state"]
            assert (bool(theirs & ACTIVE), bool(theirs & TIMEOUT)) == (peer_active, peer_fast)
            assert theirs & CARRIES == CARRIES, f"{theirs:#x}"
        periodic = "FAST_PERIODIC" if peer_fast else "SLOW_PERIODIC"
        assert machines(made, 1)["periodic"] == periodic
    assert ping_ok(made)


@long_only
def test_both_passive(bench):
    """Nobody keeps the LACPDUs coming, so neither side takes the other for in sync."""
    made = bench("802.3ad", partner=words(False, True), bond=f"{FAST} lacp_active=off")
    carried = set()

    def looked_long_enough():
        # Before anything was heard one link works without LACP, as in Linux.
        carried.update(i for i in distributing(made)
                       if machines(made, i)["receive"] == "CURRENT")
        return machines(made, 0)["counters"]["rx"] >= 8 or \
            machines(made, 0)["counters"]["defaulted"] >= 1

    wait_lacp(made, looked_long_enough, "LACPDUs or none", 30)
    assert not carried, explain(made)
    assert machines(made, 0)["periodic"] == "NO_PERIODIC"
    assert not machines(made, 0)["partner"]["state"] & SYNC
    for line in ("down", "lacp_active on", "up"):
        made.command(f"set bond bond0 {line}")
    wait_both(made)
    assert ping_ok(made)


def test_names_and_priorities(bench):
    """ad_actor_system, ad_actor_sys_prio, ad_user_port_key and actor_port_prio as the partner is
    told, given at the start and changed under way.
    """
    made = bench("802.3ad", bond=f"{FAST} ad_actor_system=02:0e:00:00:00:01 "
                                 "ad_actor_sys_prio=1000 ad_user_port_key=7")
    wait_both(made)

    def told(system, prio, key, port_prio):
        for i in range(2):
            shown = shown_by_switch(made, i)
            if (shown["sys_id"], int(shown["sys_priority"]), int(shown["key"]) >> 6,
                    int(shown["port_priority"])) != (system, prio, key, port_prio[i]):
                return False
        return True

    system = "02:0e:00:00:00:01"
    wait_lacp(made, lambda: told(system, 1000, 7, (255, 255)), "what was given at the start")
    made.command("set bond bond0 member net_af_packet1 actor_port_prio 3")
    wait_lacp(made, lambda: told(system, 1000, 7, (255, 3)), "another port priority")
    wait_both(made)
    made.command("set bond bond0 ad_actor_sys_prio 2000")
    wait_lacp(made, lambda: told(system, 2000, 7, (255, 3)), "another system priority")
    system = "02:0e:00:00:00:02"
    made.command(f"set bond bond0 ad_actor_system {system}")
    wait_lacp(made, lambda: told(system, 2000, 7, (255, 3)), "another system")
    wait_both(made)
    # Linux changes ad_user_port_key only while the bond is down.
    made.command("set bond bond0 down")
    made.command("set bond bond0 ad_user_port_key 9")
    made.command("set bond bond0 up")
    wait_lacp(made, lambda: told(system, 2000, 9, (255, 3)), "another key")
    wait_both(made)
    with Stream(made.topo) as stream:
        assert stream.used() == [0, 1]


def farewell_of(talk, i, after):
    """The LACPDU that says that the bond's port is not to be used: neither in sync nor
    aggregatable (as Linux's driver sends it), or None.
    """
    return next((p for p in talk.ours(i) if p.time > after and
                 not p.actor.state & (CARRIES | AGGREGATION)), None)


def test_farewell(bench):
    """A member that is removed and a bond that goes down tell the partner, who leaves at once and
    not by a timeout; no data follows the farewell.
    """
    made = bench("802.3ad", bond=FAST)
    topo = made.topo
    wait_both(made)
    topo.a.ip("link", "set", TAP, "txqueuelen", 20000)
    with Talk(topo) as talk, Stream(topo) as stream:
        stream.wait_at(1, "at first")
        began = time.time()
        made.command("remove bond bond0 member net_af_packet1")
        bye = wait_lacp(made, lambda: farewell_of(talk, 1, began), "a farewell of member 1", 5)
        wait_lacp(made, lambda: left_by_farewell(made, 1), "the partner has left", 5)
        stream.wait_at(0, "of all flows", 200)
        late = [t for t, _ in stream.at(1) if t > bye.time]
        assert not late, f"{len(late)} frames behind the farewell"
        assert not [p for p in talk.ours(1) if p.time > bye.time], "it speaks after the farewell"
        made.command("add bond bond0 member net_af_packet1")
        wait_both(made)
        stream.wait_at(1, "again")

        began = time.time()
        made.command("set bond bond0 down")
        for i in range(2):
            bye = wait_lacp(made, lambda i=i: farewell_of(talk, i, began), f"farewell {i}", 5)
            wait_lacp(made, lambda i=i: left_by_farewell(made, i), "the partner has left", 5)
            late = [t for t, _ in stream.at(i) if t > bye.time]
            assert not late, f"{len(late)} frames behind the farewell of member {i}"
        made.command("set bond bond0 up")
        wait_both(made)
        stream.wait_at(0, "again")
        stream.wait_at(1, "again")
    assert ping_ok(made)
