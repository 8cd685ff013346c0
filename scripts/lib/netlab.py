# SPDX-License-Identifier: BSD-3-Clause
"""A laboratory of network namespaces: whatever is made in it is removed by close(), in reverse.

The net tests and the quickstart build their topologies with it. Names carry the process id, so
that several laboratories live side by side. Needs root and iproute2; only the standard library of
Python.
"""

import contextlib
import ctypes
import fcntl
import itertools
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

PREFIX = "vfb"
_libc = ctypes.CDLL(None, use_errno=True)
_serial = itertools.count()

PR_SET_PDEATHSIG = 1
CLONE_NEWNET = 0x40000000
SIOCETHTOOL = 0x8946
ETHTOOL_OFFLOADS = (0x17, 0x1F, 0x24, 0x2C)  # set transmit checksums, TSO, GSO, GRO


class LabError(RuntimeError):
    """The laboratory could not be built or used; says nothing about the program under test."""


def run(*argv, check=True, timeout_s=30, stdin=None):
    """Run a command, return its standard output; LabError with its error text when it fails."""
    done = subprocess.run(
        [str(a) for a in argv], input=stdin, capture_output=True, text=True, timeout=timeout_s,
        check=False,
    )
    if check and done.returncode != 0:
        raise LabError(f"{' '.join(map(str, argv))}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def wait_for(condition, what, deadline_s=5.0, poll_s=0.02):
    """Poll until condition() is true and return its value; AssertionError after the deadline."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline_s:g} s: {what}")
        time.sleep(poll_s)


@contextlib.contextmanager
def in_namespace(name):
    """Enter a network namespace with this thread; sockets made inside stay in it."""
    with open("/proc/thread-self/ns/net", "rb") as home, open(f"/run/netns/{name}", "rb") as there:
        if _libc.setns(there.fileno(), CLONE_NEWNET) != 0:
            raise LabError(f"setns {name}: {os.strerror(ctypes.get_errno())}")
        try:
            yield
        finally:
            if _libc.setns(home.fileno(), CLONE_NEWNET) != 0:
                os._exit(70)  # in the wrong namespace nothing may go on


def _die_with_parent():
    """A child must not outlive a test run that was killed. Runs between fork and exec."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def sweep_stale():
    """Remove namespaces of laboratories whose process is gone (killed before it could clean)."""
    with contextlib.suppress(FileNotFoundError):
        for name in os.listdir("/run/netns"):
            match = re.match(rf"{PREFIX}(\d+)x", name)
            if match and not os.path.exists(f"/proc/{match.group(1)}"):
                run("ip", "netns", "del", name, check=False)


class Process:
    """A child with its output in a file, started in a namespace if one is given."""

    def __init__(self, lab, argv, ns=None, stdin=subprocess.DEVNULL, env=None, name=None):
        argv = [str(a) for a in argv]
        self.name = name or os.path.basename(argv[0])
        self.log_path = os.path.join(lab.dir, f"{self.name}-{next(_serial)}.log")
        if ns:
            argv = ["ip", "netns", "exec", ns.name] + argv
        with open(self.log_path, "wb") as log:
            self.popen = subprocess.Popen(
                argv, stdin=stdin, stdout=log, stderr=subprocess.STDOUT, env=env,
                preexec_fn=_die_with_parent, cwd=lab.dir,
            )

    def log(self):
        """All that the process has printed so far."""
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def alive(self):
        """True while the process runs."""
        return self.popen.poll() is None

    def send(self, signum):
        """Send a signal if the process still runs."""
        if self.alive():
            self.popen.send_signal(signum)

    def wait(self, deadline_s=10.0):
        """Exit status; AssertionError if the process does not end."""
        try:
            return self.popen.wait(deadline_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not end within {deadline_s:g} s") from None

    def end(self, signum=signal.SIGTERM, grace_s=8.0):
        """End the process, by force if it must be; returns its exit status."""
        self.send(signum)
        try:
            return self.popen.wait(grace_s)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            return self.popen.wait()


class Namespace:
    """A network namespace without IPv6 (nothing speaks in it unasked), loopback up."""

    def __init__(self, lab, label):
        self.lab = lab
        self.name = f"{lab.tag}{label}"
        run("ip", "netns", "add", self.name)
        lab.defer(run, "ip", "netns", "del", self.name, check=False)
        self.sysctl("ipv6/conf/all/disable_ipv6", 1)
        self.sysctl("ipv6/conf/default/disable_ipv6", 1)
        self.ip("link", "set", "lo", "up")

    def ip(self, *words, check=True):
        """Run ip(8) on this namespace."""
        return run("ip", "-n", self.name, *words, check=check)

    def exec(self, *argv, check=True, timeout_s=30):
        """Run a command inside to its end; returns its standard output."""
        return run("ip", "netns", "exec", self.name, *argv, check=check, timeout_s=timeout_s)

    def start(self, *argv, **kwargs):
        """Start a command inside; it ends with the laboratory at the latest."""
        return self.lab.start(*argv, ns=self, **kwargs)

    def sysctl(self, path, value):
        """Write /proc/sys/net/PATH as seen from inside."""
        with in_namespace(self.name), open(f"/proc/sys/net/{path}", "w", encoding="ascii") as f:
            f.write(str(value))

    def links(self):
        """Names of the devices that exist inside."""
        lines = self.ip("-o", "link", "show").splitlines()
        return [line.split(": ")[1].split("@")[0] for line in lines]

    def pids(self):
        """Processes that live inside."""
        return [int(pid) for pid in run("ip", "netns", "pids", self.name).split()]

    def mac(self, dev):
        """A device's MAC address, as text."""
        return re.search(r"link/ether (\S+)", self.ip("link", "show", "dev", dev)).group(1)

    def plain(self, dev):
        """Switch a device's offloads off: a userspace bond must get whole frames with checksums."""
        with in_namespace(self.name), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for command in ETHTOOL_OFFLOADS:
                value = ctypes.create_string_buffer(struct.pack("II", command, 0))
                request = struct.pack("16sP16x", dev.encode(), ctypes.addressof(value))
                with contextlib.suppress(OSError):  # the device has no such offload
                    fcntl.ioctl(sock, SIOCETHTOOL, request)


class Lab:
    """Owner of namespaces, processes and a directory. Use it as a context manager."""

    def __init__(self):
        sweep_stale()
        self._undo = []
        self.tag = f"{PREFIX}{os.getpid()}x{next(_serial)}"
        self.dir = tempfile.mkdtemp(prefix=f"{self.tag}-")
        self.defer(shutil.rmtree, self.dir, ignore_errors=True)
        # EAL makes this directory for --file-prefix and does not remove it.
        self.defer(shutil.rmtree, f"/run/dpdk/{self.tag}", ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def defer(self, fn, *args, **kwargs):
        """Call fn(*args) at close, before what was deferred earlier."""
        self._undo.append((fn, args, kwargs))

    def namespace(self, label):
        """Make a network namespace."""
        return Namespace(self, label)

    def start(self, *argv, **kwargs):
        """Start a process that ends with the laboratory at the latest."""
        process = Process(self, argv, **kwargs)
        self.defer(process.end, grace_s=3.0)
        return process

    def path(self, name):
        """A path in the laboratory's own directory."""
        return os.path.join(self.dir, name)

    def close(self):
        """Undo everything, in reverse; one failure does not keep the rest from being undone.

        Signals wait until it is done.
        """
        held = {signal.SIGINT, signal.SIGTERM}
        before = signal.pthread_sigmask(signal.SIG_BLOCK, held)
        try:
            failures = self._undo_all()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if failures:
            raise LabError("clean-up: " + "; ".join(failures))

    def _undo_all(self):
        failures = []
        while self._undo:
            fn, args, kwargs = self._undo.pop()
            try:
                fn(*args, **kwargs)
            except Exception as error:  # pylint: disable=broad-except
                failures.append(f"{getattr(fn, '__name__', fn)}: {error}")
        return failures
