# SPDX-License-Identifier: BSD-3-Clause
"""What scripts/bench computes: intervals, costs, targets, comparisons; and short runs of it."""

import csv
import io
import json
import math
import os
import re
import shutil
import subprocess
import types

import pytest

import bench_compare
import bench_evenness
import bench_flows
import bench_latency
import bench_options
import bench_output
import bench_run
import bench_scale
import bench_sweep
import bench_targets
from bench_case import BARE, Place, Row, places
from bench_clock import WorkerClock
from bench_drive import VfbondDriver, null_devices
from bench_drive import TestpmdDriver as PmdDriver  # pytest would take the name for a test's
from bench_stats import (
    Figure, cost_of, figure, median, paired_ratio_of, plain, ratio_of, time_of,
)

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BENCH = os.path.join(ROOT, "scripts", "bench")
XOR = Row(Place(2, "layer3+4", 2), "io")


def rounds_of(times):
    """Rounds from {(program, row): [ns, ...]}."""
    return [dict(zip(times, values)) for values in zip(*times.values())]


def test_median_and_costs_leave_out_what_is_missing():
    """A round without one of the two tells nothing of their difference."""
    rounds = [{"a": 12.0, "b": 10.0}, {"a": 99.0, "b": None}, {"b": 1.0}, {"a": 13.0, "b": 10.0}]
    assert cost_of("a", "b")(rounds) == 2.5
    assert time_of("b")(rounds) == 10.0
    assert math.isnan(median([None, None]))
    assert math.isnan(ratio_of(time_of("none"), time_of("b"))(rounds))


def test_ratio_of_nothing_is_no_number():
    """A cost of the other program that is not above zero can't be compared with."""
    rounds = [{"a": 12.0, "b": 10.0, "c": 9.0}]
    assert math.isnan(ratio_of(cost_of("a", "b"), cost_of("c", "b"))(rounds))
    assert paired_ratio_of("a", "b")(rounds) == 1.2


def test_interval_covers_the_middle_and_not_the_outliers():
    """Fifteen rounds around 10 with one outlier: the interval is narrow, the same every time."""
    rounds = [{"a": 10 + i / 100} for i in range(14)] + [{"a": 1000.0}]
    found = figure(rounds, time_of("a"))
    assert found == figure(rounds, time_of("a"))
    assert found.rounds == 15
    assert 10.0 <= found.low < found.value < found.high < 10.14


def test_interval_of_wild_rounds_is_wide():
    """What differs from round to round has an interval that says so."""
    calm = figure([{"a": 10 + i % 2} for i in range(15)], time_of("a"))
    wild = figure([{"a": 10 + 5 * (i % 3)} for i in range(15)], time_of("a"))
    assert wild.high - wild.low > calm.high - calm.low


def test_interval_of_a_cost_that_may_be_nothing_has_no_end():
    """Where drawings have no cost to divide by, the worse end is infinite, and nothing is met."""
    times = {"a": [12.0] * 4, "b": [10.0] * 4, "c": [10.1, 9.9, 10.1, 10.1], "d": [10.0] * 4}
    found = figure(rounds_of(times), ratio_of(cost_of("a", "b"), cost_of("c", "d")))
    assert found.high == math.inf
    assert not bench_targets.meets(found, bench_targets.AT_MOST, 1e9)


def test_figure_of_no_round_is_none():
    """No round, no figure; and a target without a figure is not met."""
    assert figure([], time_of("a")) is None
    assert not bench_targets.meets(None, bench_targets.AT_LEAST, 0)


@pytest.mark.parametrize("relation,limit,met", [
    (bench_targets.AT_LEAST, 0.90, True), (bench_targets.AT_LEAST, 0.95, False),
    (bench_targets.AT_MOST, 1.10, True), (bench_targets.AT_MOST, 1.05, False),
])
def test_worse_end_decides(relation, limit, met):
    """A value on the right side does not do."""
    assert bench_targets.meets(Figure(1.0, 0.9, 1.1, 15), relation, limit) is met


def judged_of(direct, testpmd, bare=10.0, row=XOR):
    """The targets of one row and its floor, with steady times."""
    rounds = rounds_of({
        ("direct", row): [direct] * 15, ("direct", row.floor): [bare] * 15,
        ("testpmd", row): [testpmd] * 15, ("testpmd", row.floor): [bare] * 15,
    })
    return {one.what: one for one in bench_targets.judge([row.floor, row], rounds)}


def test_targets_of_a_fast_bond():
    """2 ns where the PMD needs 10."""
    judged = judged_of(direct=11.0, testpmd=20.0)
    assert all(one.met for one in judged.values())
    assert judged["cost of bonding, direct : PMD"].figure.value == pytest.approx(0.1)
    assert judged["throughput, vfbond : testpmd"].figure.value == pytest.approx(20 / 11)
    assert judged["throughput, bond : bare port"].figure.value == pytest.approx(10 / 11)
    assert bench_targets.missed(judged.values()) == []


def test_targets_of_a_slow_bond():
    """Each that is missed is named, with what was reached."""
    missed = bench_targets.missed(judged_of(direct=15.0, testpmd=16.0).values())
    assert {one["what"] for one in missed} == {
        "cost of bonding, direct : PMD", "throughput, vfbond : testpmd",
        "throughput, bond : bare port",
    }
    assert all(one["met"] is False and one["value"] > 0 for one in missed)


def test_modes_1_and_3_are_judged_elsewhere():
    """Their cost has no target here; the throughput of mode 1 has."""
    for mode, wanted in ((1, {"throughput, bond : bare port"}), (3, set())):
        judged = judged_of(11.0, 20.0, row=Row(Place(mode, None, 2), "io"))
        assert set(judged) - {"bare port, vfbond : testpmd"} == wanted


def test_rss_is_compared_with_layer34():
    """The PMD has no such policy."""
    rss = Row(Place(2, "rss", 2), "io")
    rounds = rounds_of({
        ("direct", rss): [11.0] * 15, ("direct", rss.floor): [10.0] * 15,
        ("testpmd", XOR): [20.0] * 15, ("testpmd", XOR.floor): [10.0] * 15,
    })
    found = [one for one in bench_targets.judge([rss], rounds)]
    assert [one.what for one in found] == ["cost with rss : PMD's layer3+4"]
    assert found[0].figure.value == pytest.approx(0.1)


def test_places_have_a_policy_where_it_counts():
    """Modes without a hash once, the others once per policy, the bare port first."""
    found = places([0, 2], ["layer2", "layer3+4"], [2, 8])
    assert found[0] == BARE
    assert [str(p) for p in found[1:]] == [
        "mode 0", "mode 2 layer2", "mode 2 layer3+4",
        "mode 0 x8", "mode 2 layer2 x8", "mode 2 layer3+4 x8",
    ]
    assert XOR.floor.place == BARE and XOR.floor.engine == "io"


def test_pace_fills_its_budget(monkeypatch):
    """Measurements become as long as the time that is left allows, and no shorter than sensible."""
    now = [0.0]
    monkeypatch.setattr(bench_run.time, "monotonic", lambda: now[0])
    pace = bench_run.Pace(budget=100, measurements=100)
    for _ in range(100):
        took = pace.seconds + 0.3
        now[0] += took
        pace.measured(took)
    assert 80 < now[0] < 105
    late = bench_run.Pace(budget=1, measurements=100)
    late.measured(5)
    assert late.seconds == bench_run.SHORTEST_S


def test_counters_of_both_programs():
    """Numbers are found in what the programs really print, and nothing in what they do not."""
    vfbond = "PORT  NAME  RX-packets  TX-packets\n   3  b  18566176  10145064\n"
    testpmd = "  RX-packets: 9156352    RX-missed: 0\n  TX-packets: 13957472   TX-errors: 0\n"
    assert VfbondDriver.number(vfbond, "TX-packets") == 10145064
    assert PmdDriver.number(testpmd, "TX-packets") == 13957472
    assert VfbondDriver.number("error", "TX-packets") is None
    assert PmdDriver.number("Invalid port 9", "RX-packets") is None


def test_refused_share_of_both_programs():
    """What did not fit into a ring."""
    text = ("RX-PORT  QUEUE  TX-PORT  RX-PACKETS  TX-PACKETS  TX_FULL\n"
            "b            0  b                 0          75       25\nall: RX-packets 0\n")
    driver = types.SimpleNamespace(run=lambda command: text)
    assert VfbondDriver.refused(driver) == 0.25
    driver = types.SimpleNamespace(
        stopped="TX-packets: 1 TX-dropped: 0 TX-total: 1\nTX-packets: 9 TX-dropped: 1  TX-total: 10")
    assert PmdDriver.refused(driver) == 0.1


def test_devices_are_numbered_alike():
    """The feed, the bare port, the members."""
    plain, fed = null_devices(2), null_devices(2, feed="net_pcap0,rx_pcap=x")
    assert (plain.bare, plain.members) == (0, [1, 2])
    assert (fed.bare, fed.members, fed.names[0]) == (1, [2, 3], "net_pcap0")
    assert fed.eal.index("net_pcap0,rx_pcap=x") < fed.eal.index("net_null0,copy=0,size=64")


def test_worker_clock_counts_what_runs():
    """This thread's clock goes on while it works."""
    clock = WorkerClock(os.getpid(), [os.getpid()])
    before = clock.seconds()
    sum(range(2_000_000))
    assert clock.seconds() > before
    clock.close()


def test_capture_has_each_flow_once():
    """As many different frames as flows, of the size that was asked for, the same every time."""
    data = bench_flows.capture(64, 100)
    frames = {data[24 + i * 116 + 16:24 + (i + 1) * 116] for i in range(64)}
    assert len(data) == 24 + 64 * 116 and len(frames) == 64
    assert data == bench_flows.capture(64, 100)


def test_evenness_in_sigmas():
    """2048 of 4096 is ideal; 32 more is one sigma; a dead member is no spread at all."""
    assert bench_evenness.deviation([100, 100], 4096) == 0
    assert bench_evenness.deviation([2080, 2016], 4096) == pytest.approx(1.0)
    assert bench_evenness.deviation([0, 0], 4096) == math.inf
    assert not bench_evenness.judged([(XOR.place, [1, 0], 64.0)])[0].met


def test_a_disturbed_round_does_not_show_what_two_workers_do():
    """By the wall only whole rounds count; by the workers' time all do."""
    def one(two, disturbed):
        return {"direct": {1: (10.0, 10.0, [1.0], False), 2: (two, 19.0, [1.0, 1.0], disturbed)}}

    wall, ran = bench_scale.judge_workers([one(19.0, False), one(2.0, True)], ["direct"])
    assert wall.figure.value == 1.9 and wall.figure.rounds == 1
    assert ran.figure.value == 1.9 and ran.figure.rounds == 2
    wall, _ = bench_scale.judge_workers([one(2.0, True)], ["direct"])
    assert wall.figure is None and not wall.met


def test_workers_are_compared_by_medians():
    """One that came after the other is no pair: of 10, 20 and 30 and of 60, 40 and 20, 40 : 20."""
    rounds = [{"direct": {1: (one, one, [1.0], False), 2: (two, two, [1.0, 1.0], False),
                          bench_scale.APART: (50.0, 50.0, [1.0, 1.0], False)}}
              for one, two in ((10.0, 60.0), (20.0, 40.0), (30.0, 20.0))]
    assert bench_scale.speedup("direct", 0)(rounds) == 2
    lines = "\n".join(bench_scale.worker_lines(rounds, ["direct"]))
    assert "two processes : one worker 2.50" in lines
    assert "two workers : two processes 0.80" in lines


def test_latency_lines():
    """Only whole lines of the generator count."""
    text = "EAL: x\nrate max sent 5 received 4 pps 3 p50 2 p99 1\nrate 10 sent 5 received"
    assert bench_latency.parse(text) == {
        "max": {"sent": 5, "received": 4, "pps": 3, "p50": 2, "p99": 1}}


def test_compare_tells_families_apart():
    """The bare port of one set of devices is not that of another."""
    both = result_of(2, 1.9, 2.1)
    both["rows"].append({**result_of(9, 8.9, 9.1)["rows"][0], "family": "g"})
    assert [row[3] for row in bench_compare.changed(both, both)] == ["same", "same"]


def test_an_end_that_is_nowhere_is_null():
    """JSON knows no infinity; the table says it, and a comparison takes nothing from it."""
    told = plain(Figure(1.0, 0.5, math.inf, 15))
    assert told == {"value": 1.0, "low": 0.5, "high": None, "rounds": 15}
    assert bench_output.cell(told) == "1.00 [0.50 inf]"
    assert bench_output.cell(None) == "-" and plain(None) is None
    before, after = result_of(1, 0.5, None), result_of(9, 8.9, 9.1)
    assert [row[3] for row in bench_compare.changed(before, after)] == ["same"]


def result_of(cost, low, high, cpu="x"):
    """A result with one row."""
    cost_ns = {"value": cost, "low": low, "high": high, "rounds": 15}
    return {"version": bench_output.VERSION, "machine": {"cpu": cpu}, "rows": [
        {"family": "f", "row": "mode 2", "time_ns": {"direct": dict(cost_ns)}, "cost_ns": {"direct": cost_ns}}]}


@pytest.mark.parametrize("after,status,word", [
    ((3.0, 2.9, 3.1), 1, "1 slower"), ((2.1, 1.9, 2.3), 0, "1 same"), ((1.0, 0.9, 1.1), 0, "1 faster"),
])
def test_compare(tmp_path, capsys, after, status, word):
    """Slower is an interval above the other one."""
    paths = []
    for name, figures in (("a", (2.0, 1.9, 2.2)), ("b", after)):
        paths.append(tmp_path / name)
        paths[-1].write_text(json.dumps(result_of(*figures)))
    assert bench_compare.main([str(path) for path in paths]) == status
    assert word in capsys.readouterr().out


@pytest.mark.parametrize("text,why", [
    ("{", "no JSON"), ("[]", "no result"), ('{"version": 0}', "no result"),
])
def test_compare_refuses(tmp_path, capsys, text, why):
    """What is no result can't be compared, and says why."""
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_text(json.dumps(result_of(2, 1, 3)))
    bad.write_text(text)
    assert bench_compare.main([str(good), str(bad)]) == 2
    assert why in capsys.readouterr().err
    assert bench_compare.main([str(good), str(tmp_path / "none")]) == 2


@pytest.mark.parametrize("words", [
    ["--modes", "7"], ["--modes", "4"], ["--policies", "l2"], ["--bursts", "0"], ["--sizes", "59"],
    ["--members", "x"], ["--ports", "eth0"], ["--rounds", "0"], ["--seconds", "nan"],
    ["--ports", "00:01.0,00:02.0", "--members", "3"], ["--testpmd", "/nonexistent"],
])
def test_bad_options_are_usage_errors(words, capsys):
    """Status 2 and a reason, before anything starts."""
    with pytest.raises(SystemExit) as ended:
        bench_sweep.arguments(["--vfbond", "/bin/true", "--testpmd", "/bin/true", *words])
    assert ended.value.code == 2 and words[0] in capsys.readouterr().err


def test_lcores_of_the_control_thread():
    """The sink of mode 4 and the generator run beside it."""
    args = types.SimpleNamespace(lcores="0@3,1@5", hugepages=False)
    assert bench_options.setup_of(args).control_cpu == "3"
    args.lcores = "2-3"
    assert bench_options.setup_of(args).control_cpu == "2"


def run_bench(*words):
    """Run scripts/bench to its end."""
    return subprocess.run([BENCH, *map(str, words)], capture_output=True, text=True, timeout=180,
                          check=False)


@pytest.fixture(name="needs_testpmd")
def fixture_needs_testpmd():
    """Skip where there is no testpmd."""
    if shutil.which("dpdk-testpmd") is None:
        pytest.skip("no dpdk-testpmd here")


@pytest.mark.usefixtures("needs_testpmd")
def test_quick_leaves_its_results(tmp_path, binary):
    """A very short run: status 0, a table, JSON with what was missed, CSV with a line per figure."""
    out = tmp_path / "out"
    done = run_bench("quick", "--modes", "2", "--policies", "layer3+4", "--rounds", "2",
                     "--budget", "8", "--out", out, "--vfbond", binary, "--no-huge")
    assert done.returncode == 0, done.stderr
    result = json.loads((out / "result.json").read_text())
    rows = {told["row"]: told for told in result["rows"]}
    assert set(rows) >= {"bare port io", "mode 2 layer3+4 io", "mode 2 layer3+4 feed"}
    for name in ("direct", "pmd", "testpmd"):
        assert rows["bare port io"]["time_ns"][name]["value"] > 0
        assert "low" in rows["mode 2 layer3+4 io"]["cost_ns"][name]
    below = [one["row"] for one in result["targets"] if not one["met"]]
    assert [one["row"] for one in result["missed"]] == below
    assert (out / "table.txt").read_text().count("  missed\n") == len(below)
    assert f"missed: {len(below)} of {len(result['targets'])}" in done.stdout
    lines = list(csv.DictReader(io.StringIO((out / "result.csv").read_text())))
    assert len(lines) == sum(len(told["time_ns"]) for told in result["rows"])
    assert result["machine"]["cpu"] and result["machine"]["dpdk"]


@pytest.mark.usefixtures("needs_testpmd")
def test_sweep_says_how_long_and_compares_with_itself(tmp_path, binary):
    """The time is told before; nothing got slower than itself."""
    out = tmp_path / "out"
    done = run_bench("sweep", "--modes", "1", "--members", "1,3", "--bursts", "8", "--sizes", "256",
                     "--flows", "16", "--engines", "rxonly", "--rounds", "1", "--seconds", "0.05",
                     "--programs", "direct,testpmd", "--out", out, "--vfbond", binary, "--no-huge")
    assert done.returncode == 0, done.stderr
    assert re.search(r"3 rows, 1 rounds: about \d+ minutes", done.stderr)
    result = json.loads((out / "result.json").read_text())
    assert [told["row"] for told in result["rows"]] == [
        "bare port rxonly burst=8 size=256 flows=16",
        "mode 1 x1 rxonly burst=8 size=256 flows=16", "mode 1 x3 rxonly burst=8 size=256 flows=16"]
    assert run_bench("compare", out / "result.json", out / "result.json").returncode == 0


def test_a_program_that_does_not_work_is_an_error(tmp_path):
    """Status 1, and what it said."""
    done = run_bench("evenness", "--vfbond", "/bin/false", "--out", tmp_path / "out")
    assert done.returncode == 1
    assert "ended with status 1" in done.stderr
    assert not (tmp_path / "out").exists()
