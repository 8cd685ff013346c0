# SPDX-License-Identifier: BSD-3-Clause
"""A member of an 802.3ad bond is lost, by its carrier or by silence, and its partner starts anew.
What counts is when frames were seen on the partner's cables, by the kernel's clock.
"""

from lacp import (AGGREGATION, COLLECTING, DISTRIBUTING, EXPIRED, SHORT_TIMEOUT_S, SYNC,
                  Silence, Stream, Talk, distributing, explain, lacp_events,
                  long_only, machines, ping_ok, wait_both, wait_distributing, wait_lacp)
from netlab import wait_for
from watch import view

FAST = "lacp_rate=fast"
# What the machine may take to run the program's threads and to stamp a frame.
SLACK_S = 3.0


def first(pdus, condition):
    """The first LACPDU for which a condition of its actor's state holds."""
    return next((p for p in pdus if condition(p.actor.state)), None)


def frames_after(stream, i, moment):
    """How many of the stream's frames came to port i later."""
    return sum(t > moment for t, _ in stream.at(i))


def test_silent_partner_is_left(bench, measured):
    """Member 1's partner is not heard any more, carrier stays: it is left 3 s after the last
    LACPDU on the wire, before an LACPDU says so, and the traffic goes on by the other one.
    """
    made = bench("802.3ad", bond=FAST)
    wait_both(made)
    silence = Silence(made.topo)
    with Talk(made.topo) as talk, Stream(made.topo) as stream:
        stream.wait_at(0, "at first")
        stream.wait_at(1, "at first")
        wait_for(lambda: talk.theirs(1), "an LACPDU of the partner", 10)
        expired = machines(made, 1)["counters"]["expired"]
        silence.of_partner(1)
        left = wait_lacp(made, lambda: first(talk.ours(1), lambda s: s & EXPIRED),
                         "member 1 tells that its partner expired")
        last_heard = talk.theirs(1)[-1].time
        wait_distributing(made, [0])
        assert not left.actor.state & DISTRIBUTING, f"state {left.actor.state:#x}"
        assert machines(made, 1)["counters"]["expired"] == expired + 1
        took = left.time - last_heard
        assert SHORT_TIMEOUT_S - 0.2 < took < SHORT_TIMEOUT_S + SLACK_S, f"left after {took:.3f} s"
        stream.wait_at(0, "of all flows", 400)
        late = frames_after(stream, 1, left.time)
        assert late == 0, f"{late} frames behind the LACPDU that says that none is sent"
        assert stream.used() == [0]
        # Nobody answers: it defaults, and still sends nothing while the other has a partner.
        wait_lacp(made, lambda: machines(made, 1)["receive"] == "DEFAULTED", "DEFAULTED", 10)
        assert distributing(made) == [0] and stream.used() == [0]
        assert view(made)["link_up"]
        silence.end()
        wait_both(made)
        stream.wait_at(1, "again")
    assert len(lacp_events(made, "member net_af_packet1: receive machine CURRENT -> EXPIRED")) == 1
    measured.append(f"802.3ad        silent partner left {took:.3f} s after its last LACPDU")


@long_only
def test_partner_that_hears_nothing(bench):
    """What member 1 sends is lost: the partner leaves it by its own timeout, and so does the bond,
    told by the partner's LACPDUs.
    """
    made = bench("802.3ad", bond=FAST)
    wait_both(made)
    silence = Silence(made.topo)
    with Talk(made.topo) as talk, Stream(made.topo) as stream:
        stream.wait_at(1, "at first")
        silence.of_bond(1, Silence.SLOW)
        wait_distributing(made, [0])
        told = first(talk.theirs(1), lambda s: not s & SYNC or s & EXPIRED)
        assert told, explain(made)
        stream.wait_at(0, "of all flows", 400)
        assert stream.used() == [0]
        assert machines(made, 1)["receive"] == "CURRENT", "it still hears the partner"
        silence.end()
        wait_both(made)
        stream.wait_at(1, "again")


def test_link_loss(bench, measured):
    """A cable is pulled and plugged in: traffic goes on by the other, and once the kernel has told
    of it no frame goes to the dead member, which is used again afterwards.
    """
    made = bench("802.3ad", bond=FAST)
    topo = made.topo
    wait_both(made)
    with Stream(topo) as stream:
        for i in (0, 1):
            other = 1 - i
            stream.wait_at(i, "at first")
            since = stream.sent
            topo.pull(i)
            wait_distributing(made, [other])
            # The worker may be in the middle of a burst.
            stream.wait_at(other, "by the plan of now")
            dead = member_counters(made, i)["tx_packets"]
            stream.wait_at(other, "of all flows", 200)
            assert member_counters(made, i)["tx_packets"] == dead, "frames to a dead member"
            before_loss = {n for _, n in stream.at(i)}
            there = {n for _, n in stream.at(other)}
            # All but those on the way while the kernel told of it.
            lost = set(range(since, max(there))) - there - before_loss
            measured.append(f"802.3ad        cable pulled under 400/s: {len(lost)} frames lost")
            assert len(lost) < 100, f"{len(lost)} frames lost by a pulled cable"
            assert machines(made, i)["receive"] == "PORT_DISABLED"
            topo.plug(i)
            wait_both(made)
            stream.wait_at(i, "again")
    assert ping_ok(made)


def member_counters(made, i):
    """Member i's counters of traffic."""
    name = f"net_af_packet{i}"
    return next(m["counters"] for m in view(made)["members"] if m["name"] == name)


def test_partner_restarts(bench):
    """Open vSwitch is killed and comes again: the bond leaves the silent partner and takes it
    back, without an answer to a ping being lost afterwards.
    """
    made = bench("802.3ad", bond=FAST)
    topo = made.topo
    wait_both(made)
    with Talk(topo) as talk:
        topo.switch.kill()
        wait_for(lambda: all(machines(made, i)["receive"] in ("EXPIRED", "DEFAULTED")
                             for i in range(2)), "both partners expired", 20)
        for i in range(2):
            left = first(talk.ours(i), lambda s: s & EXPIRED)
            assert left and not left.actor.state & (DISTRIBUTING | COLLECTING), left
            assert left.actor.state & AGGREGATION
        topo.switch.start()
        wait_both(made, 30)
    topo.b.plain("br0")
    topo.b.ip("address", "replace", "10.97.0.2/24", "dev", "br0")
    topo.b.ip("link", "set", "br0", "up")
    wait_lacp(made, lambda: ping_ok(made), "pings answered after the restart")
    # Attached at the first LACPDU, the members must not have flapped since.
    for i in range(2):
        assert machines(made, i)["counters"]["expired"] <= 3
