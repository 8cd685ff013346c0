#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""vfbond claims VFs of two PFs by itself and bonds them, inside the lab VM.

    A: [vfbond: icmpecho over bond0] - vf0 vf1 (vfio-pci) - pf0 pf1 (igb) = cables
    B: kernel stack in a namespace - a bond of the kernel or a bridge - peer0 peer1

Every mode carries pings; VFs that were not asked for stay closed; VFs come and go while the program
runs; an adopted VF is used without a write; whatever ends the program, all is as before afterwards.
TAP on standard output.

usage: vf_bond.py VFBOND (vfctl stands beside it)
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

from load import ping_once
from netlab import Lab, in_namespace, run, wait_for
from program import MODES, CommandError, Vfbond, eal_args
from tap import Results
from vf_lab import (
    DEVICES, PFS, Far, Vfctl, cable, differences_of, driver_of, holders, ip_vfs, netdev_of, node_of,
    peers_to, prepare, snapshot, vfs_of, wait_for_carrier,
)

IP_US, IP_FAR = "10.97.0.2", "10.97.0.1"
FAILOVER_S = 5


class FarSide:
    """The peers in a namespace, joined as a mode of ours needs it."""

    def __init__(self, lab):
        self.ns = lab.namespace("p")
        self.ports = peers_to(self.ns)
        self.far = None

    def join(self, mode):
        """A bond of the kernel in the same mode, or a bridge where one member is active."""
        if self.far:
            self.far.__exit__()
        kind = mode if mode in ("balance-rr", "balance-xor", "broadcast", "802.3ad") else "bridge"
        self.far = Far(self.ns, kind, self.ports, IP_FAR)

    def in_sync(self):
        """Whether both ports of an 802.3ad bond carry traffic, by the kernel's word."""
        with in_namespace(self.ns.name), open(
            "/proc/thread-self/net/bonding/far", encoding="ascii"
        ) as file:
            return len(re.findall(r"port state: (?:63|61)$", file.read(), re.M)) == 4

    def ping(self, deadline_s=15.0):
        """One answer, asked from an empty neighbour table."""
        self.ns.ip("neigh", "flush", "all")
        ping_once(self.ns, IP_US, deadline_s)

    def pings(self, count=20, least=18):
        """Most of a row of pings are answered."""
        out = self.ns.exec("ping", "-n", "-c", count, "-i", "0.05", "-W", "1", IP_US, check=False)
        received = int(re.search(r"(\d+) received", out).group(1))
        assert received >= least, f"{received} of {count} answered:\n{out}"


@contextlib.contextmanager
def program(lab, binary, *options, ns=None, eal=()):
    """vfbond with VFs of its own; what it printed is kept when something is wrong."""
    vfbond = Vfbond(lab, binary, ns, list(eal), [
        "--auto-start", "--forward-mode=icmpecho", *options,
    ], hugepages=True, pci=None)
    try:
        yield vfbond.wait_console(60)
    finally:
        shutil.copy(vfbond.process.log_path, "vfbond.log")
        if vfbond.process.alive():
            vfbond.process.send(signal.SIGKILL)
            vfbond.process.wait(20)


def refused_start(lab, binary, *options):
    """The program must not come up; what it printed, and nothing is changed."""
    before = snapshot()
    vfbond = Vfbond(lab, binary, None, [], list(options), hugepages=True, pci=None)
    status = vfbond.process.wait(30)
    assert status != 0, vfbond.log()
    changed = differences_of(before, snapshot())
    assert not changed, (changed, vfbond.log())
    return vfbond.log()


def every_mode(results, lab, binary, far, first):
    """One program, a bond after the other over the same VFs."""
    before = snapshot()
    with program(lab, binary, "--vf", first[0], "--vf", first[1]) as vfbond:
        for mode in MODES:
            with results.case(f"{mode}: pings over VFs that vfbond claimed"):
                far.join(mode)
                with contextlib.suppress(CommandError):
                    vfbond.command("stop")
                with contextlib.suppress(CommandError):
                    vfbond.command("delete bond bond0")
                vfbond.command(f"create bond bond0 mode={mode} members=vf0,vf1 lacp_rate=fast"
                               if mode == "802.3ad" else
                               f"create bond bond0 mode={mode} members=vf0,vf1")
                vfbond.command("set portlist bond0")
                vfbond.command("start")
                if mode == "802.3ad":
                    wait_for(far.in_sync, "both links in sync", 30)
                far.ping(30)
                far.pings()
                vfbond.command("stop")
                vfbond.command("delete bond bond0")
        with results.case("a VF on vfio-pci that was not asked for stays closed"):
            other = node_of(vfs_of(PFS[0])[1])
            assert holders(node_of(first[0])) == [vfbond.process.popen.pid]
            assert holders(other) == [], holders(other)
        with results.case("show vf: addresses, numbers, and the PF's word"):
            shown = json.loads(vfbond.command("show vf json"))
            assert [v["address"] for v in shown] == first, shown
            assert [v["name"] for v in shown] == ["vf0", "vf1"], shown
            assert all(v["claim"] == "claimed" for v in shown), shown
        with results.case("the program ends: all is as before") as differences:
            vfbond.stop()
            differences += differences_of(before, snapshot())


def counted(results, lab, binary):
    """So many of a set, of different PFs."""
    with results.case("--vf with count= and distinct-pf="):
        before = snapshot()
        names = ",".join(netdev_of(pf) for pf in PFS)
        with program(lab, binary, "--vf", f"pfNames={names} count=2 distinct-pf=on") as vfbond:
            shown = json.loads(vfbond.command("show vf json"))
            assert len(shown) == 2 and shown[0]["pf"] != shown[1]["pf"], shown
            vfbond.stop()
        assert not differences_of(before, snapshot())
    with results.case("--vf with keys alone claims one"):
        with program(lab, binary, "--vf", f"pfNames={names}") as vfbond:
            assert len(json.loads(vfbond.command("show vf json"))) == 1
            vfbond.stop()
        assert not differences_of(before, snapshot())


def come_and_go(results, lab, binary, far, first):
    """A VF is claimed and joins while traffic runs; a cable is pulled; a VF leaves."""
    before = snapshot()
    far.join("active-backup")
    with program(
        lab, binary, "--vf", first[0], "--bond", "bond0 mode=active-backup members=vf0 miimon=50",
        "--portlist", "bond0",
    ) as vfbond:
        with results.case("one VF at first"):
            far.ping()
        with results.case("another VF is claimed, plugged in and joins while traffic runs"):
            print("# " + vfbond.command(f"claim vf {first[1]}").replace("\n", "\n# "))
            vfbond.command("add bond bond0 member vf1")
            far.pings()
        with results.case("claimed twice is refused by name"):
            try:
                vfbond.command(f"claim vf {first[1]}")
            except CommandError as why:
                assert "claimed" in str(why), why
            else:
                raise AssertionError("it was not refused")
        for index in (0, 1):
            with results.case(f"cable {index} pulled: the bond fails over, and plugged again"):
                cable(index, "off")
                began = time.monotonic()
                far.ping(FAILOVER_S)
                print(f"# VFs: answered {time.monotonic() - began:.2f} s after the pull")
                far.pings()
                cable(index, "on")
                wait_for(lambda: vfbond.command("show bond bond0").count("MII Status: up") == 3,
                         "both links up", 15)
                far.ping(FAILOVER_S)
        with results.case("a member's VF is not released; one that left is"):
            try:
                vfbond.command("release vf vf1")
            except CommandError as why:
                assert "bond0" in str(why), why
            else:
                raise AssertionError("it was not refused")
            vfbond.command("remove bond bond0 member vf1")
            vfbond.command("release vf vf1")
            assert driver_of(first[1]) != "vfio-pci" or first[1] in before, driver_of(first[1])
            far.ping()
        with results.case("the program ends after all that: all is as before") as differences:
            vfbond.stop()
            differences += differences_of(before, snapshot())


def killed(results, lab, binary, vfctl, far, first):
    """kill -9, and reconcile."""
    with results.case("kill -9 of vfbond, and reconcile: all is as before") as differences:
        before = snapshot()
        far.join("active-backup")
        with program(
            lab, binary, "--vf", f"{first[0]} vlan=0 trust=on", "--vf", f"{first[1]} trust=on",
            "--bond", "bond0 mode=active-backup members=vf0,vf1", "--portlist", "bond0",
        ) as vfbond:
            far.ping()
            assert str(vfbond.process.popen.pid) in vfctl.run("release", first[0])[2]
            vfbond.process.send(signal.SIGKILL)
            vfbond.process.wait(20)
        assert differences_of(before, snapshot()), "the claim changed nothing"
        vfctl("reconcile")
        differences += differences_of(before, snapshot())
    with results.case("kill -9 of vfbond, and another vfbond: it takes over, and all is as before"
                      ) as differences:
        with program(lab, binary, "--vf", f"{first[0]} trust=on") as vfbond:
            vfbond.process.send(signal.SIGKILL)
            vfbond.process.wait(20)
        with program(lab, binary, "--vf", first[0]) as vfbond:
            vfbond.stop()
        differences += differences_of(before, snapshot())


def addresses(results, lab, binary, far, first, names):
    """Two administratively set addresses without trust lose traffic: settled, or refused."""
    for index, name in enumerate(names):
        run("ip", "link", "set", name, "vf", 0, "mac", f"02:00:00:00:0a:0{index}")
    bond = ["--bond", "bond0 mode=active-backup members=vf0,vf1 miimon=50", "--portlist", "bond0"]
    with results.case("two set addresses without trust: one for both, and failover loses nothing"
                      ) as differences:
        before = snapshot()
        far.join("active-backup")
        with program(lab, binary, "--vf", first[0], "--vf", first[1], *bond) as vfbond:
            macs = {v["address"] for name in names for v in ip_vfs(name) if v["vf"] == 0}
            assert macs == {"02:00:00:00:0a:00"}, macs
            far.ping()
            cable(0, "off")
            far.ping(FAILOVER_S)
            far.pings()
            cable(0, "on")
            wait_for(lambda: vfbond.command("show bond bond0").count("MII Status: up") == 3,
                     "both links up", 15)
            vfbond.stop()
        differences += differences_of(before, snapshot())
    with results.case("two addresses by the user's wish without trust are refused"):
        log = refused_start(lab, binary, "--vf", f"{first[0]} mac=02:00:00:00:0b:00", "--vf",
                            f"{first[1]} mac=02:00:00:00:0b:01", *bond)
        assert "trust" in log, log
    for name in names:
        run("ip", "link", "set", name, "vf", 0, "mac", "00:00:00:00:00:00")


def bad_words(results, lab, binary, first):
    """What is refused before anything is touched."""
    for words, part in (
        (("--vf", PFS[0]), "PF"), (("--vf", "0000:09:00.0"), "0000:09:00.0"),
        (("--vf", f"{first[0]} vlan=4095"), "4094"), (("--vf", f"{PFS[0]}#9"), "9"),
        (("--vf", "env:none/such"), "PCIDEVICE"), (("--vf", f"{first[0]} nonsense=1"), "nonsense"),
        (("--vf", f"{first[0]} count=0"), "1..64"), (("--vf", f"{first[0]} count=2"), "2"),
        (("--vf", f"{first[0]} distinct-pf=maybe"), "neither on nor off"),
    ):
        with results.case(f"{' '.join(words)} is refused"):
            log = refused_start(lab, binary, *words)
            assert part in log, log
    with results.case("EAL's -b beside --vf is refused"):
        vfbond = Vfbond(lab, binary, None, ["-b", first[0]], ["--vf", first[0]], hugepages=True,
                        pci=None)
        assert vfbond.process.wait(20) == 2 and "contradict" in vfbond.log(), vfbond.log()


def adoption(results, lab, binary, vfctl, far, first):
    """As in a pod: no PF, /sys and the state directory read-only, the VFs on vfio-pci already."""
    for vf in first:
        vfctl("bind", vf)
    before = snapshot()
    pod = lab.namespace("pod")
    script = ("mount --make-rprivate / && mount -t sysfs -o ro sysfs /sys && "
              "mount -t tmpfs -o ro tmpfs /run/vfbond && exec \"$@\"")
    os.makedirs("/run/vfbond", exist_ok=True)
    argv = [binary, *map(str, eal_args(lab, hugepages=True, pci=None)), "--",
            "--socket", lab.path("pod.sock"), "--auto-start", "--forward-mode=icmpecho",
            "--vf", "env:intel.com/vfs", "--bond", "bond0 mode=active-backup members=vf0,vf1",
            "--portlist", "bond0"]
    env = dict(os.environ, PCIDEVICE_INTEL_COM_VFS=",".join(first))
    with results.case("adopted in a pod: no PF, all read-only, used as it is") as differences:
        far.join("active-backup")
        with in_namespace(pod.name):
            process = subprocess.Popen(
                ["unshare", "-m", "sh", "-c", script, "sh", *argv], env=env, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )
        try:
            far.ping(30)
            far.pings()
            with results.case("a second program cannot have an adopted VF"):
                log = refused_start(lab, binary, "--vf", first[0])
                assert "vfio" in log or str(process.pid) in log, log
        finally:
            process.send_signal(signal.SIGTERM)
            out, _ = process.communicate(timeout=30)
        assert process.returncode == 0, out
        differences += differences_of(before, snapshot())
    with results.case("a setting that can't be proved in a pod is refused"):
        with in_namespace(pod.name):
            done = subprocess.run(
                ["unshare", "-m", "sh", "-c", script, "sh", binary,
                 *map(str, eal_args(lab, hugepages=True, pci=None)), "--", "--vf",
                 f"{first[0]} vlan=5", "--duration", "1"],
                capture_output=True, text=True, check=False, timeout=60,
            )
        assert done.returncode != 0 and "PF" in done.stderr, done.stderr
    for vf in first:
        vfctl("unbind", vf)


def from_netconf(results, lab, binary, far, first):
    """bond-cni's and sriov-cni's configurations."""
    names = []
    for i, vf in enumerate(first):
        names.append(os.path.abspath(f"vf{i}.json"))
        with open(names[-1], "w", encoding="ascii") as file:
            json.dump({"cniVersion": "1.0.0", "name": f"n{i}", "type": "sriov", "deviceID": vf,
                       "spoofchk": "off", "trust": "on"}, file)
    names.append(os.path.abspath("bond.json"))
    with open(names[-1], "w", encoding="ascii") as file:
        json.dump({"cniVersion": "1.0.0", "name": "n", "type": "bond", "mode": "active-backup",
                   "miimon": "100", "failOverMac": 1, "linksInContainer": True,
                   "links": [{"name": "net1"}, {"name": "net2"}]}, file)
    with results.case("--netconf: two VFs and their bond") as differences:
        before = snapshot()
        far.join("active-backup")
        options = [word for name in names for word in ("--netconf", name)]
        with program(lab, binary, *options) as vfbond:
            far.ping()
            bonds = vfbond.command("show bonds")
            assert "active-backup" in bonds, bonds
            assert all(v["trust"] and not v["spoofchk"] for pf in PFS
                       for v in ip_vfs(netdev_of(pf)) if v["vf"] == 0)
            vfbond.stop()
        differences += differences_of(before, snapshot())


def main():
    """All of it."""
    results = Results()
    binary = os.path.abspath(sys.argv[1])
    vfctl = Vfctl(os.path.join(os.path.dirname(binary), "vfctl"))
    run("modprobe", "-a", "bonding", "bridge")
    run("dmesg", "-n", "1")
    names = prepare()
    for name in names:
        vfctl("create", name, 2)
    wait_for_carrier(names)
    first = [vfs_of(pf)[0] for pf in PFS]
    vfctl("bind", vfs_of(PFS[0])[1])
    assert os.path.exists(f"{DEVICES}/{first[0]}")
    with Lab() as lab:
        far = FarSide(lab)
        bad_words(results, lab, binary, first)
        every_mode(results, lab, binary, far, first)
        counted(results, lab, binary)
        come_and_go(results, lab, binary, far, first)
        killed(results, lab, binary, vfctl, far, first)
        addresses(results, lab, binary, far, first, names)
        from_netconf(results, lab, binary, far, first)
        adoption(results, lab, binary, vfctl, far, first)
    return results.plan()


sys.exit(main())
