#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What `vfctl list` and `vfctl show` print over trees of files, whole ones and broken ones."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
from sysfs_tree import DEVICES, Tree  # noqa: E402

VFCTL = os.environ["VFCTL"]

LIST = """\
ADDRESS          VF  DRIVER    NETDEV    LINK  MAC                NUMA  IOMMU  CLAIM  DEVICE
0000:3b:00.0    2/7  igb       ens1f0    up    02:00:00:00:00:03     0      3  -      82576 Gigabit
  0000:3b:10.0    0  vfio-pci  -         -     -                     0      8  no     82576 VF
  0000:3b:10.2    1  igbvf     ens1f0v1  up    02:00:00:00:00:05     0      9  no     82576 VF
10000:e1:00.0   0/7  igb       ens2      down  02:00:00:00:00:04     0      4  -      82576 Gigabit
"""

SHOW_VF = """\
0000:3b:10.0 (VF)
  PF               0000:3b:00.0 ens1f0
  link of the PF   up
  VF number        0
  used by          nobody
  claim            none
  vendor           Intel Corporation [8086]
  device           82576 VF [10ca]
  subsystem        [8086:0001]
  class            Ethernet controller [020000]
  modalias         pci:v00008086d000010ca
  driver           vfio-pci
  driver override  -
  NUMA node        0
  IOMMU group      8
  vfio node        /dev/vfio/8
  netdev           none here
"""

SHOW_PF_TABLE = """\
VF  ADDRESS       DRIVER    NETDEV    MAC  VLAN  QOS  PROTO  SPOOFCHK  TRUST  LINK-STATE\
  MIN-TX-RATE  MAX-TX-RATE  CLAIM
 0  0000:3b:10.0  vfio-pci  -         -       -    -  -      -         -      -         \
            -            -  no
 1  0000:3b:10.2  igbvf     ens1f0v1  -       -    -  -      -         -      -         \
            -            -  no
"""

IDS = """\
8086  Intel Corporation
\t10c9  82576 Gigabit
\t10ca  82576 VF
C 02  Network controller
\t00  Ethernet controller
"""


class Case(unittest.TestCase):
    """A PF with a VF on vfio-pci."""

    def setUp(self):
        self.dir = Path(tempfile.mkdtemp(prefix="vfctl-test-"))
        self.addCleanup(shutil.rmtree, self.dir)
        self.make()

    def make(self):
        t = self.tree = Tree(self.dir / "root")
        t.pf("0000:3b:00.0", "ens1f0", 3, 2)
        t.vf("0000:3b:10.0", "0000:3b:00.0", 0, "vfio-pci", 8)
        t.put("/usr/share/misc/pci.ids", IDS.rstrip("\n"))
        t.put("/dev/vfio/8", "")
        t.path("/proc/net/route").write_text("")

    def vfctl(self, *args):
        """(status, stdout, stderr)"""
        done = subprocess.run(
            [VFCTL, "--sysroot", self.tree.root, "--state-dir", self.dir / "state", *args],
            capture_output=True,
            check=False,
            timeout=60,
        )
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def succeeds(self, *args):
        status, out, err = self.vfctl(*args)
        self.assertEqual((status, err), (0, ""))
        return out

    def fails(self, status, why, *args):
        got, out, err = self.vfctl(*args)
        self.assertEqual((got, out), (status, ""), err)
        self.assertIn(why, err)


class Whole(Case):
    """Nothing is wrong. There are another VF, on igbvf, and another PF."""

    def make(self):
        super().make()
        self.tree.vf("0000:3b:10.2", "0000:3b:00.0", 1, "igbvf", 9)
        self.tree.netdev("0000:3b:10.2", "ens1f0v1", 5)
        self.tree.pf("10000:e1:00.0", "ens2", 4, 0, up=False)

    def test_list(self):
        self.assertEqual(self.succeeds("list"), LIST)

    def test_list_json(self):
        root = json.loads(self.succeeds("list", "--json"))
        self.assertEqual(root["vfs_without_pf"], [])
        self.assertEqual(
            [(pf["address"], len(pf["vfs"])) for pf in root["pfs"]],
            [("0000:3b:00.0", 2), ("10000:e1:00.0", 0)],
        )
        vf = root["pfs"][0]["vfs"][1]
        self.assertEqual((vf["number"], vf["driver"], vf["iommu_group"]), (1, "igbvf", 9))
        self.assertEqual((vf["netdev"]["name"], vf["claimed"]), ("ens1f0v1", False))
        self.assertEqual(vf["mac"], "02:00:00:00:00:05")

    def test_show_vf(self):
        for word in "0000:3b:10.0", "3b:10.0", "ens1f0#0", "0000:3b:00.0#0":
            self.assertEqual(self.succeeds("show", word), SHOW_VF)

    def test_show_pf(self):
        text = self.succeeds("show", "ens1f0")
        self.assertIn("\n  VFs                2 of 7\n", text)
        self.assertIn("\n  VF offset          128\n", text)
        self.assertTrue(text.endswith(SHOW_PF_TABLE), text)

    def test_show_several(self):
        self.assertEqual(
            self.succeeds("show", "ens1f0#0-1"), self.succeeds("show", "ens1f0#0", "ens1f0#1")
        )
        text = self.succeeds("show", "ens2", "ens1f0#0")
        self.assertTrue(text.startswith("10000:e1:00.0 (PF)\n"))
        self.assertIn("  warning: PF ens2 is down", text)
        self.assertTrue(text.endswith("\n\n" + SHOW_VF))
        devices = json.loads(self.succeeds("show", "--json", "ens2", "ens1f0#0"))
        self.assertEqual([d["kind"] for d in devices], ["pf", "vf"])
        self.assertEqual(devices[1]["pf"]["address"], "0000:3b:00.0")
        self.assertIn("PF ens2 is down", devices[0]["warnings"][0])

    def test_order_of_numbers(self):
        """virtfn10 comes after virtfn2, whatever the addresses are."""
        for number, place in (2, 4), (10, 0), (3, 2):
            self.tree.vf(f"0000:3b:11.{place}", "0000:3b:00.0", number, None, None)
        rows = [line.split()[:2] for line in self.succeeds("list").splitlines()]
        self.assertEqual(
            rows[2:7],
            [
                ["0000:3b:10.0", "0"],
                ["0000:3b:10.2", "1"],
                ["0000:3b:11.4", "2"],
                ["0000:3b:11.2", "3"],
                ["0000:3b:11.0", "10"],
            ],
        )

    def test_no_sriov(self):
        shutil.rmtree(self.tree.root / DEVICES.lstrip("/"))
        self.tree.function("0000:00:05.0", "0x10ca")
        status, out, err = self.vfctl("list")
        self.assertEqual((status, out), (0, ""))
        self.assertIn("no device with SR-IOV", err)
        self.assertIn("0000:00:05.0 (no SR-IOV)\n", self.succeeds("show", "00:05.0"))
        root = json.loads(self.succeeds("list", "--json"))
        self.assertEqual(root, {"pfs": [], "vfs_without_pf": []})

    def test_vf_of_unseen_pf(self):
        """As when only the VF's function is shown to a container."""
        shutil.rmtree(self.tree.root / DEVICES.lstrip("/") / "0000:3b:00.0")
        self.assertIn("\n  0000:3b:10.0    -  vfio-pci ", self.succeeds("list"))
        root = json.loads(self.succeeds("list", "--json"))
        self.assertEqual(
            [(vf["address"], vf["number"]) for vf in root["vfs_without_pf"]],
            [("0000:3b:10.0", None), ("0000:3b:10.2", None)],
        )
        text = self.succeeds("show", "0000:3b:10.0")
        self.assertIn("  PF               (not to be seen)\n", text)
        self.assertIn("  warning: its PF is not to be seen", text)

    def test_bad_words(self):
        self.fails(1, "0000:99:00.0: no such device", "show", "0000:99:00.0")
        self.fails(1, "ens1f0#7: ", "show", "ens1f0#7")
        self.fails(1, "ens1f0#-1: ", "show", "ens1f0#-1")
        self.fails(1, "../..: no such device", "show", "../..")
        self.fails(1, ": no such device", "show", "")
        # One that is there does not hide one that is not.
        self.fails(1, "nothing: no such device", "show", "ens1f0", "nothing")
        self.fails(2, "no device is given", "show")
        self.fails(2, "takes no device", "list", "ens1f0")
        self.fails(2, "unrecognized option", "list", "--jsn")

    def test_no_pci(self):
        shutil.rmtree(self.tree.root / "sys/bus")
        self.fails(1, "/sys/bus/pci/devices: cannot list the PCI devices", "list")
        self.fails(1, "/sys/bus/pci/devices: cannot list the PCI devices", "show", "ens1f0")


class Broken(Case):
    """Whatever is wrong: a listing or an error in words, and no crash."""

    def sane(self):
        for args in (
            ["list"],
            ["list", "--json"],
            ["show", "0000:3b:00.0", "0000:3b:10.0"],
            ["show", "--json", "0000:3b:00.0", "0000:3b:10.0"],
        ):
            status, out, err = self.vfctl(*args)
            self.assertNotIn("Sanitizer", err)
            self.assertNotIn("runtime error", err)
            self.assertIn(status, (0, 1), err)
            self.assertEqual(status == 1, "no such device" in err or "cannot" in err, err)
            for line in err.splitlines():
                self.assertTrue(line.startswith(f"vfctl {args[0]}: "), line)
            if status == 0 and "--json" in args:
                json.loads(out)
            self.assertFalse([c for c in out if ord(c) < 32 and c != "\n"])

    def each(self, spoil):
        """Spoil one file after another, and put it back."""
        for path in sorted(set(self.tree.files())):
            full = self.tree.path(path)
            kept = self.dir / "kept"
            full.rename(kept)
            with self.subTest(path):
                spoil(full)
                self.sane()
            if full.is_dir() and not full.is_symlink():
                full.rmdir()
            kept.rename(full)

    def test_missing(self):
        self.each(lambda full: None)

    def test_junk(self):
        self.each(lambda full: full.write_bytes(bytes(range(128, 256)) * 40 + bytes(128)))

    def test_empty(self):
        self.each(lambda full: full.write_bytes(b""))

    def test_dangling(self):
        self.each(lambda full: full.symlink_to("../\x1b[2J/\u00e4"))

    def test_loops(self):
        self.each(lambda full: full.symlink_to(full.name))

    def test_directories(self):
        self.each(lambda full: full.mkdir())

    def test_everything_junk(self):
        for path in list(self.tree.files()):
            full = self.tree.path(path)
            if not full.is_symlink():
                full.write_bytes(os.urandom(600))
        self.sane()

    def test_loops_of_directories(self):
        devices = self.tree.root / DEVICES.lstrip("/")
        shutil.rmtree(devices / "0000:3b:10.0")
        (devices / "0000:3b:10.0").symlink_to("0000:3b:10.0")
        (devices / "0000:3b:10.4").symlink_to("../devices")
        self.sane()
        shutil.rmtree(devices)
        devices.symlink_to("devices")
        self.sane()


if __name__ == "__main__":
    unittest.main()
