# SPDX-License-Identifier: BSD-3-Clause
"""queue_id: what is put on a transmit queue of the bond leaves by the member of that number."""

import collections
import itertools

import pytest

from modes import warm_up
from topology import TAP
from watch import wait_active, wait_all_up, wait_link
from wire import Captures, Injector, marked_frame, send_marked

FLOWS = 16
PER_FLOW = 10
_tags = itertools.count(700000)


def taken_from_tap(made):
    """Frames that vfbond took from each receive queue of the tap, all of which go to the bond's
    transmit queue of that number.
    """
    rows = [line.split() for line in made.command("show fwd stats all").splitlines()]
    return {int(row[1]): int(row[3]) for row in rows if row[:1] == ["net_tap0"]}


def sent(made, flows, per_flow):
    """Send marked frames of some flows: {flow: Counter of the ports where they arrived}."""
    tag = next(_tags)
    mac = made.topo.a.mac(TAP)
    frames = [marked_frame(mac, tag, f, s) for s in range(per_flow) for f in flows]
    with Captures(made.topo.b, made.topo.ports) as caps, Injector(made.topo.a, TAP) as out:
        send_marked(out, frames, lambda: sum(map(len, caps.marked(tag))), batch_s=2.0)
        seen = caps.marked(tag)
    everything = sorted(itertools.chain.from_iterable(seen))
    assert everything == sorted((f, s) for f in flows for s in range(per_flow)), "lost or twice"
    return {f: collections.Counter(i for i, marks in enumerate(seen) for g, _ in marks if g == f)
            for f in flows}


def queues_of_flows(made):
    """Which queue of the tap the kernel has put each flow on: by its hash of the flow."""
    found = {}
    for flow in range(FLOWS):
        before = taken_from_tap(made)
        sent(made, [flow], 5)
        # Another frame or two may have come from A's kernel at the same time.
        grown = {q: n - before[q] for q, n in taken_from_tap(made).items()}
        found[flow] = max(grown, key=grown.get)
        assert grown[found[flow]] >= 5, f"flow {flow} came by queues {grown}"
    assert set(found.values()) == {0, 1}, f"queues of the flows: {found}"
    return found


def check(made, queue_of, queue, ports):
    """Flows of a queue leave by all of these ports, and no others."""
    flows = [f for f in queue_of if queue_of[f] == queue]
    got = sent(made, flows, PER_FLOW)
    used = set().union(*(got[f] for f in flows))
    assert used == set(ports), f"queue {queue} left by {got}"


@pytest.mark.parametrize("mode", ("balance-rr", "active-backup"))
def test_queue_of_a_member(bench, mode):
    """The member's own queue by it alone, the other queue as ever; without link, as without id."""
    made = bench(mode, queues=2)
    topo = made.topo
    wait_all_up(made)
    warm_up(made)
    as_ever = [0, 1]
    if mode == "active-backup":
        wait_active(made, 0)
        as_ever = [0]
    queue_of = queues_of_flows(made)
    for queue in (0, 1):
        check(made, queue_of, queue, as_ever)

    made.command("set bond bond0 member net_af_packet1 queue_id 1")
    check(made, queue_of, 1, [1])
    check(made, queue_of, 0, as_ever)

    topo.pull(1)
    wait_link(made, 1, "down")
    for queue in (0, 1):
        check(made, queue_of, queue, [0])
    topo.plug(1)
    wait_link(made, 1, "up")
    check(made, queue_of, 1, [1])
    check(made, queue_of, 0, as_ever)

    if mode == "active-backup":
        made.command("set bond bond0 active_slave net_af_packet1")
        for queue in (0, 1):
            check(made, queue_of, queue, [1])
        made.command("set bond bond0 active_slave net_af_packet0")
    made.command("set bond bond0 member net_af_packet1 queue_id 0")
    for queue in (0, 1):
        check(made, queue_of, queue, as_ever)
