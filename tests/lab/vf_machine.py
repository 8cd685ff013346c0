# SPDX-License-Identifier: BSD-3-Clause
"""The SR-IOV side of the lab VM for its scripts: PFs, VFs, cables, vfctl, and snapshots of all that
a claim may change."""

import json
import os
import subprocess

from netlab import LabError, wait_for

PFS = ("0000:01:00.0", "0000:02:00.0")
DEVICES = "/sys/bus/pci/devices"


def read(path):
    """A file's first line."""
    with open(path, encoding="ascii") as file:
        return file.readline().strip()


def write(path, value):
    """Write a value into a file of sysfs."""
    with open(path, "w", encoding="ascii") as file:
        file.write(value)


def netdev_of(address):
    """The PF's network device in this namespace."""
    path = f"{DEVICES}/{address}/net"
    return os.listdir(path)[0]


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


def set_cable(index, state):
    """Plug or pull (on, off) the wire of one pair, at both its ends, by QEMU's monitor."""
    with open("/dev/virtio-ports/qemu", "w", encoding="ascii") as monitor:
        monitor.write(f"set_link pf{index} {state}\nset_link peer{index} {state}\n")


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
