#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The life of VFs by vfctl, inside the lab VM: two PFs (igb), real VFs, vfio with an IOMMU.

Creates, lists, sets, binds, claims, releases, reconciles and destroys VFs, and compares with what
iproute2 and sysfs say; all that a claim changes must be as before afterwards. TAP on standard
output.

usage: vf_life.py VFBOND (vfctl stands beside it)
"""

import json
import os
import signal
import subprocess
import sys

from netlab import wait_for
from tap import Results
from vf_lab import (
    DEVICES, PFS, Vfctl, differences_of, driver_of, ip_vfs, netdev_of, node_of, prepare, read,
    snapshot, vfs_of, wait_for_carrier, write,
)

VFS_PER_PF = 2


def creation(results, vfctl, names):
    """numvfs with the kernel's rules."""
    with results.case("create: none yet, and the totals"):
        pfs = {p["address"]: p for p in vfctl.json("list", "--json")["pfs"]}
        assert set(PFS) <= set(pfs), pfs
        for pf, name in zip(PFS, names):
            assert pfs[pf]["netdev"]["name"] == name, pfs[pf]
            sriov = pfs[pf]["sriov"]
            assert sriov["num_vfs"] == 0 and sriov["capability_read"], sriov
            assert sriov["driver_total_vfs"] == int(read(f"{DEVICES}/{pf}/sriov_totalvfs")), sriov
            assert sriov["total_vfs"] == 8 and sriov["vf_device_id"] == 0x10CA, sriov
    with results.case("create: more than the driver has is refused with the number"):
        assert "7" in vfctl.refused("create", names[0], 8)
    with results.case("create: VFs without a driver, all there when it returns"):
        for pf, name in zip(PFS, names):
            vfctl("create", name, VFS_PER_PF)
            assert len(vfs_of(pf)) == VFS_PER_PF, vfs_of(pf)
            assert [driver_of(vf) for vf in vfs_of(pf)] == [""] * VFS_PER_PF
            assert read(f"{DEVICES}/{pf}/sriov_drivers_autoprobe") == "1"
    with results.case("create: the same number again changes nothing"):
        wait_for_carrier(names)
        before = snapshot()
        vfctl("create", names[0], VFS_PER_PF)
        assert not differences_of(before, snapshot())
    with results.case("create: another number needs --recreate"):
        assert "--recreate" in vfctl.refused("create", names[0], 3)
    with results.case("create: a VF where a PF is wanted, and a PF where a VF is"):
        assert "not a PF" in vfctl.refused("create", vfs_of(PFS[0])[0], 1)
        assert "is a PF" in vfctl.refused("bind", PFS[0])


def same_vf(ours, theirs):
    """Compare a VF of `vfctl show --json` with iproute2's; lines that differ."""
    pairs = {
        "mac": (ours["mac"], theirs["address"]),
        "vlan": (ours["vlan"], theirs.get("vlan_list", [{}])[0].get("vlan", 0)),
        "qos": (ours["qos"], theirs.get("vlan_list", [{}])[0].get("qos", 0)),
        "spoofchk": (ours["spoofchk"], theirs["spoofchk"]),
        "trust": (ours["trust"], theirs["trust"]),
        "link_state": (ours["link_state"], theirs["link_state"]),
        "max_tx_rate": (ours["max_tx_rate"], theirs["rate"]["max_tx"]),
        "min_tx_rate": (ours["min_tx_rate"], theirs["rate"]["min_tx"]),
    }
    return [f"{key}: vfctl {a}, ip {b}" for key, (a, b) in pairs.items() if a != b]


def compare_tables(vfctl, name, differences):
    """vfctl's table of a PF's VFs is iproute2's."""
    ours = vfctl.json("show", "--json", name)
    ours = ours[0]["vfs"]
    theirs = {v["vf"]: v for v in ip_vfs(name)}
    assert len(ours) == len(theirs) == VFS_PER_PF, (ours, theirs)
    for vf in ours:
        differences += same_vf(vf["settings"], theirs[vf["number"]])


def attributes(results, vfctl, names):
    """Each attribute into the PF, and what igb refuses."""
    with results.case("show: the PF's table is that of ip link") as differences:
        compare_tables(vfctl, names[0], differences)
    with results.case("set: mac, vlan, qos, spoofchk, trust, max-tx-rate") as differences:
        vf = vfs_of(PFS[0])[1]
        vfctl("set", vf, "mac=02:00:00:00:01:01", "vlan=100", "qos=3", "spoofchk=off",
              "trust=on", "max-tx-rate=100")
        theirs = {v["vf"]: v for v in ip_vfs(names[0])}[1]
        wanted = {"address": "02:00:00:00:01:01", "spoofchk": False, "trust": True}
        differences += [f"{k}: {theirs[k]}" for k, v in wanted.items() if theirs[k] != v]
        assert theirs["vlan_list"][0]["vlan"] == 100 and theirs["vlan_list"][0]["qos"] == 3, theirs
        assert theirs["rate"]["max_tx"] == 100, theirs
        compare_tables(vfctl, names[0], differences)
        vfctl("set", vf, "vlan=0", "spoofchk=on", "trust=off", "max-tx-rate=0",)
    for words, part in (
        (("link-state=enable",), "link-state"), (("vlan=5", "proto=802.1ad"), "802.1ad"),
        (("min-tx-rate=10", "max-tx-rate=100"), "min"),
        (("mac=01:00:00:00:00:01",), "group"), (("mac=00:00:00:00:00:00",), "mac"),
        (("vlan=4095",), "4094"), (("qos=3",), "vlan"),
        (("min-tx-rate=200", "max-tx-rate=100"), "min"), (("nonsense=1",), "nonsense"),
    ):
        with results.case(f"set: {' '.join(words)} is refused, and nothing is changed"):
            before = snapshot()
            status, _, err = vfctl.run("set", vfs_of(PFS[0])[0], *words)
            assert status != 0 and part in err, (status, err)
            assert not differences_of(before, snapshot())
    with results.case("set: the default of what igb does not have is a note"):
        vfctl("set", vfs_of(PFS[0])[0], "link-state=auto")
    with results.case("set: one of two VFs fails: the other is as before"):
        vf = vfs_of(PFS[0])
        vfctl.refused("set", vf[0], vf[1], "vlan=7", "link-state=disable")
    with results.case("set: a PF that is down is refused, --pf-up raises it"):
        subprocess.run(["ip", "link", "set", names[1], "down"], check=True)
        assert "--pf-up" in vfctl.refused("set", vfs_of(PFS[1])[0], "vlan=9")
        vfctl("set", "--pf-up", vfs_of(PFS[1])[0], "vlan=9")
        assert "UP" in json.loads(subprocess.run(
            ["ip", "-j", "link", "show", names[1]], check=True, stdout=subprocess.PIPE
        ).stdout)[0]["flags"]
        vfctl("set", vfs_of(PFS[1])[0], "vlan=0")


def binding(results, vfctl):
    """To vfio-pci and to igbvf, and back."""
    vf = vfs_of(PFS[0])[0]
    with results.case("bind: vfio-pci has it, its node opens, the override stays"):
        vfctl("bind", vf)
        assert driver_of(vf) == "vfio-pci"
        assert read(f"{DEVICES}/{vf}/driver_override") == "vfio-pci"
        os.close(os.open(node_of(vf), os.O_RDWR))
    with results.case("bind: again is no change"):
        before = snapshot()
        vfctl("bind", vf)
        assert not differences_of(before, snapshot())
    with results.case("bind: a VF that a process has open is refused, and the process named"):
        fd = os.open(node_of(vf), os.O_RDWR)
        err = vfctl.refused("unbind", vf)
        os.close(fd)
        assert str(os.getpid()) in err, err
    with results.case("bind: a driver that does not exist"):
        assert "no_such_driver" in vfctl.refused("bind", vf, "--driver", "no_such_driver")
    with results.case("unbind: the kernel's driver has it"):
        vfctl("unbind", vf)
        assert driver_of(vf) in ("igbvf", "") and \
            read(f"{DEVICES}/{vf}/driver_override") == "(null)", driver_of(vf)
    # igbvf takes another address each time that it gets a VF: nobody could give that back.
    if driver_of(vf):
        write(f"{DEVICES}/{vf}/driver/unbind", vf)


def claims(results, vfctl):
    """What a claim changes goes back, whatever was there before."""
    first = [vfs_of(pf)[0] for pf in PFS]
    with results.case("claim: two VFs of two PFs, with settings") as differences:
        before = snapshot()
        claim = vfctl.json("claim", ",".join(first), "--distinct-pf", "trust=on", "vlan=40")
        assert [c["address"] for c in claim["claims"]] == first, claim
        for vf, pf in zip(first, PFS):
            assert driver_of(vf) == "vfio-pci"
            theirs = {v["vf"]: v for v in ip_vfs(netdev_of(pf))}[0]
            assert theirs["trust"] and theirs["vlan_list"][0]["vlan"] == 40, theirs
            assert node_of(vf) in json.dumps(claim), claim
    with results.case("claim: claimed already: by whom, since when"):
        assert "claimed" in vfctl.refused("claim", first[0])
    with results.case("claim: bind, unbind, set and destroy refuse a claimed VF"):
        for words in (("unbind", first[0]), ("set", first[0], "vlan=3"),
                      ("destroy", netdev_of(PFS[0])), ("create", netdev_of(PFS[0]), 1)):
            assert "claim" in vfctl.refused(*words), words
    with results.case("release: all as before") as differences:
        vfctl("release", *first)
        differences += differences_of(before, snapshot())
        assert vfctl.run("release", first[0])[0] == 1
    with results.case("claim: from the kernel's driver, and back to it") as differences:
        vfctl("bind", first[0], "--driver", "igbvf")
        assert driver_of(first[0]) == "igbvf"
        before = snapshot()
        vfctl("claim", f"{netdev_of(PFS[0])}#0", "mac=02:00:00:00:02:02")
        assert driver_of(first[0]) == "vfio-pci"
        vfctl("release", first[0])
        differences += differences_of(before, snapshot())
        vfctl("unbind", first[0])
    with results.case("claim: --count of a PF's VFs; all or none"):
        before = snapshot()
        names = ",".join(netdev_of(pf) for pf in PFS)
        claim = vfctl.json("claim", f"pfNames={names}", "--count", 2, "--distinct-pf")
        pfs = {c["pf"] for c in claim["claims"]}
        assert len(pfs) == 2, claim
        err = vfctl.refused("claim", f"pfNames={names}", "--count", 4)
        assert "4" in err, err
        vfctl("release", "--all")
        assert not differences_of(before, snapshot())
    with results.case("claim: an environment of the device plugin"):
        before = snapshot()
        env = dict(os.environ, PCIDEVICE_INTEL_COM_VFS=first[1])
        claim = vfctl.json("claim", "env:intel.com/vfs", env=env)
        assert claim["claims"][0]["address"] == first[1], claim
        vfctl("release", first[1])
        assert not differences_of(before, snapshot())
    with results.case("claim: a configuration of sriov-cni"):
        before = snapshot()
        with open("net.json", "w", encoding="ascii") as file:
            json.dump({"cniVersion": "1.0.0", "name": "n", "type": "sriov", "vlan": 33,
                       "deviceID": first[0], "trust": "on", "spoofchk": "off"}, file)
        vfctl("claim", "--netconf", "net.json")
        theirs = {v["vf"]: v for v in ip_vfs(netdev_of(PFS[0]))}[0]
        assert theirs["vlan_list"][0]["vlan"] == 33 and not theirs["spoofchk"], theirs
        vfctl("release", first[0])
        assert not differences_of(before, snapshot())


def crashes(results, vfctl):
    """A claim whose owner is gone."""
    vf = vfs_of(PFS[0])[0]
    with results.case("reconcile: a living owner keeps its claim; a dead one's is restored"):
        before = snapshot()
        with subprocess.Popen(["sleep", "600"]) as owner:
            vfctl("claim", vf, "--owner", owner.pid, "vlan=12", "trust=on")
            vfctl("reconcile")
            assert driver_of(vf) == "vfio-pci"
            assert str(owner.pid) in vfctl.refused("release", vf)
            owner.send_signal(signal.SIGKILL)
            owner.wait()
        held = snapshot()
        vfctl("reconcile", "--dry-run")
        assert not differences_of(held, snapshot())
        vfctl("reconcile")
        assert not differences_of(before, snapshot())
        assert vfctl.json("reconcile", "--json") in ([], {"claims": []})
    with results.case("claim: killed on the way, at every millisecond of it: reconcile restores"):
        before = snapshot()
        for delay_ms in range(0, 200, 8):
            with subprocess.Popen(
                [vfctl.binary, "claim", vf, "vlan=12", "trust=on", "--owner", str(os.getpid())],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            ) as claimer:
                try:
                    claimer.wait(delay_ms / 1000)
                except subprocess.TimeoutExpired:
                    claimer.kill()
            # Its owner is this process, which lives: by force.
            status, _, err = vfctl.run("release", vf, "--force")
            assert status == 0 or "no claim" in err or "not claimed" in err, err
            changed = differences_of(before, snapshot())
            assert not changed, f"killed after {delay_ms} ms: {changed}"


def destruction(results, vfctl, names):
    """Never VFs that are in use, and never for ever."""
    vf = vfs_of(PFS[0])[0]
    vfctl("bind", vf)
    holder = ("import os,sys,time; f=os.open(sys.argv[1],os.O_RDWR); c=os.open('/dev/vfio/vfio',"
              "os.O_RDWR); import fcntl,struct; fcntl.ioctl(f,0x3B68,struct.pack('i',c));"
              "fcntl.ioctl(c,0x3B66,1); d=fcntl.ioctl(f,0x3B6A,sys.argv[2].encode()+b'\\0');"
              "print('held',flush=True); time.sleep(60)")
    with subprocess.Popen([sys.executable, "-c", holder, node_of(vf), vf],
                          stdout=subprocess.PIPE, text=True) as process:
        with results.case("destroy: a VF that a process holds is refused, and the process named"):
            assert process.stdout.readline().strip() == "held"
            assert str(process.pid) in vfctl.refused("destroy", names[0])
        with results.case("destroy --recreate: a VF held for ever does not hold vfctl"):
            status, _, err = vfctl.run("destroy", names[0], "--recreate", "--timeout", 2,
                                       timeout_s=30)
            assert status == 1 and str(process.pid) in err, (status, err)
            process.kill()
            process.wait()
            wait_for(lambda: read(f"{DEVICES}/{PFS[0]}/sriov_numvfs") == "0", "no VFs", 20)
    with results.case("destroy: none are left"):
        vfctl("destroy", names[1])
        assert vfs_of(PFS[1]) == []


def main():
    """All of it, in the order of a life."""
    results = Results()
    vfctl = Vfctl(os.path.join(os.path.dirname(os.path.abspath(sys.argv[1])), "vfctl"))
    names = prepare()
    creation(results, vfctl, names)
    attributes(results, vfctl, names)
    binding(results, vfctl)
    claims(results, vfctl)
    crashes(results, vfctl)
    destruction(results, vfctl, names)
    with results.case("doctor: nothing fails on this machine"):
        status, out, err = vfctl.run("doctor", "--json")
        findings = json.loads(out)
        failed = [f for f in findings if f["state"] == "failed"]
        assert status == 0 and not failed, (status, failed, err)
    return results.plan()


sys.exit(main())
