# SPDX-License-Identifier: BSD-3-Clause
"""
VFs of the lab's two igb NICs, their cables, what stands at the far ends, vfctl, and snapshots of all
that a claim may change.
"""

import contextlib
import json
import os
import subprocess

from netlab import LabError, run, wait_for

PFS = ("0000:01:00.0", "0000:02:00.0")
DEVICES = "/sys/bus/pci/devices"
# vm_case.sh makes it for the long forms.
LONG = os.path.exists("long")
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


def read(path):
    """A file's first line."""
    with open(path, encoding="ascii") as file:
        return file.readline().strip()


def write(path, value):
    """Write a value into a file of sysfs."""
    with open(path, "w", encoding="ascii") as file:
        file.write(value)


def vfs_of(pf):
    """Addresses of a PF's VFs, by number."""
    found, number = [], 0
    while os.path.islink(f"{DEVICES}/{pf}/virtfn{number}"):
        found.append(os.path.basename(os.readlink(f"{DEVICES}/{pf}/virtfn{number}")))
        number += 1
    return found


def driver_of(address):
    """The driver's name, or an empty string."""
    path = f"{DEVICES}/{address}/driver"
    return os.path.basename(os.readlink(path)) if os.path.islink(path) else ""


def node_of(address):
    """The VF's node of vfio."""
    return "/dev/vfio/" + os.path.basename(os.readlink(f"{DEVICES}/{address}/iommu_group"))


def holders(node):
    """Processes that have a file open."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            fds = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
        except OSError:
            continue
        if node in fds:
            found.append(int(pid))
    return found


def ip_vfs(netdev):
    """What iproute2 says of a PF's VFs."""
    done = subprocess.run(["ip", "-d", "-j", "link", "show", netdev], check=True,
                          stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)[0].get("vfinfo_list", [])


def snapshot():
    """All that the life of a VF may change: numbers, drivers, overrides, the PFs' tables."""
    state = {}
    for pf in PFS:
        netdev = netdev_of(pf)
        link = subprocess.run(["ip", "-d", "-j", "link", "show", netdev], check=True,
                              stdout=subprocess.PIPE, text=True)
        facts = json.loads(link.stdout)[0]
        state[pf] = {
            "link": {k: facts[k] for k in ("flags", "mtu", "address", "operstate")},
            "vfs": facts.get("vfinfo_list", []),
            "sysfs": {name: read(f"{DEVICES}/{pf}/{name}")
                      for name in ("sriov_numvfs", "sriov_drivers_autoprobe")},
        }
        for vf in vfs_of(pf):
            state[vf] = {"driver": driver_of(vf),
                         "override": read(f"{DEVICES}/{vf}/driver_override")}
    return state


def differences_of(before, after, where=""):
    """What differs between two snapshots, as lines."""
    if isinstance(before, dict) and isinstance(after, dict):
        keys = sorted(before.keys() | after.keys())
        pairs = [(key, before.get(key), after.get(key)) for key in keys]
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = [(i, *both) for i, both in enumerate(zip(before, after))]
    else:
        return [] if before == after else [f"{where}: {before} became {after}"]
    return [line for key, a, b in pairs for line in differences_of(a, b, f"{where} {key}")]


def has_carrier(netdev):
    """Whether a device has carrier; without being up it has none."""
    try:
        return read(f"/sys/class/net/{netdev}/carrier") == "1"
    except OSError:
        return False


def wait_for_carrier(names):
    """A PF loses its link for a moment when its VFs are made."""
    for name in names:
        wait_for(lambda name=name: has_carrier(name), f"carrier on {name}", 20)


def prepare():
    """Load the drivers and bring the PFs up; their names."""
    for module in ("igb", "virtio_net", "vfio-pci", "igbvf"):
        subprocess.run(["modprobe", "-q", module], check=False)
    for family in ("all", "default"):
        subprocess.run(["sysctl", "-qw", f"net.ipv6.conf.{family}.disable_ipv6=1"], check=True)
    names = [netdev_of(pf) for pf in PFS]
    for name in names:
        subprocess.run(["ip", "link", "set", name, "up"], check=True)
    wait_for_carrier(names)
    return names


class Vfctl:
    """The program vfctl."""

    def __init__(self, binary):
        self.binary = binary

    def run(self, *words, timeout_s=60, prefix=(), **kwargs):
        """Run it and return (status, standard output, standard error)."""
        done = subprocess.run([*prefix, self.binary, *map(str, words)], capture_output=True,
                              text=True, timeout=timeout_s, check=False, **kwargs)
        return done.returncode, done.stdout, done.stderr

    def __call__(self, *words, **kwargs):
        """Run it; LabError unless it succeeds. Its standard output."""
        status, out, err = self.run(*words, **kwargs)
        if status != 0:
            raise LabError(f"vfctl {' '.join(map(str, words))}: status {status}: {err.strip()}")
        return out

    def json(self, *words, **kwargs):
        """Run it; what it prints as JSON."""
        return json.loads(self(*words, **kwargs))

    def refused(self, *words, **kwargs):
        """It must fail without touching anything; what it says."""
        before = snapshot()
        status, _, err = self.run(*words, **kwargs)
        assert status == 1, f"vfctl {' '.join(map(str, words))}: status {status}, {err}"
        changed = differences_of(before, snapshot())
        assert not changed, f"vfctl {' '.join(map(str, words))} changed: {changed}"
        return err
