# SPDX-License-Identifier: BSD-3-Clause
"""What scripts/bench failover computes: the machine's share of a gap, and each figure of a pull."""

import math
import os
import types

import pytest

import bench_failover
from bench_failover import MARGIN_NS, NS_PER_MS, Pull, Records
from bench_waits import RECORD, Waits
from netlab import Lab, wait_for

ENOUGH = 20 * NS_PER_MS


def ms(value):
    """Milliseconds as ns, in the middle of nowhere."""
    return 10**18 + value * NS_PER_MS


class Looks(Waits):
    """Waits from given looks (time, thread, run, wait), all in ms."""

    def __init__(self, tmp_path, names, looks):
        self.written = tmp_path / "waits"
        self.written.write_bytes(b"".join(
            RECORD.pack(ms(t), i, run * NS_PER_MS, wait * NS_PER_MS) for t, i, run, wait in looks))
        lab = types.SimpleNamespace(path=lambda name: self.written, start=lambda *a, **k: None)
        super().__init__(lab, "", 0, {name: (0, 0) for name in names})
        self.read()


def records(tmp_path, name, pairs):
    """What a process of pulse would have left of (time in ms, number)."""
    path = tmp_path / name
    path.write_bytes(b"".join(bench_failover.RECORD.pack(ms(t), n) for t, n in pairs))
    return Records(path)


@pytest.fixture(name="pull_of")
def fixture_pull_of(tmp_path):
    """Figures of a pull of member 0 at 100 ms, plugged in at 700, from what was recorded."""

    def figures(sent, received, dead, other, looks=(), spread=False):
        pull = Pull(0, ms(100))
        pull.plugged_ns = ms(700)
        pull.failed_over = True
        pairs = {"sent": sent, "received": received, "member0": dead, "member1": other}
        found = {name: records(tmp_path, name, some) for name, some in pairs.items()}
        waits = Looks(tmp_path, ["worker 1", "control", "sender"], looks)
        return pull.figures(found, waits, 2, spread)

    return figures


def test_waits_are_joined_and_cut(tmp_path):
    """Waits of several threads at once count once, and only as far as they are asked for."""
    waits = Looks(tmp_path, ["worker 1", "control"], [
        (0, 0, 0, 0), (0, 1, 0, 0), (10, 0, 2, 8), (14, 1, 2, 12), (40, 0, 12, 28),
    ])
    assert waits.waited(ms(0), ms(100)) == 32 * NS_PER_MS  # 2..14 and 20..40
    assert waits.waited(ms(5), ms(30)) == 19 * NS_PER_MS
    assert waits.waited(ms(14), ms(20)) == 0
    assert waits.longest(ms(0), ms(15)) == (12 * NS_PER_MS, "control")
    assert waits.longest(ms(30), ms(31)) == (20 * NS_PER_MS, "worker 1")
    assert waits.longest(ms(41), ms(99)) == (0, None)


def test_waits_are_read_as_they_come(tmp_path):
    """What is written later is taken later; half a record waits for its rest."""
    waits = Looks(tmp_path, ["sender"], [(0, 0, 0, 0), (10, 0, 1, 9)])
    more = RECORD.pack(ms(20), 0, 2 * NS_PER_MS, 18 * NS_PER_MS)
    for part in (more[:7], more[7:]):
        assert waits.longest(ms(12), ms(20)) == (0, None)
        with open(waits.written, "ab") as file:
            file.write(part)
        waits.read()
    assert waits.longest(ms(12), ms(20)) == (9 * NS_PER_MS, "sender")


def test_asleep_is_neither_running_nor_waiting(tmp_path):
    """A thread that waits for a CPU is not asleep, one that the kernel has blocked is."""
    waits = Looks(tmp_path, ["worker 1"], [
        (0, 0, 0, 0), (10, 0, 10, 0),
        (20, 0, 10, 0), (50, 0, 10, 0), (60, 0, 12, 48),  # waits
        (70, 0, 22, 48), (100, 0, 22, 48), (110, 0, 24, 48),  # sleeps 38 ms
    ])
    assert waits.longest_asleep("worker 1", ms(0), ms(65)) == 0
    assert waits.longest_asleep("worker 1", ms(0), ms(110)) == 38 * NS_PER_MS


def test_real_threads(tmp_path):
    """Two busy loops on one CPU wait for each other and never sleep; sleep sleeps."""
    program = bench_failover.compiled(str(tmp_path), "waits")
    cpu = min(os.sched_getaffinity(0))
    with Lab() as lab:
        busy = [lab.start("taskset", "-c", cpu, "sh", "-c", "while :; do :; done", name=f"busy{i}")
                for i in range(2)]
        lazy = lab.start("sh", "-c", "while :; do sleep 0.2; done", name="lazy")
        pids = [p.popen.pid for p in (*busy, lazy)]
        waits = Waits(lab, program, 60, dict(zip(("b0", "b1", "lazy"), ((p, p) for p in pids))))

        def seen():
            waits.read()
            return all(sum(b - a for a, b in waits.waits[name]) > 5 * ENOUGH
                       for name in ("b0", "b1")) and len(waits.looks["lazy"]) > 3

        wait_for(seen, "waits of two busy loops, looks at a lazy one", 30)
        waits.stop()
    assert waits.longest_asleep("lazy", 0, math.inf) > ENOUGH
    start, end = (waits.looks["b0"][i][0] for i in (0, -1))
    assert waits.longest_asleep("b0", start, end) < ENOUGH
    assert waits.waited(start, end) > 0.5 * (end - start)


def test_gap_while_the_worker_waits(pull_of):
    """A gap in which the worker had no CPU is the machine's, and the pull is disturbed."""
    found = pull_of(
        sent=[(t, t) for t in range(800)],
        received=[(t, t) for t in range(800) if not 99 <= t < 160],
        dead=[(t, t) for t in range(99)],
        other=[(t, t) for t in range(160, 800)],
        looks=[(0, 0, 0, 0), (100, 0, 100, 0), (160, 0, 102, 58)],
    )
    assert found["disturbed"] and found["longest_wait_ns"] == 58 * NS_PER_MS
    assert found["gap_ns"] == 62 * NS_PER_MS
    assert found["unnoticed_ns"] == 2 * NS_PER_MS
    assert found["no_cpu_ns"] == 58 * NS_PER_MS
    assert found["asleep_ns"] == 0
    assert found["lost"] == 61


def test_gap_while_the_worker_is_blocked(pull_of):
    """The same gap of a worker that sleeps is the program's."""
    found = pull_of(
        sent=[(t, t) for t in range(800)],
        received=[(t, t) for t in range(800) if not 99 <= t < 160],
        dead=[(t, t) for t in range(99)],
        other=[(t, t) for t in range(160, 800)],
        looks=[(0, 0, 0, 0), (100, 0, 100, 0), (160, 0, 102, 0)],
    )
    assert not found["disturbed"]
    assert found["gap_ns"] == 62 * NS_PER_MS
    assert found["no_cpu_ns"] == 0
    assert found["asleep_ns"] == 58 * NS_PER_MS


def test_losses_after_the_failover_are_not_the_dead_members(pull_of):
    """What is lost after the other member's first frame did not go to the dead one."""
    lost = {*range(100, 105), *range(110, 400, 20)}
    arrived = [t for t in range(800) if t not in lost]
    pairs = {
        "sent": [(t, t) for t in range(800)],
        "received": [(t, t) for t in arrived],
        "dead": [(t, t) for t in range(100)],
        "other": [(t, t) for t in arrived if t >= 105],
    }
    found = pull_of(**pairs)
    assert found["last_on_dead_ns"] == 4 * NS_PER_MS
    assert found["first_on_other_ns"] == 5 * NS_PER_MS
    # Where one flow uses both members a later loss may well have gone to the dead one.
    assert pull_of(**pairs, spread=True)["last_on_dead_ns"] == 290 * NS_PER_MS


def test_stale_frames_are_no_failover(pull_of):
    """Old frames that the other member had kept from its own pull come before its first one."""
    assert MARGIN_NS == 50 * NS_PER_MS
    found = pull_of(
        sent=[(t, t + 1000) for t in range(800)],
        received=[(t, t + 1000) for t in range(800) if not 100 <= t < 110],
        dead=[(t, t + 1000) for t in range(100)],
        other=[(104, 7), (105, 8), *((t, t + 1000) for t in range(110, 800))],
    )
    assert found["first_on_other_ns"] == 10 * NS_PER_MS
    assert found["lost"] == 10
