# SPDX-License-Identifier: BSD-3-Clause
"""
How long a program's workers have run: the clock of the benchmarks of scripts/bench that measure a
cost per packet on a machine that others use too.

The kernel's task clock by perf_event_open is exact at every reading. /proc/PID/task/TID/schedstat
lags behind by up to a tick while the thread runs; it is what remains where perf_event_open is not
permitted.
"""

import ctypes
import os
import platform
import struct
from pathlib import Path

PERF_EVENT_OPEN = {"x86_64": 298, "aarch64": 241}
PERF_TYPE_SOFTWARE = 1
PERF_COUNT_SW_TASK_CLOCK = 1
ATTR_BYTES = 128
ATTR_HEAD = struct.Struct("=IIQ")  # type, size, config


def task_clock(task):
    """A file that tells for how many ns a thread has run, or None."""
    number = PERF_EVENT_OPEN.get(platform.machine())
    if number is None:
        return None
    attr = ctypes.create_string_buffer(ATTR_BYTES)
    ATTR_HEAD.pack_into(attr, 0, PERF_TYPE_SOFTWARE, ATTR_BYTES, PERF_COUNT_SW_TASK_CLOCK)
    fd = ctypes.CDLL(None).syscall(number, attr, task, -1, -1, 0)
    return fd if fd >= 0 else None


class WorkerClock:
    """The clocks of a program's workers, each in seconds since this object was made."""

    def __init__(self, pid, tasks):
        self.files = [task_clock(task) for task in tasks]
        self.exact = None not in self.files
        self.paths = [Path(f"/proc/{pid}/task/{task}/schedstat") for task in tasks]
        self.zero = [0] * len(tasks)
        self.zero = self._read()

    def _read(self):
        if self.exact:
            now = [struct.unpack("=Q", os.read(fd, 8))[0] for fd in self.files]
        else:
            now = [int(path.read_text().split()[0]) for path in self.paths]
        return [a - b for a, b in zip(now, self.zero)]

    def each(self):
        """For how long each worker has run."""
        return [ns / 1e9 for ns in self._read()]

    def seconds(self):
        """For how long all of them have run, added up."""
        return sum(self._read()) / 1e9

    def close(self):
        for fd in self.files:
            if fd is not None:
                os.close(fd)
