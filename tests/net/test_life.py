# SPDX-License-Identifier: BSD-3-Clause
"""How the program ends, and what it does with its standard input. Pools are whole at the end."""

import os
import signal
import time

import pytest

from load import ping_once
from modes import warm_up
from netlab import wait_for
from program import MODES, Vfbond
from topology import IP_B, TAP, Topology
from wire import Captures, Injector, marked_frame


def flood(bench):
    """Traffic in both directions that does not wait for answers, until the laboratory closes."""
    for ns, target in ((bench.topo.a, IP_B), (bench.topo.b, "10.97.0.1")):
        ns.start("ping", "-f", "-q", "-s", "1000", target, name="flood")
    # Frames must be under way when the signal comes.
    before = rx_packets(bench)
    wait_for(lambda: rx_packets(bench) > before + 200, "a flood at the tap")


def rx_packets(bench):
    """Frames that A's stack received from the tap."""
    text = bench.topo.a.exec("cat", "/proc/net/dev")
    line = next(x for x in text.splitlines() if x.strip().startswith(TAP + ":"))
    return int(line.split(":")[1].split()[1])


# SIGINT takes the same way as SIGTERM: two modes are enough for it.
SIGNALS = [(mode, signal.SIGTERM) for mode in MODES]
SIGNALS += [(mode, signal.SIGINT) for mode in ("active-backup", "balance-alb")]


@pytest.mark.parametrize("mode, signum", SIGNALS)
def test_signal_under_traffic(bench, mode, signum):
    """Status 0, every mbuf back, the tap gone, in every mode."""
    made = bench(mode)
    warm_up(made)
    ping_once(made.topo.a, IP_B)
    flood(made)
    made.ended = True
    made.vfbond.stop(signum)
    assert TAP not in made.topo.a.links(), "the tap was left behind"


def test_two_signals_and_a_downed_tap(bench):
    """A second signal while it ends changes nothing; a tap that the user downed neither."""
    made = bench("broadcast")
    warm_up(made)
    flood(made)
    made.topo.a.ip("link", "set", TAP, "down")
    made.ended = True
    made.vfbond.process.send(signal.SIGTERM)
    made.vfbond.process.send(signal.SIGINT)
    made.vfbond.check_end()


def test_duration(bench):
    """--duration S ends the program by itself, cleanly, after that time."""
    made = bench("active-backup", options=["--duration", "3"])
    warm_up(made)
    ping_once(made.topo.a, IP_B)
    made.ended = True
    made.vfbond.check_end(deadline_s=10)
    lasted = time.monotonic() - made.vfbond.started
    assert 3.0 <= lasted < 8.0, f"{lasted:.1f} s"


def test_quit_command(bench):
    """`quit` ends the program cleanly."""
    made = bench("balance-xor")
    warm_up(made)
    made.ended = True
    try:
        made.command("quit")
    except ConnectionError:
        pass  # the program may be gone before the answer is read
    made.vfbond.check_end()


def test_standard_input_is_not_read_without_i(bench):
    """Bytes that wait at standard input stay there; its end does not end the program."""
    ours, theirs = os.pipe()
    os.write(theirs, b"quit\n")
    made = bench("active-backup", stdin=ours)
    warm_up(made)
    ping_once(made.topo.a, IP_B)
    os.close(theirs)
    made.command("show bonds")
    ping_once(made.topo.a, IP_B)
    made.ended = True
    made.vfbond.stop()
    assert os.read(ours, 100) == b"quit\n", "standard input was read"
    os.close(ours)


def test_interactive_reads_standard_input(bench):
    """With -i, commands come from a pipe too, and `quit` among them ends the program."""
    ours, theirs = os.pipe()
    made = bench("active-backup", stdin=ours, options=["-i"])
    os.close(ours)
    warm_up(made)
    os.write(theirs, b"show bonds\nquit\n")
    made.ended = True
    made.vfbond.check_end()
    os.close(theirs)
    assert "bond0" in made.vfbond.log()


def test_stats_period(bench):
    """The counters of every port are printed again and again, and they grow."""
    made = bench("active-backup", options=["--stats-period", "0.2"])
    warm_up(made)
    ping_once(made.topo.a, IP_B)

    def received():
        rows = [line.split() for line in made.vfbond.log().splitlines()]
        return [int(row[2]) for row in rows if len(row) == 13 and row[1] == "bond0"]

    wait_for(lambda: len(received()) >= 3, "three periods")
    before = received()[-1]
    ping_once(made.topo.a, IP_B)
    wait_for(lambda: received()[-1] > before, "more frames in a later one")


def test_first_packet_within_a_second(lab, binary, measured):
    """From the start of the program to the first frame at the peer; the best of three counts."""
    topo = Topology(lab)
    spec = f"bond0 mode=active-backup members={topo.member_names()}"
    took = []
    while len(took) < 3 and (not took or min(took) >= 1.0):
        vfbond = Vfbond(lab, binary, topo.a, topo.vdevs(),
                        ["--auto-start", "--bond", spec, "--pair", "bond0,net_tap0"])
        wait_for(lambda: TAP in topo.a.links(), "the tap", poll_s=0.005)
        topo.a.ip("link", "set", TAP, "up")
        frame = marked_frame(topo.a.mac(TAP), 1, 0, len(took))
        with Captures(topo.b, topo.ports) as caps, Injector(topo.a, TAP) as injector:

            def arrived():
                injector.send(frame)
                return any(caps.marked(1))

            wait_for(arrived, "a frame at the peer", 10, poll_s=0.005)
        took.append(time.monotonic() - vfbond.started)
        vfbond.stop()
    measured.append(f"start-up to the first frame at the peer: {min(took):.2f} s")
    assert min(took) < 1.0, f"start-up to the first frame at the peer: {took}"


def test_no_process_is_left(bench):
    """Nothing of the program lives on in the namespace after its end."""
    made = bench("balance-rr")
    warm_up(made)
    made.ended = True
    made.vfbond.stop()
    pids = made.topo.a.pids()
    names = [open(f"/proc/{p}/comm", encoding="ascii").read().strip() for p in pids]
    assert "vfbond" not in names, names
    assert not os.path.exists(made.vfbond.socket_path)
