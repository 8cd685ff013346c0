# SPDX-License-Identifier: BSD-3-Clause
"""How soon 802.3ad converges, and how often it speaks whatever the traffic. Moments are those that
the kernel stamped on frames at the partner's ports.
"""

import contextlib
import re
import statistics
import time

import pytest

from lacp import (CARRIES, LONG, Stream, Talk, distributing, machines, wait_both, wait_lacp)
from load import ping_once
from netlab import wait_for
from topology import IP_B

FAST = "lacp_rate=fast"
RUNS = 20 if LONG else 3
CONVERGENCE_S = 3.0
# In the short form a disturbed machine must not break it.
GENEROUS_S = 8.0
NOBODY = "00:00:00:00:00:00"


def test_convergence(bench, measured):
    """Both cables are plugged in: how long after that both members carry traffic, fast on either
    side. From the moment before the first carrier to the first frame at the last port.
    """
    made = bench("802.3ad", bond=FAST)
    topo = made.topo
    wait_both(made)
    took = []
    for _ in range(RUNS):
        for i in range(2):
            topo.pull(i)
        # Who has been away for so long is a stranger again: no state of before helps.
        wait_lacp(made, lambda: not distributing(made), "nobody distributes")
        made.command("remove bond bond0 member net_af_packet0")
        made.command("remove bond bond0 member net_af_packet1")
        made.command("add bond bond0 member net_af_packet0")
        made.command("add bond bond0 member net_af_packet1")
        with Stream(topo) as stream, Talk(topo) as talk:
            began = time.time()
            for i in range(2):
                topo.plug(i)
            wait_both(made, 30)
            for i in range(2):
                stream.wait_at(i, "after it")
            # A bond without a partner sends as well: that is not what counts.
            heard = [next(p.time for p in talk.ours(i) if p.partner.system != NOBODY)
                     for i in range(2)]
            carried = [next(t for t, _ in stream.at(i) if t >= heard[i]) for i in range(2)]
            # Who answers within a millisecond must be heard, or a whole period is lost.
            for i in range(2):
                deaf = [p for p in talk.ours(i) if p.partner.system == NOBODY
                        and p.time > talk.theirs(i)[0].time + 0.3]
                assert not deaf, f"member {i} did not hear the partner's first LACPDU"
        took.append(max(carried) - began)
    in_time = sum(t <= CONVERGENCE_S for t in took)
    measured.append(f"802.3ad        converged after link up: {in_time} of {RUNS} within "
                    f"{CONVERGENCE_S:g} s, {min(took):.2f}..{max(took):.2f} s")
    if LONG:
        assert in_time >= 19, took
    assert max(took) <= GENEROUS_S, took


@contextlib.contextmanager
def no_load(_made):
    """Silence."""
    yield


@contextlib.contextmanager
def full_load(made):
    """What A's stack can send to a peer that receives it."""
    topo = made.topo
    ping_once(topo.a, IP_B)
    server = topo.b.start("iperf3", "-s", "--forceflush")
    wait_for(lambda: "Server listening" in server.log(), "iperf3 server")
    client = topo.a.start("iperf3", "-c", IP_B, "-t", 120, "-P", 4)
    yield
    assert client.alive(), client.log()
    client.end()
    server.end()


@contextlib.contextmanager
def overload(made):
    """More than the members' devices can take: frames wait in them, and the worker for them."""
    for i in range(2):
        made.topo.a.exec("tc", "qdisc", "add", "dev", f"ve{i}", "root", "tbf",
                         "rate", "4mbit", "burst", 20000, "limit", 10000000)

    def waiting():
        shown = (made.topo.a.exec("tc", "-s", "qdisc", "show", "dev", f"ve{i}") for i in range(2))
        return max(int(re.search(r"backlog \S+ (\d+)p", text)[1]) for text in shown) > 100

    wait_for(waiting, "frames that wait in a device", 30)
    yield
    assert waiting(), "the members were not overloaded"


LOADS = {
    "none": (no_load, ()),
    "full": (full_load, ()),
    "overload": (overload, ("--forward-mode", "txonly", "--flows", 64)),
}


@pytest.mark.parametrize("load", LOADS if LONG else ("none", "overload"))
def test_interval(bench, measured, load):
    """LACPDUs on the wire at fast rate: about one a second, never more than three in any, whether
    there is no traffic or more than can be sent; both ends stay in sync.
    """
    start, options = LOADS[load]
    seconds = 60 if LONG else 4
    made = bench("802.3ad", bond=FAST, options=options)
    topo = made.topo
    wait_both(made, 40)
    with start(made), Talk(topo) as talk:
        began = time.time()
        expired = [machines(made, i)["counters"]["expired"] for i in range(2)]
        wait_for(lambda: len(talk.ours(0)) > seconds and len(talk.ours(1)) > seconds,
                 f"{seconds} LACPDUs of each member", 3 * seconds)
        assert topo.switch.ready(), topo.switch.appctl("lacp/show")
        assert distributing(made) == [0, 1]
        all_gaps = []
        for i in range(2):
            times = [p.time for p in talk.ours(i)]
            gaps = [b - a for a, b in zip(times, times[1:])]
            # One that waited in the device, or that news had made, moves the mean of a few.
            middle = statistics.median(gaps)
            assert 0.8 < middle < 1.3, f"median interval {middle:.3f} s: {gaps}"
            fast_ones = [t for t, later in zip(times, times[3:]) if later - t < 0.95]
            assert not fast_ones, f"four LACPDUs within a second: {gaps}"
            assert max(gaps) < 3.0, f"the partner would have to leave: {gaps}"
            assert machines(made, i)["counters"]["expired"] == expired[i], "expired meanwhile"
            all_gaps += gaps
            assert all(p.actor.state & CARRIES == CARRIES for p in talk.ours(i) if p.time > began)
    measured.append(f"802.3ad        LACPDU interval, load {load}: {min(all_gaps):.3f}.."
                    f"{max(all_gaps):.3f} s, mean {sum(all_gaps) / len(all_gaps):.3f}")
