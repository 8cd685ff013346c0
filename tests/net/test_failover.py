# SPDX-License-Identifier: BSD-3-Clause
"""Two kernel stacks talk through the bond; a cable is pulled and plugged in again meanwhile."""

import time

import pytest

from load import IperfServer, Ping, iperf_tcp, ping_once, steady_since
from modes import warm_up
from program import MODES
from topology import IP_B
from wire import Captures

GAP_MAX_S = 5.0


def carrying_port(bench):
    """Index of the member that carries A's pings now (the first of them, if there are more)."""
    with Captures(bench.topo.b, bench.topo.ports) as caps:
        ping_once(bench.topo.a, IP_B)
        seen = [sum(1 for f in frames if f[12:14] == b"\x08\x00") for frames in caps.all()]
    return seen.index(max(seen))


def cycle(bench, ping, victim):
    """One cable out and in again; the longest gaps. Each time the traffic must become whole."""
    pulled = time.time()
    bench.topo.pull(victim)
    steady_since(ping, pulled, 0.7, 12)
    gap_out = ping.longest_gap(pulled, time.time())

    plugged = time.time()
    bench.topo.plug(victim)
    warm_up(bench, deadline_s=15)
    steady_since(ping, plugged, 1.2, 15)
    return gap_out, ping.longest_gap(plugged, time.time())


@pytest.mark.parametrize("mode, members, io_path", (
    [(mode, n, "direct") for mode in MODES for n in (2, 3)]
    + [(mode, 2, "pmd") for mode in ("active-backup", "802.3ad", "balance-alb")]
))
def test_traffic_and_failover(bench, measured, mode, members, io_path):
    """TCP both ways; then at most 5 s without an answered ping after each change of the cable."""
    made = bench(mode, members, io_path=io_path)
    topo = made.topo
    warm_up(made)
    ping_once(topo.a, IP_B)
    server = IperfServer(topo.b)
    there, _ = iperf_tcp(server, topo.a, IP_B)
    back, _ = iperf_tcp(server, topo.a, IP_B, reverse=True)
    # No demand on the speed, but a bond that limps (lost checksums, half frames) shows here.
    assert there > 10e6 and back > 10e6, f"{there / 1e6:.1f} and {back / 1e6:.1f} Mbit/s"

    ping = Ping(topo.a, IP_B)
    ping.wait_answered(10, 0, "at first", 5)
    # Each member of two once, so that the active and the idle one are among them. Member 0 is the
    # one whose MAC address the bond has taken.
    gaps = [cycle(made, ping, i) for i in ((0, 1) if members == 2 else (0,))]
    _, lost = ping.stop()

    out, back_in = max(g[0] for g in gaps), max(g[1] for g in gaps)
    measured.append(
        f"{mode:14} {io_path:6} {members} members: TCP {there / 1e6:6.0f} / {back / 1e6:6.0f} Mbit/s, "
        f"longest gap {out:.2f} s at the pull, {back_in:.2f} s at the return, {lost} pings lost"
    )
    assert out <= GAP_MAX_S, f"{out:.2f} s without an answer after the pull"
    assert back_in <= GAP_MAX_S, f"{back_in:.2f} s without an answer after the return"
    if mode == "broadcast":
        assert lost == 0, f"{lost} pings lost"


def test_sleeping_command_file_does_not_delay_failover(bench, measured, tmp_path):
    """A `sleep` of a command file suspends that file only: the cable is pulled in its middle."""
    script = tmp_path / "commands"
    script.write_text("sleep 5\nshow bonds\n")
    began = time.monotonic()
    made = bench("active-backup", options=["--cmdline-file", str(script)])
    topo = made.topo
    warm_up(made)
    victim = carrying_port(made)
    ping = Ping(topo.a, IP_B)
    ping.wait_answered(10, 0, "at first", 5)
    pulled = time.time()
    topo.pull(victim)
    steady_since(ping, pulled, 1.0, 8)
    gap = ping.longest_gap(pulled, time.time())
    assert pulled - time.time() + time.monotonic() < began + 5, "the sleep was over too early"
    measured.append(f"active-backup during `sleep 5`: longest gap {gap:.2f} s")
    assert gap <= 1.0, f"{gap:.2f} s without an answer while a command file slept"


def test_removed_device_leaves_the_others(bench):
    """A member whose device is deleted goes; the other one carries the traffic."""
    made = bench("active-backup")
    topo = made.topo
    warm_up(made)
    victim = carrying_port(made)
    ping = Ping(topo.a, IP_B)
    ping.wait_answered(10, 0, "at first", 5)
    removed = time.time()
    topo.a.ip("link", "del", topo.macvlans[victim])
    topo.unplugged.add(victim)
    steady_since(ping, removed, 1.5, 10)
    gap = ping.longest_gap(removed, time.time())
    assert gap <= GAP_MAX_S, f"{gap:.2f} s without an answer after a member's device was deleted"
    assert "bond0" in made.command("show bonds")
