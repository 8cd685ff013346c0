# SPDX-License-Identifier: BSD-3-Clause
"""A vfbond of virtual devices, run by the scripts of this folder, and their TAP output."""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "scripts" / "lib"))

from netlab import wait_for  # noqa: E402
from program import CommandError, Console  # noqa: E402

DEADLINE_S = 20


def until(condition, what):
    """Wait for a true value, which is returned."""
    return wait_for(condition, what, DEADLINE_S)


def refused(run, line, words):
    """The command must fail, with these words in its reason."""
    try:
        run(line)
    except CommandError as why:
        assert words in str(why), f"{line}: {why}"
        return
    raise AssertionError(f"{line} was accepted")


def rows(text):
    """The lines of a table behind its head, split."""
    return [line.split() for line in text.splitlines()[1:]]


class Live:
    """The running program; `with Live(...) as run: run("command")`. Its end must be clean."""

    def __init__(self, binary, vdevs, options=(), memory_mb=256, env=None):
        self.folder = tempfile.TemporaryDirectory()
        self.log = Path(self.folder.name) / "log"
        path = str(Path(self.folder.name) / "socket")
        argv = [binary, "-l", "0-1", "--no-huge", "-m", str(memory_mb), "--no-pci",
                "--no-telemetry", f"--file-prefix=live-{os.getpid()}"]
        for vdev in vdevs:
            argv += ["--vdev", vdev]
        with open(self.log, "w", encoding="utf-8") as out:
            self.program = subprocess.Popen(
                argv + ["--", "-i", "--socket", path, *options],
                stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT, env=env)
        try:
            self.console = None
            until(lambda: self._connects(path) or self.program.poll() is not None, "the socket")
            assert self.console, "the program ended"
        except (AssertionError, OSError):
            self.kill()
            raise

    def _connects(self, path):
        """The socket is there a moment before anybody listens at it."""
        with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
            self.console = Console(path, DEADLINE_S)
        return self.console

    def __enter__(self):
        return self

    def __call__(self, line):
        return self.console.command(line)

    def said(self, words):
        """How often the program has printed these words."""
        return self.log.read_text(errors="replace").count(words)

    def __exit__(self, kind, value, trace):
        if kind is not None:
            self.kill()
            return
        try:
            self.console.send(b"quit\n")
            status = self.program.wait(DEADLINE_S)
            text = self.log.read_text(errors="replace")
            assert status == 0, f"status {status}: {text}"
            assert re.search(r"pool \S+: (\d+) of \1 mbufs free", text), text
        finally:
            self.kill()

    def kill(self):
        """End it at once, and show what it said if that was not its own end."""
        if self.program.poll() is None:
            self.program.kill()
            self.program.wait()
            print("# " + self.log.read_text(errors="replace").replace("\n", "\n# "))
        self.folder.cleanup()


class Tap:
    """Numbered results in the form of the Test Anything Protocol."""

    def __init__(self, count):
        self.number = self.failed = 0
        print(f"1..{count}", flush=True)

    def result(self, name, good, why=""):
        self.number += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.number} - {name}", flush=True)
        if why:
            print("# " + str(why).replace("\n", "\n# "), flush=True)

    def case(self, name, function, *args):
        """Run a function that raises when it is not satisfied."""
        try:
            function(*args)
            self.result(name, True)
        except (AssertionError, CommandError, LookupError, OSError) as why:
            self.result(name, False, f"{type(why).__name__}: {why}")

    def end(self):
        sys.exit(1 if self.failed else 0)
