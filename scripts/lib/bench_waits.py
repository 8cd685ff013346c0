# SPDX-License-Identifier: BSD-3-Clause
"""
How long the threads that traffic depends on stood in a run queue: the share of the machine in a
time without traffic, told apart from that of the program.

The kernel counts for each thread how long it ran and how long it was ready to run but waited for a
CPU (/proc/PID/task/TID/schedstat). waits.c looks at these every 2 ms. A wait counts when it ends;
it is taken to have ended at the look that shows it.
"""

import bisect
import struct
from pathlib import Path

RECORD = struct.Struct("=QQQQ")  # struct record of waits.c
SHORTEST_NS = 500_000  # growth between two looks that is called a wait


def threads_of(pid):
    """{TID: name} of a process."""
    tasks = sorted(Path(f"/proc/{pid}/task").iterdir(), key=lambda task: int(task.name))
    return {int(task.name): (task / "comm").read_text().strip() for task in tasks}


def worker_and_control(pid):
    """The TIDs of the worker lcores' threads, and of the main one."""
    # lcore-worker-N or rte-worker-N up to DPDK 23.03, then dpdk-workerN
    workers = [tid for tid, name in threads_of(pid).items() if "worker" in name]
    assert workers, f"process {pid} has no worker thread: {threads_of(pid)}"
    return workers, pid


class Waits:
    """The waits of some threads, from the start on; can be asked while they are recorded."""

    def __init__(self, lab, program, limit_s, threads):
        """threads: {name: (PID, TID)}."""
        self.path = Path(lab.path("waits"))
        self.offset = 0
        self.names = list(threads)
        self.looks = {name: [] for name in threads}  # (time, run, wait) when the thread has run
        self.waits = {name: [] for name in threads}  # (from, to)
        self.last = {}
        paths = [f"/proc/{pid}/task/{tid}/schedstat" for pid, tid in threads.values()]
        self.process = lab.start(program, self.path, limit_s, *paths, name="waits")

    def read(self):
        """Take what has been recorded since the last time."""
        data = b""
        if self.path.exists():
            with open(self.path, "rb") as file:
                file.seek(self.offset)
                data = file.read()
        data = data[:len(data) // RECORD.size * RECORD.size]
        self.offset += len(data)
        for time_ns, thread, run_ns, wait_ns in RECORD.iter_unpack(data):
            name = self.names[thread]
            _, run_before, waited_before = self.last.get(name, (0, run_ns, wait_ns))
            waited = wait_ns - waited_before
            if waited >= SHORTEST_NS:
                self.waits[name].append((time_ns - waited, time_ns))
            if run_ns != run_before:
                self.looks[name].append((time_ns, run_ns, wait_ns))
            self.last[name] = (time_ns, run_ns, wait_ns)

    def longest(self, since_ns, until_ns):
        """The longest wait of all that fall at least in part between two moments: (ns, thread)."""
        return max(((b - a, name) for name, waits in self.waits.items() for a, b in waits
                    if a < until_ns and b > since_ns), default=(0, None))

    def waited(self, since_ns, until_ns):
        """For how many ns between two moments one of the threads at least waited."""
        total, done = 0, since_ns
        for a, b in sorted(w for waits in self.waits.values() for w in waits):
            a, b = max(a, done), min(b, until_ns)
            if b > a:
                total += b - a
                done = b
        return total

    def longest_asleep(self, name, since_ns, until_ns):
        """The longest time in which a thread neither ran nor waited, to some 5 ms, in ns."""
        looks = self.looks[name]
        first = max(bisect.bisect_left(looks, (since_ns,)) - 1, 0)
        span = looks[first:bisect.bisect_right(looks, (until_ns,)) + 1]
        return max((b[0] - a[0] - (b[1] - a[1]) - (b[2] - a[2]) for a, b in zip(span, span[1:])),
                   default=0)

    def stop(self):
        """End the recording and take the rest."""
        assert self.process.alive(), f"waits ended early: {self.process.log()}"
        status = self.process.end()
        assert status == 0, f"waits: status {status}: {self.process.log()}"
        self.read()
