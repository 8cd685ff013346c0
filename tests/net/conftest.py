# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures of the net tests: the program under test, a bond on a bench, a summary of the gaps.

The binary is $VFBOND, or build/app/vfbond/vfbond. Root is needed; what cannot run here is skipped
with the reason.
"""

import os
import shutil
import signal
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), os.path.join(ROOT, "scripts", "lib")]

# pylint: disable=wrong-import-position
from netlab import Lab  # noqa: E402
from program import Vfbond  # noqa: E402
from topology import Topology  # noqa: E402

TOOLS = ("ip", "bridge", "ping", "iperf3", "ovs-vswitchd", "ovs-vsctl", "ovsdb-server")
_measured = []


def _why_not():
    """Why the suite cannot run here, or an empty string."""
    if os.geteuid() != 0:
        return "needs root (network namespaces)"
    missing = [t for t in TOOLS if not shutil.which(t, path=os.environ["PATH"] + ":/usr/sbin")]
    if missing:
        return "missing tools: " + " ".join(missing)
    if not os.path.exists("/dev/net/tun"):
        return "no /dev/net/tun"
    return ""


def pytest_configure():
    """End on SIGTERM as on an error, so that every fixture cleans up."""
    def ended(signum, frame):
        raise SystemExit(f"signal {signum}")

    signal.signal(signal.SIGTERM, ended)


def pytest_collection_modifyitems(items):
    """Skip everything, with the reason, where nothing can run."""
    why = _why_not()
    for item in items if why else ():
        item.add_marker(pytest.mark.skip(reason=why))


def pytest_terminal_summary(terminalreporter):
    """The measured times without traffic, and the rates."""
    if _measured:
        terminalreporter.write_sep("-", "measured")
        for line in _measured:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session", name="measured")
def fixture_measured():
    """Lines for the summary at the end of the run."""
    return _measured


@pytest.fixture(scope="session", name="binary")
def fixture_binary():
    """Path of the program under test."""
    path = os.environ.get("VFBOND", os.path.join(ROOT, "build", "app", "vfbond", "vfbond"))
    if not os.access(path, os.X_OK):
        pytest.fail(f"no program under test at {path}; build it or set VFBOND")
    return os.path.abspath(path)


@pytest.fixture(name="lab")
def fixture_lab():
    """A laboratory that is gone after the test, whatever happens."""
    with Lab() as lab:
        yield lab


class Bench:
    """A bond on a topology: vfbond in A joins bond0 to the tap, the peer is in B."""

    def __init__(self, lab, binary, mode, members=2, unplugged=(), bond="", options=(),
                 mtu=1500, auto_start=True, in_bond=None, io_path="direct", queues=1,
                 partner=(), second=(), **kwargs):
        self.lab = lab
        self.mode = mode
        self.io_path = io_path
        self.topo = Topology(
            lab, members, "ovs" if mode == "802.3ad" else "bridge", unplugged, partner, second
        )
        if mtu != 1500:
            self.topo.set_mtu(mtu)
        # Flows to one peer differ in their ports only.
        hashed = ("balance-xor", "802.3ad") + (("balance-tlb",) if io_path == "direct" else ())
        words = ["bond0", f"mode={mode}", f"members={self.topo.member_names(in_bond)}"]
        words += ["xmit_hash_policy=layer3+4"] if mode in hashed and "xmit_hash" not in bond else []
        words += ["io_path=pmd"] if io_path == "pmd" else []
        spec = " ".join(words + bond.split())
        vdevs = self.topo.vdevs(in_bond)
        given = ["--auto-start"] if auto_start else []
        if queues != 1:
            given += ["--rxq", queues, "--txq", queues]
            vdevs = [v + f",qpairs={queues}" if "af_packet" in v else v for v in vdevs]
        given += ["--bond", spec, "--pair", "bond0,net_tap0", *options]
        self.vfbond = Vfbond(lab, binary, self.topo.a, vdevs, given, **kwargs)
        try:
            self.vfbond.wait_console()
            self.topo.tap_up()
        except AssertionError:
            print(f"--- log of {self.mode} ---\n{self.vfbond.log()}")
            raise

    def command(self, line):
        """Run a console command."""
        return self.vfbond.command(line)


@pytest.fixture(name="bench")
def fixture_bench(request, binary):
    """make(mode, ...) builds a bench. At the end every program must end cleanly, pools whole."""
    made = []

    def make(mode, members=2, **kwargs):
        lab = Lab()
        # Finalizers run in reverse: first the program is asked to end, then the rest is removed.
        request.addfinalizer(lab.close)
        bench = Bench(lab, binary, mode, members, **kwargs)
        made.append(bench)
        request.addfinalizer(lambda: _finish(bench))
        return bench

    return make


def _finish(bench):
    try:
        if not getattr(bench, "ended", False):
            bench.vfbond.stop()
    finally:
        print(f"--- log of {bench.mode} ---\n{bench.vfbond.log()}")
