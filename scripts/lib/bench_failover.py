# SPDX-License-Identifier: BSD-3-Clause
"""
scripts/bench failover: how long traffic pauses when the cable of a bond's working member is pulled.

Numbered UDP datagrams go at a steady rate from a kernel stack by a tap, the bond and two
net_af_packet members (macvlan over veth) to another kernel stack behind a Linux bridge (mode
802.3ad: Open vSwitch). The far end of the cable of the member that carries them is set down, and up
again later, several times; then the next path has its turn: vfbond with io_path=direct, vfbond with
io_path=pmd, and dpdk-testpmd with a bond of the same vdevs. No time makes it fail, only a program
that does not work.

All times are of CLOCK_REALTIME. A pull begins with the kernel's notification, RTM_NEWLINK of the
member's device without carrier, as soon as this script has read it. Packets have the kernel's own
time stamps. From the notification on the kernel hands nothing more to a device without carrier, so
that no capture sees what a program still gives to it. The columns, as median / worst of all pulls:

last on dead     from the notification to the last frame on the dead member: the one captured last
                 on its veth or, if it is later, the last one lost before the other member's
                 first, when it was sent
first on other   from the notification to the first frame captured on the other member that follows
gap              longest time between two datagrams that the receiver got, from right before the
                 pull until the cable is back
unnoticed        how much of that gap lies before the notification: the kernel's share
no CPU           for how much of that gap the sender, a worker or the program's main thread was
                 ready to run and had no CPU: the machine's share
asleep           longest time a worker stood still without being ready to run, blocked in the kernel:
                 the program's share, to some 5 ms
gap, no pull     the gap in the time before the pull: what the machine is good for without one
lost             datagrams sent in that time and not received before the cable was back
stale            those of the lost that came later: they had waited in the dead member's ring for
                 its next use, which the last pull may not live to see

A pull is disturbed when one of those threads waits for a CPU for 10 ms or longer at a stretch while
it is looked at. It is counted apart, in a row of its own, and another one is made in its place, up
to as many again as asked for.
"""

import argparse
import bisect
import contextlib
import json
import math
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

from bench_console import ProgramError, Testpmd, VFBOND, bond_vdev, program_path
from bench_failover_table import NS_PER_MS, as_json, label, table
from bench_waits import Waits, worker_and_control
from load import ping_once
from netlab import Lab, LabError, in_namespace, run, wait_for
from program import MODES, Vfbond, eal_args
from topology import IP_B, TAP, Topology, member_mac

PATHS = ("direct", "pmd", "testpmd")
# A pull is looked at from so long before it on, and its losses end where so long nothing is lost.
MARGIN_NS = 50 * NS_PER_MS
REACTION_S = 0.5  # nothing else runs while a program reacts, not even this script
SETTLED_S = 1.0  # of whole traffic between two pulls
MBUFS = 16384  # of testpmd
DISTURBED_NS = 10 * NS_PER_MS  # a thread waits for a CPU at a stretch: nothing to do with a program
REPEATS = 2  # times the pulls asked for, at most, the disturbed ones among them
NOTIFIED_S = 30  # a machine may be busy
GIVE_UP_AFTER = 3  # pulls in a row without a failover
FLOWING = 0.9  # of the rate arrives

SPREADING = ("balance-rr", "broadcast")

NETLINK_ROUTE = 0
RTMGRP_LINK = 1
RTM_NEWLINK = 16
IFF_LOWER_UP = 1 << 16
NLMSG_HEADER = struct.Struct("=IHHII")
IFINFOMSG = struct.Struct("=BxHiII")
RECORD = struct.Struct("=QQ")  # struct record of pulse.c


class LinkEvents:
    """The kernel's notifications about a namespace's devices, each with the time of its reading."""

    def __init__(self, ns):
        with in_namespace(ns.name):
            self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_ROUTE)
        self.sock.bind((0, RTMGRP_LINK))

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.sock.close()

    def forget(self):
        """Drop what has been said until now."""
        self.sock.settimeout(0)
        with contextlib.suppress(BlockingIOError):
            while True:
                self.sock.recv(65536)

    def carrier_lost(self, index, deadline_s):
        """Wait until a device loses its carrier; the time in ns."""
        end = time.monotonic() + deadline_s
        while time.monotonic() < end:
            self.sock.settimeout(deadline_s)
            with contextlib.suppress(TimeoutError):
                data = self.sock.recv(65536)
                now_ns = time.time_ns()
                if any(i == index and not up for i, up in self._links(data)):
                    return now_ns
        raise AssertionError(f"no notification of the kernel within {deadline_s:g} s")

    @staticmethod
    def _links(data):
        """The (index, carrier) of each RTM_NEWLINK."""
        while len(data) >= NLMSG_HEADER.size:
            length, kind = NLMSG_HEADER.unpack_from(data)[:2]
            if kind == RTM_NEWLINK:
                _, _, index, flags, _ = IFINFOMSG.unpack_from(data, NLMSG_HEADER.size)
                yield index, bool(flags & IFF_LOWER_UP)
            data = data[(length + 3) & ~3:]


class Records:
    """What one process of pulse recorded, in the order of time."""

    def __init__(self, path):
        data = Path(path).read_bytes()
        whole = data[:len(data) // RECORD.size * RECORD.size]
        rows = sorted(RECORD.iter_unpack(whole))
        self.times = [t for t, _ in rows]
        self.numbers = [n for _, n in rows]

    def between(self, since_ns, until_ns):
        """The (time, number) of since <= time < until."""
        span = slice(bisect.bisect_left(self.times, since_ns),
                     bisect.bisect_left(self.times, until_ns))
        return list(zip(self.times[span], self.numbers[span]))

    def longest_gap(self, since_ns, until_ns):
        """The (begin, end) of the longest time without a record between two moments, in ns."""
        marks = [since_ns, *(t for t, _ in self.between(since_ns, until_ns)), until_ns]
        return max(zip(marks, marks[1:]), key=lambda gap: gap[1] - gap[0])


class Pulses:
    """The steady traffic of one path, from its start to the records of it."""

    def __init__(self, lab, topo, program, args):
        self.lab = lab
        self.topo = topo
        self.rate = args.rate
        # Whatever happens, no process outlives the longest run.
        pull_s = args.deadline + REACTION_S + 2 * args.deadline + SETTLED_S
        self.limit_s = math.ceil(60 + REPEATS * args.count * pull_s)
        self.processes = {}
        for i in range(topo.members):
            index = device_index(topo.a, f"ve{i}")
            self._start(topo.a, program, f"member{i}", "capture", index)
        self._start(topo.b, program, "received", "receive")
        self._start(topo.a, program, "sent", "send", IP_B, args.rate)

    def _start(self, ns, program, name, *words):
        argv = [program, self.lab.path(name), self.limit_s, *words]
        self.processes[name] = ns.start(*argv, name=f"pulse-{name}")

    def sender(self):
        """The PID of the one that sends."""
        return self.processes["sent"].popen.pid

    def arriving(self, seconds=0.1):
        """Share of the rate that the receiver gets now."""
        before, since = datagrams_received(self.topo.b), time.monotonic()
        time.sleep(seconds)
        got = datagrams_received(self.topo.b) - before
        return got / (self.rate * (time.monotonic() - since))

    def wait_flowing(self, what, deadline_s):
        """Wait until nearly all datagrams arrive; AssertionError after the deadline."""
        try:
            wait_for(lambda: self.arriving() >= FLOWING, what, deadline_s)
        except AssertionError as error:
            self._check_alive()
            share = self.arriving()
            raise AssertionError(
                f"{error}: {share:.0%} of {self.rate} datagrams/s arrive (see --rate)"
            ) from None

    def carrier(self):
        """The member that carries most of the traffic now."""
        before = frames_sent(self.topo)
        grown = []

        def enough():
            grown[:] = [after - b for after, b in zip(frames_sent(self.topo), before)]
            return sum(grown) >= self.rate / 20

        # Not a time: on a busy machine nothing at all may leave in it.
        wait_for(enough, "frames on the members", NOTIFIED_S)
        return grown.index(max(grown))

    def _check_alive(self):
        for process in self.processes.values():
            assert process.alive(), f"{process.name} ended early: {process.log()}"

    def stop(self):
        """End the processes, the sender first; the records of each by its name."""
        self._check_alive()
        for process in reversed(self.processes.values()):
            status = process.end()
            assert status == 0, f"{process.name}: status {status}: {process.log()}"
            time.sleep(0.1)  # what is on its way still arrives
        return {name: Records(self.lab.path(name)) for name in self.processes}


class Pull:
    """One cable out and in again: what was noted at the time."""

    def __init__(self, victim, notified_ns):
        self.victim = victim
        self.notified_ns = notified_ns
        self.plugged_ns = None
        self.failed_over = False

    def span(self):
        """From when to when the pull is looked at."""
        return self.notified_ns - MARGIN_NS, self.plugged_ns

    def longest_wait(self, waits):
        """The longest wait for a CPU of a thread that traffic depends on: (ns, thread)."""
        return waits.longest(*self.span())

    def disturbed(self, waits):
        """Whether it says more about the machine than about the program."""
        return self.longest_wait(waits)[0] >= DISTURBED_NS

    def figures(self, records, waits, members, spread):
        """The measured numbers, times relative to the notification; inf is never.

        spread: one flow uses several members at once, so that what follows on one of them does not
        tell that the other has no more.
        """
        since, until = self.span()
        quiet = since - min(until - since, int(SETTLED_S * 1e9))
        received = records["received"]
        in_time = {n for _, n in received.between(since, until)}
        sent = records["sent"].between(since, until - MARGIN_NS)
        lost = [(t, n) for t, n in sent if n not in in_time]
        late = {n for _, n in received.between(until, math.inf)}
        figures = {
            "failed_over": self.failed_over, "member": self.victim,
            "disturbed": self.disturbed(waits),
            "longest_wait_ns": self.longest_wait(waits)[0],
            "longest_wait_of": self.longest_wait(waits)[1],
            "last_on_dead_ns": math.inf, "first_on_other_ns": math.inf, "gap_ns": math.inf,
            "unnoticed_ns": 0,
            "asleep_ns": max(waits.longest_asleep(name, since, until)
                             for name in waits.names if name.startswith("worker")),
            "quiet_gap_ns": length(received.longest_gap(quiet, since)),
            "lost": len(lost), "stale": sum(1 for _, n in lost if n in late),
        }
        gap = received.longest_gap(since, until)
        figures["no_cpu_ns"] = waits.waited(*gap)
        if not self.failed_over:
            return figures
        figures["gap_ns"] = length(gap)
        if gap[1] > self.notified_ns:
            figures["unnoticed_ns"] = max(self.notified_ns - gap[0], 0)
        last_ns, last = records[f"member{self.victim}"].between(0, until)[-1]
        follow = sorted(
            pair for i in range(members) if i != self.victim
            for pair in records[f"member{i}"].between(since, until)
        )
        first = None if spread else next((n for _, n in follow if n > last), None)
        for t, n in lost:
            if t > last_ns + MARGIN_NS or (first is not None and n > first):
                break  # the reason is another one
            if n > last:
                last_ns, last = t, n
        figures["last_on_dead_ns"] = last_ns - self.notified_ns
        follow = [t for t, n in follow if n > last]
        if follow:
            figures["first_on_other_ns"] = follow[0] - self.notified_ns
        return figures


def length(span):
    """From the begin to the end."""
    return span[1] - span[0]


def device_index(ns, dev):
    """The index of a namespace's device."""
    with in_namespace(ns.name):
        return socket.if_nametoindex(dev)


def read_proc_net(ns, name):
    """The lines of a file of /proc/net as a namespace has it, without starting a process."""
    with in_namespace(ns.name):
        return Path(f"/proc/thread-self/net/{name}").read_text(encoding="ascii").splitlines()


def datagrams_received(ns):
    """How many UDP datagrams were read by the namespace's programs."""
    heads, values = [line.split() for line in read_proc_net(ns, "snmp")
                     if line.startswith("Udp:")]
    return int(values[heads.index("InDatagrams")])


def frames_sent(topo):
    """Frames that have left by each member's veth."""
    sent = {}
    for line in read_proc_net(topo.a, "dev")[2:]:
        dev, counters = line.split(":")
        sent[dev.strip()] = int(counters.split()[9])
    return [sent[f"ve{i}"] for i in range(topo.members)]


def compiled(work, name):
    """One of the C programs beside this file, compiled into a directory."""
    program = os.path.join(work, name)
    source = Path(__file__).resolve().parent / f"{name}.c"
    run("cc", "-O2", "-Wall", "-o", program, source)
    return program


@contextlib.contextmanager
def running(path, lab, topo, args):
    """The program of this path, forwarding between the tap and the bond; its PID."""
    if path == "testpmd":
        words = ["ip", "netns", "exec", topo.a.name, str(args.programs["testpmd"])]
        words += [str(word) for word in eal_args(lab) + topo.vdevs()]
        mode = MODES.index(args.mode)
        words += ["--vdev", bond_vdev(mode, topo.member_names().split(","), args.pmd_policy)]
        tap, bond = topo.members, topo.members + 1
        words += ["--", "-i", f"--portlist={tap},{bond}", "--port-topology=paired"]
        words.append(f"--total-num-mbufs={MBUFS}")
        with Testpmd(words, Path(lab.dir)) as testpmd:
            testpmd.run("set fwd io")
            testpmd.run("start")
            yield testpmd.child.pid
            testpmd.quit()
        return
    spec = f"bond0 mode={args.mode} io_path={path} members={topo.member_names()}"
    if args.pmd_policy:
        spec += " xmit_hash_policy=layer3+4"
    vfbond = Vfbond(
        lab, args.programs["vfbond"], topo.a, topo.vdevs(),
        ["--auto-start", "--bond", spec, "--pair", "bond0,net_tap0"],
    )
    try:
        vfbond.wait_console()
        yield vfbond.process.popen.pid
        vfbond.stop()
    except AssertionError as error:
        raise ProgramError(str(error), vfbond.log()) from None


def join(topo):
    """Give the stack behind the bond its address, and make the neighbours known for good."""
    topo.tap_up()
    topo.a.ip("link", "set", TAP, "address", member_mac(0))
    wait_for(topo.switch.ready, "the agreement of the peer (LACP)", 15)
    ping_once(topo.a, IP_B)
    # Neither ARP nor its timeouts shall have a part in this.
    topo.a.ip("neigh", "replace", IP_B, "lladdr", topo.b.mac("br0"), "dev", TAP, "nud", "permanent")


@contextlib.contextmanager
def urgent():
    """Let this thread, but none of its children, preempt others, to read the clock at once."""
    normal = os.sched_param(0)
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, normal)


def pull_once(topo, pulses, links, args):
    """Pull the working member's cable, see whether the traffic goes on, plug the cable in."""
    victim = pulses.carrier()
    index = device_index(topo.a, topo.macvlans[victim])
    links.forget()
    with urgent():
        topo.unplugged.add(victim)
        # Not waited for: what follows must be waiting when it has happened.
        cable = topo.lab.start("ip", "-n", topo.b.name, "link", "set", topo.ports[victim], "down",
                               name="pull")
        pull = Pull(victim, links.carrier_lost(index, NOTIFIED_S))
        time.sleep(REACTION_S)
    assert cable.wait() == 0, cable.log()
    end = pull.notified_ns + args.deadline * 1e9
    while not pull.failed_over and time.time_ns() < end:
        pull.failed_over = pulses.arriving() >= FLOWING
    pull.plugged_ns = time.time_ns()
    topo.plug(victim)
    wait_for(lambda: topo.carrier(victim), f"carrier of member {victim}")
    wait_for(topo.switch.ready, "the agreement of the peer (LACP)", 15)
    pulses.wait_flowing("traffic with the cable back", 2 * args.deadline)
    time.sleep(SETTLED_S)
    return pull


def watch_threads(lab, pulses, pid, programs):
    """Record the waits of all threads that a datagram depends on from the sender to the wire."""
    workers, control = worker_and_control(pid)
    threads = {f"worker {tid}": (pid, tid) for tid in workers}
    threads["control"] = (pid, control)
    threads["sender"] = (pulses.sender(), pulses.sender())
    return Waits(lab, programs["waits"], pulses.limit_s, threads)


def pulls_of(path, topo, pulses, links, waits, args):
    """Pull until there are enough that nothing disturbed, or the bound is reached."""
    pulls, whole = [], 0
    while whole < args.count and len(pulls) < REPEATS * args.count:
        pull = pull_once(topo, pulses, links, args)
        pulls.append(pull)
        waits.read()
        disturbed = pull.disturbed(waits)
        whole += not disturbed
        how = "failover" if pull.failed_over else f"none in {args.deadline:g} s"
        if disturbed:
            wait_ns, thread = pull.longest_wait(waits)
            how += f", disturbed: {thread} had no CPU for {wait_ns / NS_PER_MS:.0f} ms"
        print(f"{path}  pull {len(pulls)}  {how}", file=sys.stderr)
        last = pulls[-GIVE_UP_AFTER:]
        if len(last) == GIVE_UP_AFTER and not any(p.failed_over for p in last):
            break
    return pulls


def measure(path, programs, args):
    """All pulls of one path; their figures."""
    with Lab() as lab:
        topo = Topology(lab, 2, "ovs" if args.mode == "802.3ad" else "bridge")
        with running(path, lab, topo, args) as pid, LinkEvents(topo.a) as links:
            join(topo)
            pulses = Pulses(lab, topo, programs["pulse"], args)
            waits = watch_threads(lab, pulses, pid, programs)
            pulses.wait_flowing("traffic", 5)
            time.sleep(SETTLED_S)
            pulls = pulls_of(path, topo, pulses, links, waits, args)
            waits.stop()
            records = pulses.stop()
        return [p.figures(records, waits, topo.members, args.mode in SPREADING) for p in pulls]


def arguments(argv):
    """The checked options."""
    parser = argparse.ArgumentParser(
        prog="bench failover", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--count", type=int, default=20, help="undisturbed pulls per path, 1..200; default 20")
    parser.add_argument("--mode", default="active-backup", help="by name or 0..6; %(default)s")
    parser.add_argument("--paths", default=",".join(PATHS), help="default %(default)s")
    parser.add_argument("--rate", type=int, default=10000,
                        help="datagrams per second, 100..100000; default 10000")
    parser.add_argument("--deadline", type=float, default=5,
                        help="seconds after which a failover has not come, 1..30; default 5")
    parser.add_argument("--vfbond", default=VFBOND, help="default %(default)s")
    parser.add_argument("--testpmd", default="dpdk-testpmd", help="default %(default)s")
    parser.add_argument("--json", metavar="FILE", help="write all figures there")
    args = parser.parse_args(argv)
    args.paths = args.paths.split(",")
    if args.mode.isdigit() and int(args.mode) < len(MODES):
        args.mode = MODES[int(args.mode)]
    if args.mode not in MODES:
        parser.error(f"--mode: 0..6 or one of {', '.join(MODES)}")
    if not 1 <= args.count <= 200:
        parser.error("--count: 1..200")
    if not 100 <= args.rate <= 100000 or not 1 <= args.deadline <= 30:
        parser.error("--rate: 100..100000, --deadline: 1..30")
    if not set(args.paths) <= set(PATHS):
        parser.error(f"--paths: some of {','.join(PATHS)}")
    # By ports too, or a single pair of hosts has a single place in a hash.
    args.pmd_policy = "l34" if args.mode in ("balance-xor", "802.3ad") else None
    wanted = {"testpmd" if path == "testpmd" else "vfbond" for path in args.paths}
    args.programs = {k: program_path(parser, k, getattr(args, k)) for k in sorted(wanted)}
    for tool in ("cc", "ip", "bridge"):
        if shutil.which(tool) is None:
            parser.error(f"no {tool} here: scripts/deps install build run")
    if not os.path.exists("/proc/self/schedstat"):
        parser.error("no /proc/PID/schedstat here (a kernel with CONFIG_SCHED_INFO has it)")
    if os.geteuid() != 0:
        parser.error("needs root (network namespaces)")
    return args


def main(argv):
    """Measure every path, print the table."""
    args = arguments(argv)

    def ended(signum, frame):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, ended)
    results = {}
    status = 0
    try:
        with Lab() as lab:
            programs = {name: compiled(lab.dir, name) for name in ("pulse", "waits")}
            for path in args.paths:
                try:
                    results[path] = measure(path, programs, args)
                except (AssertionError, LabError, ProgramError) as error:
                    print(f"bench: {label(path)}: {error}", file=sys.stderr)
                    status = 1
    except (LabError, subprocess.SubprocessError, OSError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench: interrupted; everything is removed again", file=sys.stderr)
        return 130
    if results:
        table(results, args)
    if args.json:
        Path(args.json).write_text(json.dumps(as_json(results, args), indent=2) + "\n")
    return status
