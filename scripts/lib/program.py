# SPDX-License-Identifier: BSD-3-Clause
"""vfbond as a child process, and its console through the socket."""

import contextlib
import os
import re
import signal
import socket
import time

from netlab import wait_for

MODES = (
    "balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb",
    "balance-alb",
)


class CommandError(Exception):
    """The console answered a command with `error: REASON (-ERRNO)`."""

    @property
    def errno(self):
        """The number, positive."""
        return int(re.search(r" \(-(\d+)\)$", str(self))[1])


class Console:
    """A client of --socket: one command per line; the answer ends with `ok` or `error: ...`."""

    def __init__(self, path, timeout_s=10.0):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(timeout_s)
        self.sock.connect(path)
        self.pending = b""

    def send(self, data):
        """Send bytes as they are."""
        self.sock.sendall(data)

    def _line(self):
        while b"\n" not in self.pending:
            data = self.sock.recv(65536)
            if not data:
                raise ConnectionError("the console closed the connection")
            self.pending += data
        line, self.pending = self.pending.split(b"\n", 1)
        return line.decode(errors="replace")

    def answer(self):
        """Read one answer: its text, or CommandError."""
        lines = []
        while True:
            line = self._line()
            if line == "ok":
                return "\n".join(lines)
            if line.startswith("error: "):
                raise CommandError("\n".join(lines + [line[len("error: "):]]))
            lines.append(line)

    def command(self, line):
        """Send one command and read its answer."""
        self.send(line.encode() + b"\n")
        return self.answer()

    def close(self):
        """Hang up."""
        self.sock.close()


def worker_cpus(count=2):
    """The first CPUs that this process may use, as EAL's -l wants them."""
    return ",".join(str(c) for c in sorted(os.sched_getaffinity(0))[:count])


def eal_args(lab, memory_mb=256, hugepages=False, pci=()):
    """
    EAL options for a private instance that leaves nothing behind; pci: addresses it may use, None:
    no word about PCI.
    """
    args = ["-l", worker_cpus(), "-m", memory_mb, "--file-prefix", lab.tag]
    for address in pci or ():
        args += ["-a", address]
    if pci == ():
        args += ["--no-pci"]
    # EAL 22.11 refuses --in-memory together with --no-huge.
    return args + (["--in-memory"] if hugepages else ["--no-huge", "--no-shconf"])


class Vfbond:
    """A running vfbond with a socket."""

    def __init__(self, lab, binary, ns, vdevs, options, memory_mb=256, hugepages=False, pci=(),
                 **kwargs):
        self.socket_path = lab.path("console.sock")
        argv = [binary] + eal_args(lab, memory_mb, hugepages, pci) + list(vdevs)
        argv += ["--", "--socket", self.socket_path] + list(options)
        self.argv = [str(a) for a in argv]
        self.started = time.monotonic()
        self.process = lab.start(*self.argv, ns=ns, name="vfbond", **kwargs)
        self._console = None
        lab.defer(self._hang_up)

    def _hang_up(self):
        if self._console:
            self._console.close()
            self._console = None

    def log(self):
        """What the program printed."""
        return self.process.log()

    def wait_console(self, deadline_s=15.0):
        """Wait until the console answers; the program is then set up."""

        def answers():
            assert self.process.alive(), "vfbond ended early:\n" + self.log()
            with contextlib.suppress(OSError):
                self._console = Console(self.socket_path)
                self._console.command("show bonds")
                return True
            self._hang_up()
            return False

        wait_for(answers, "an answer of the console", deadline_s)
        return self

    def command(self, line):
        """Run a console command; CommandError with the reason when it is refused."""
        if self._console is None:
            self.wait_console()
        return self._console.command(line)

    def console(self):
        """A further connection of its own; the caller closes it."""
        return Console(self.socket_path)

    def pools(self):
        """{pool: (free, size)} as printed at the end."""
        found = re.findall(r"^pool (.+): (\d+) of (\d+) mbufs free$", self.log(), re.M)
        return {name: (int(free), int(size)) for name, free, size in found}

    def stop(self, signum=signal.SIGTERM):
        """End the program and demand a clean end: status 0, every mbuf back in its pool."""
        self._hang_up()
        assert self.process.alive(), "vfbond had ended before:\n" + self.log()
        self.process.send(signum)
        self.check_end()

    def check_end(self, deadline_s=10.0):
        """Wait for the end and demand that it was clean."""
        status = self.process.wait(deadline_s)
        assert status == 0, f"exit status {status}:\n{self.log()}"
        pools = self.pools()
        assert pools, "no `pool` line at the end:\n" + self.log()
        for name, (free, size) in pools.items():
            assert free == size, f"pool {name}: {size - free} of {size} mbufs lost:\n{self.log()}"
        lost = re.findall(r"^.* buffers of control frames are lost$", self.log(), re.M)
        assert not lost, f"{lost}:\n{self.log()}"
        assert not os.path.exists(self.socket_path), "the socket was left behind"
