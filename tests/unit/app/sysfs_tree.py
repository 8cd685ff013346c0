# SPDX-License-Identifier: BSD-3-Clause
"""A tree of files that stands for a machine with SR-IOV, for tests that run vfctl over it."""

import os
from pathlib import Path

DEVICES = "/sys/bus/pci/devices"


class Tree:
    """Files below a directory. Paths are those of the machine."""

    def __init__(self, root):
        self.root = Path(root)

    def path(self, path):
        full = self.root / path.lstrip("/")
        full.parent.mkdir(parents=True, exist_ok=True)
        return full

    def put(self, path, text):
        self.path(path).write_text(f"{text}\n")

    def link(self, path, target):
        self.path(path).symlink_to(target)

    def function(self, addr, device, driver=None, group=None):
        """A function of Intel's."""
        d = f"{DEVICES}/{addr}"
        self.put(f"{d}/vendor", "0x8086")
        self.put(f"{d}/device", device)
        self.put(f"{d}/class", "0x020000")
        self.put(f"{d}/subsystem_vendor", "0x8086")
        self.put(f"{d}/subsystem_device", "0x0001")
        self.put(f"{d}/modalias", f"pci:v00008086d0000{device[2:]}")
        self.put(f"{d}/numa_node", 0)
        self.put(f"{d}/driver_override", "(null)")
        if driver is not None:
            self.link(f"{d}/driver", f"../../../bus/pci/drivers/{driver}")
        if group is not None:
            self.link(f"{d}/iommu_group", f"../../../kernel/iommu_groups/{group}")
            self.put(f"/sys/kernel/iommu_groups/{group}/devices/{addr}/vendor", "0x8086")

    def netdev(self, addr, name, index, up=True):
        self.put(f"{DEVICES}/{addr}/net/{name}/ifindex", index)
        n = f"/sys/class/net/{name}"
        self.put(f"{n}/ifindex", index)
        self.put(f"{n}/address", f"02:00:00:00:00:{index:02x}")
        self.put(f"{n}/flags", "0x1003" if up else "0x1002")
        self.put(f"{n}/mtu", 1500)
        self.put(f"{n}/speed", 1000 if up else -1)
        self.put(f"{n}/operstate", "up" if up else "down")
        self.put(f"{n}/carrier", int(up))

    def pf(self, addr, netdev, index, num_vfs, up=True):
        """An 82576 on igb, whose VFs are still to be made."""
        self.function(addr, "0x10c9", "igb", index)
        self.netdev(addr, netdev, index, up)
        files = {
            "totalvfs": 7,
            "numvfs": num_vfs,
            "offset": 128,
            "stride": 2,
            "vf_device": "10ca",
            "drivers_autoprobe": 1,
        }
        for name, value in files.items():
            self.put(f"{DEVICES}/{addr}/sriov_{name}", value)

    def vf(self, addr, pf, number, driver, group):
        self.function(addr, "0x10ca", driver, group)
        self.link(f"{DEVICES}/{addr}/physfn", f"../{pf}")
        self.link(f"{DEVICES}/{pf}/virtfn{number}", f"../{addr}")

    def files(self):
        """Every file and link, as paths of the machine."""
        for folder, _, names in os.walk(self.root):
            for name in names:
                yield "/" + str((Path(folder) / name).relative_to(self.root))
            for name in os.listdir(folder):
                if (Path(folder) / name).is_symlink() and name not in names:
                    yield "/" + str((Path(folder) / name).relative_to(self.root))
