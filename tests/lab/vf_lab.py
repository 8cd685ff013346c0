# SPDX-License-Identifier: BSD-3-Clause
"""VFs of the lab's two igb NICs, their cables, and what stands at the far ends."""

import contextlib
import os
import subprocess

from netlab import run

PFS = ("0000:01:00.0", "0000:02:00.0")
PCI_VFS = ". ./lib.sh; lab_vfs >&2 && echo $v0 $v1"


def cable(index, state):
    """Plug or pull (on, off) the wire of one pair, at both its ends, by QEMU's monitor."""
    with open("/dev/virtio-ports/qemu", "w", encoding="ascii") as monitor:
        monitor.write(f"set_link pf{index} {state}\nset_link peer{index} {state}\n")


def make_vfs():
    """One VF of each PF on vfio-pci: their addresses."""
    done = subprocess.run(["bash", "-c", PCI_VFS], check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.split()


def netdev_of(address):
    """The kernel's device of a PCI function."""
    return os.listdir(f"/sys/bus/pci/devices/{address}/net")[0]


def device_of(mac):
    """The kernel's device with this address."""
    for name in os.listdir("/sys/class/net"):
        with contextlib.suppress(NotADirectoryError), open(
            f"/sys/class/net/{name}/address", encoding="ascii"
        ) as file:
            if file.read().strip() == mac:
                return name
    raise LookupError(f"no device {mac}")


def peers_to(ns):
    """The NICs that the PFs are wired to, moved into a namespace: their names."""
    peers = [device_of(f"52:54:00:bb:00:0{i}") for i in (0, 1)]
    for device in peers:
        run("ip", "link", "set", device, "netns", ns.name)
    return peers


class Far:
    """A bridge or a bond of the kernel over the peers, gone afterwards."""

    def __init__(self, ns, kind, peers, address):
        self.ns = ns
        words = "type bridge ageing_time 300" if kind == "bridge" else (
            f"type bond mode {kind} miimon 50 xmit_hash_policy layer3+4"
            + (" lacp_rate fast" if kind == "802.3ad" else ""))
        lines = [f"link add far {words}"]
        for port in peers:
            lines += [f"link set {port} down", f"link set {port} master far",
                      f"link set {port} up"]
        lines += [f"address add {address}/24 dev far", "link set far up"]
        run("ip", "-n", ns.name, "-batch", "-", stdin="\n".join(lines))

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.ns.ip("link", "del", "far")
