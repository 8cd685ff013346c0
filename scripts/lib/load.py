# SPDX-License-Identifier: BSD-3-Clause
"""Real traffic between two kernel stacks: a ping that knows when it went unanswered, and iperf3."""

import json
import re
import signal
import time

from netlab import LabError, wait_for

_REPLY = re.compile(r"^\[(\d+\.\d+)\] \d+ bytes from .*icmp_seq=(\d+) .*?(\(DUP!\))?$", re.M)


class Ping:
    """ping(8) at a fixed rate, read while it runs. Times are those of time.time()."""

    def __init__(self, ns, target, interval_s=0.05):
        self.interval_s = interval_s
        self.process = ns.start(
            "stdbuf", "-oL", "ping", "-n", "-D", "-i", interval_s, target, name="ping"
        )

    def replies(self):
        """[(time, sequence number)] of all answers, duplicates left out."""
        return [
            (float(t), int(seq)) for t, seq, dup in _REPLY.findall(self.process.log()) if not dup
        ]

    def longest_gap(self, since, until):
        """The longest time without an answer between two moments, in seconds."""
        times = [t for t, _ in self.replies() if since <= t <= until]
        marks = [since] + times + [until]
        return max(b - a for a, b in zip(marks, marks[1:]))

    def answered(self, count, since):
        """True when count pings were answered after a moment."""
        return sum(1 for t, _ in self.replies() if t > since) >= count

    def wait_answered(self, count, since, what, deadline_s):
        """Wait for count answers after a moment; AssertionError after the deadline."""
        wait_for(lambda: self.answered(count, since), f"{count} pings answered {what}",
                 deadline_s, poll_s=0.1)

    def stop(self):
        """End the ping after its last requests were answered or 1 s passed; (sent, lost)."""
        # An answer is quicker than a second, or lost: the requests of the last second don't count.
        self.process.send(signal.SIGINT)
        self.process.wait(5)
        seen = {seq for _, seq in self.replies()}
        match = re.search(r"(\d+) packets transmitted", self.process.log())
        if not match:
            raise LabError("ping said: " + self.process.log()[-300:])
        counted = max(int(match.group(1)) - int(1 / self.interval_s), max(seen, default=0))
        return counted, counted - len(seen)


def ping_once(ns, target, deadline_s=10.0):
    """Ping until one answer comes; AssertionError after the deadline."""
    wait_for(
        lambda: " 0% packet loss" in ns.exec("ping", "-n", "-c1", "-W1", target, check=False),
        f"an answer of {target} to a ping", deadline_s,
    )


class IperfServer:
    """iperf3 -s in a namespace; serves one transfer after the other."""

    def __init__(self, ns):
        self.process = ns.start("iperf3", "-s", "--forceflush")
        self.served = 0
        self.wait_ready()

    def wait_ready(self):
        """Wait until it listens again: right after a transfer it resets new connections."""
        wait_for(lambda: self.process.log().count("Server listening") > self.served,
                 "iperf3 server")


def iperf_tcp(server, ns, target, seconds=1, reverse=False, options=()):
    """One TCP transfer towards the server (or back): (bits per second received, retransmits)."""
    server.wait_ready()
    server.served += 1
    argv = ["iperf3", "-c", target, "-t", seconds, "-J", "--connect-timeout", "3000"]
    argv += ["-R"] if reverse else []
    text = ns.exec(*argv, *options, check=False, timeout_s=seconds + 25)
    try:
        result = json.loads(text)
    except ValueError:
        raise AssertionError(f"iperf3 gave no result: {text[-300:]}") from None
    if "error" in result:
        raise AssertionError(f"iperf3: {result['error']}")
    end = result["end"]
    return end["sum_received"]["bits_per_second"], end["sum_sent"].get("retransmits", 0)


def steady_since(ping, since, seconds, deadline_s, whole=True):
    """Wait for some seconds without a gap after a moment; whole: with no ping lost in them at all.

    A transfer beside the ping fills queues, and then single pings are lost without any gap.
    """

    def steady():
        now = time.time()
        if now - since < seconds:
            return False
        seqs = [seq for t, seq in ping.replies() if t >= now - seconds]
        complete = bool(seqs) and max(seqs) - min(seqs) + 1 == len(set(seqs))
        gap_max = 3 * ping.interval_s + 0.1
        return (complete or not whole) and ping.longest_gap(now - seconds, now) < gap_max

    wait_for(steady, f"{seconds:g} s of answered pings", deadline_s, poll_s=0.1)
