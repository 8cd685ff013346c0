# SPDX-License-Identifier: BSD-3-Clause
"""What a result of scripts/bench must say of the machine and the programs that it was measured on."""

import os
import platform
import re
import shutil
import subprocess
import time
from pathlib import Path

from bench_console import ROOT, cpu_model

CACHES = Path("/sys/devices/system/cpu/cpu0/cache")


def said_by(*words):
    """The first line that a program prints, or None."""
    if shutil.which(words[0]) is None:
        return None
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=20, check=False)
    lines = done.stdout.splitlines()
    return lines[0].strip() if done.returncode == 0 and lines else None


def caches():
    """{"L1d": "32K", ...} of the first CPU."""
    found = {}
    for index in sorted(CACHES.glob("index*")):
        try:
            level, kind, size = ((index / name).read_text().strip()
                                 for name in ("level", "type", "size"))
        except OSError:
            continue
        found[f"L{level}{ {'Data': 'd', 'Instruction': 'i'}.get(kind, '') }"] = size
    return found


def meminfo(name):
    """A number of /proc/meminfo."""
    found = re.search(rf"^{name}:\s*(\d+)", Path("/proc/meminfo").read_text(), re.M)
    return int(found[1]) if found else 0


def free_hugepage_bytes():
    return meminfo("HugePages_Free") * meminfo("Hugepagesize") * 1024


def git_commit():
    """The commit of this tree, with -dirty when files differ from it."""
    return said_by("git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12")


def describe(args):
    """Everything, as JSON has it."""
    return {
        "date": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "cpu": cpu_model(), "cpus": os.cpu_count(), "caches": caches(),
        "kernel": platform.release(), "load_average": os.getloadavg(),
        "dpdk": said_by("pkg-config", "--modversion", "libdpdk"),
        "commit": git_commit(), "lcores": args.lcores, "hugepages": args.hugepages,
        "hugepages_total": meminfo("HugePages_Total"), "hugepage_kb": meminfo("Hugepagesize"),
        "memory_kb": meminfo("MemTotal"),
    }


def summary(machine):
    """Two lines of a table's foot."""
    cache = " ".join(f"{name} {size}" for name, size in machine["caches"].items())
    return [
        f"{machine['cpu']}, {machine['cpus']} CPUs, {cache}; Linux {machine['kernel']}; "
        f"DPDK {machine['dpdk']}; commit {machine['commit']}",
        f"{machine['date']}; lcores {machine['lcores']}; "
        f"{'hugepages' if machine['hugepages'] else 'no hugepages'}; "
        f"load average {machine['load_average'][0]:.1f} when it began",
    ]
