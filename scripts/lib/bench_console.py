# SPDX-License-Identifier: BSD-3-Clause
"""
What the benchmarks of scripts/bench share: where the programs are, and the consoles of the two that
are driven by commands: one command in, its answer out.
"""

import os
import platform
import pty
import re
import select
import shutil
import socket
import subprocess
import termios
import time
from pathlib import Path

START_S = 30
ANSWER_S = 20
END_S = 20
QUIET_S = 0.2

ROOT = Path(__file__).resolve().parents[2]
VFBOND = os.environ.get("VFBOND", str(ROOT / "build/app/vfbond/vfbond"))


def program_path(parser, kind, given):
    """The program behind the option --KIND; a usage error when there is none."""
    path = shutil.which(given)
    if path is None:
        hint = "build it" if kind == "vfbond" else "scripts/deps install bench"
        parser.error(f"--{kind}: {given} is no program here ({hint})")
    return Path(path).resolve()


def bond_vdev(mode, members, policy=None, name="bench"):
    """A bond as EAL's --vdev has it; 'slave' is what DPDK up to 23.07 calls a member there."""
    words = [f"net_bonding_{name}", f"mode={mode}", *(f"slave={m}" for m in members)]
    return ",".join(words + ([f"xmit_policy={policy}"] if policy else []))


def cpu_model():
    """What /proc/cpuinfo calls the CPU."""
    found = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.processor()


class ProgramError(Exception):
    """A program that does not do what it was told, with the last lines that it printed."""

    def __init__(self, what, output):
        tail = "\n  ".join(output.splitlines()[-15:])
        super().__init__(f"{what}\n  {tail}" if tail else what)


class Program:
    """A child process that is ended with the block, however it goes."""

    name = ""
    flows = ()  # commands that make txonly send many flows

    def __init__(self, command, work):
        self.log = work / f"{self.name}.log"
        self.child = None
        self.start(command, work)

    def start(self, command, work):
        raise NotImplementedError

    def run(self, command):
        """Give a command; returns the text that it printed."""
        raise NotImplementedError

    @staticmethod
    def rx_packets(text):
        """The number in an answer to "show port stats", or None."""
        raise NotImplementedError

    def workers(self):
        """The thread ids of the worker lcores, in the order of their lcores."""
        found = []
        for task in Path(f"/proc/{self.child.pid}/task").iterdir():
            # lcore-worker-N up to DPDK 23.03 (with "rte-" before it in some), then dpdk-workerN
            name = re.search(r"worker-?(\d+)", (task / "comm").read_text())
            if name:
                found.append((int(name[1]), int(task.name)))
        return [task for _, task in sorted(found)]

    def worker_seconds(self):
        """How long the threads of the worker lcores have run."""
        return sum(
            int(Path(f"/proc/{self.child.pid}/task/{task}/schedstat").read_text().split()[0])
            for task in self.workers()
        ) / 1e9

    def output(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def error(self, what):
        status = self.child.poll()
        ended = "" if status is None else f" (it ended with status {status})"
        return ProgramError(f"{self.name}: {what}{ended}", self.output())

    def close(self):
        """Let go of the console."""

    def quit(self):
        self.say_quit()
        try:
            status = self.child.wait(END_S)
        except subprocess.TimeoutExpired:
            raise self.error(f"did not end in {END_S} s after quit") from None
        if status != 0:
            raise self.error("quit with an error")

    def say_quit(self):
        self.run("quit")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if self.child is not None and self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        self.close()


class Testpmd(Program):
    """testpmd on a pseudo terminal: on a pipe it holds back what it prints."""

    name = "testpmd"
    prompt = "testpmd> "
    # Fast free, its default, skips what a bond's members must not skip.
    extra = ("--tx-offloads=0", "--txonly-multi-flow", "--no-flush-rx")

    def start(self, command, work):
        self.ours, theirs = pty.openpty()
        mode = termios.tcgetattr(theirs)
        mode[3] &= ~termios.ECHO
        termios.tcsetattr(theirs, termios.TCSANOW, mode)
        command = [*command, *self.extra]
        with open(self.log, "wb") as log:
            log.write((" ".join(command) + "\n").encode())
        self.child = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        os.close(theirs)
        self.answer(START_S)

    def answer(self, limit_s):
        """What is printed up to the next prompt."""
        end = time.monotonic() + limit_s
        text = ""
        with open(self.log, "ab") as log:
            while not text.endswith(self.prompt):
                left = end - time.monotonic()
                # An event may be told after the prompt.
                told = self.prompt in text
                if not select.select([self.ours], [], [], QUIET_S if told else max(left, 0))[0]:
                    if told:
                        break
                    raise self.error(f"no prompt in {limit_s} s")
                try:
                    data = os.read(self.ours, 65536)
                except OSError:  # the other end of a pseudo terminal is gone
                    data = b""
                if not data:
                    self.child.wait(END_S)
                    raise self.error("closed its console")
                log.write(data)
                log.flush()
                text += data.decode(errors="replace")
        return text

    def run(self, command):
        os.write(self.ours, command.encode() + b"\n")
        text = self.answer(ANSWER_S)
        if "Bad arguments" in text or "Command not found" in text or "Ambiguous" in text:
            raise self.error(f"refused '{command}'")
        return text

    @staticmethod
    def rx_packets(text):
        found = re.search(r"RX-packets:\s*(\d+)", text)
        return int(found[1]) if found else None

    def say_quit(self):
        os.write(self.ours, b"quit\n")
        # Read what it says while it ends, or it would wait for us.
        end = time.monotonic() + END_S
        while select.select([self.ours], [], [], max(0, end - time.monotonic()))[0]:
            try:
                if not os.read(self.ours, 65536):
                    return
            except OSError:
                return

    def close(self):
        os.close(self.ours)


class Vfbond(Program):
    """vfbond by its socket: reply text, then "ok" or "error: REASON (-ERRNO)"."""

    name = "vfbond"
    flows = ("set flows 256",)  # as many as testpmd's multi-flow has

    def start(self, command, work):
        path = work / "vfbond.sock"
        path.unlink(missing_ok=True)
        extra = [f"--socket={path}"]
        # Standard input stays open and silent: its end would be the end of the program.
        with open(self.log, "wb") as log:
            log.write((" ".join(command + extra) + "\n").encode())
            log.flush()
            self.child = subprocess.Popen(
                command + extra, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        end = time.monotonic() + START_S
        while True:
            try:
                self.peer.connect(str(path))
                break
            except (FileNotFoundError, ConnectionRefusedError):
                if self.child.poll() is not None or time.monotonic() > end:
                    error = self.error("no socket to talk to")
                    self.__exit__()
                    raise error from None
                time.sleep(0.02)
        self.reader = self.peer.makefile("r", errors="replace")

    def run(self, command):
        self.peer.settimeout(ANSWER_S)
        try:
            self.peer.sendall(command.encode() + b"\n")
            text = ""
            for line in self.reader:
                if line.startswith("error: "):
                    raise self.error(f"refused '{command}': {line[7:].strip()}")
                if line == "ok\n":
                    return text
                text += line
        except (TimeoutError, ConnectionError):
            raise self.error(f"no answer to '{command}' in {ANSWER_S} s") from None
        raise self.error(f"closed the socket at '{command}'")

    @staticmethod
    def rx_packets(text):
        head, _, rows = text.partition("\n")
        columns, cells = head.split(), rows.split()
        if "RX-packets" not in columns or len(cells) != len(columns):
            return None
        return int(cells[columns.index("RX-packets")])

    def say_quit(self):
        self.peer.sendall(b"quit\n")

    def close(self):
        self.peer.close()
        if self.child is not None and self.child.stdin is not None:
            self.child.stdin.close()
