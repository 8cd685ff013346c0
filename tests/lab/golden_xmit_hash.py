#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""By which member of a bond Linux sends each of many different frames; runs inside the lab VM.

golden_xmit_hash.sh starts it there and keeps what it leaves in xmit_hash.txt. Frames are injected
into a veth pair whose other end hands them to the bond (tc mirred), which is how the bond of a
machine that forwards sees them: the outermost VLAN tag is in the skb then. Tagged frames are also
sent through VLAN devices of the bond and as they are by AF_PACKET on the bond; how often these
differ is said at the head of the result.
"""

import argparse
import platform
import select
import socket
import struct
import subprocess
import time

import xmit_hash_frames

POLICIES = ["layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac"]
COUNTS = [2, 3, 5]
RESULT = "xmit_hash.txt"

ETH_P_ALL = 3
SOL_PACKET = 263
PACKET_AUXDATA = 8
SO_RCVBUFFORCE = 33
PACKET_OUTGOING = 4
TP_STATUS_VLAN_VALID = 1 << 4
CHUNK = 64  # frames in flight: far below every queue on the way


def sh(command):
    subprocess.run(command, shell=True, check=True)


def bond_option(name, value):
    with open(f"/sys/class/net/bond0/bonding/{name}", "w", encoding="ascii") as file:
        file.write(value)


def set_up():
    """bond0 with no member yet, members m0.. with far ends c0.., and a way in: in0 to in1."""
    sh("sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1")
    sh("modprobe -a bonding veth 8021q sch_ingress cls_matchall act_mirred")
    sh("ip link add bond0 type bond mode balance-xor miimon 50")
    sh("ip link set bond0 up mtu 9000")
    for i in range(max(COUNTS)):
        sh(f"ip link add m{i} type veth peer name c{i}")
        sh(f"ip link set c{i} up mtu 9000")
    sh("ip link add in0 type veth peer name in1")
    sh("ip link set in0 up mtu 9000; ip link set in1 up mtu 9000")
    sh("tc qdisc add dev in1 clsact")
    sh("tc filter add dev in1 ingress matchall action mirred egress redirect dev bond0")


def have_members(count):
    """The first @count members are in the bond and up, in their order."""
    for i in range(count):
        sh(f"[ -e /sys/class/net/m{i}/master ] || ip link set m{i} master bond0")
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with open("/proc/net/bonding/bond0", encoding="ascii") as file:
            if file.read().count("MII Status: up") == count + 1:
                time.sleep(0.2)
                return
        time.sleep(0.05)
    raise SystemExit(f"the bond did not get {count} members up")


class Far:
    """What comes out at the members' far ends, tags put back where they were."""

    def __init__(self):
        self.socks = {}
        self.poll = select.poll()
        for i in range(max(COUNTS)):
            sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 32 << 20)
            sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
            sock.bind((f"c{i}", ETH_P_ALL))
            sock.setblocking(False)
            self.socks[sock.fileno()] = (i, sock)
            self.poll.register(sock, select.POLLIN)

    @staticmethod
    def _whole(data, ancillary):
        for level, kind, aux in ancillary:
            if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
                status, _, _, _, _, tci, tpid = struct.unpack("=IIIHHHH", aux[:20])
                if status & TP_STATUS_VLAN_VALID:
                    return data[:12] + struct.pack("!HH", tpid, tci) + data[12:]
        return data

    def take(self, wanted, found):
        """Frames of the set @wanted move to @found, frame to member, until all came or 2 s went."""
        while wanted:
            ready = self.poll.poll(2000)
            if not ready:
                return
            for fileno, _ in ready:
                index, sock = self.socks[fileno]
                try:
                    while True:
                        data, ancillary, _, address = sock.recvmsg(16384, 256)
                        if address[2] == PACKET_OUTGOING:
                            continue
                        frame = self._whole(data, ancillary)
                        if frame in wanted:
                            wanted.discard(frame)
                            found[frame] = index
                except BlockingIOError:
                    pass


def injector(dev):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.bind((dev, 0))
    return sock


def members_of(far, jobs):
    """Frame to member of all (socket, bytes to send, frame expected) of @jobs."""
    found = {}
    for at in range(0, len(jobs), CHUNK):
        chunk = jobs[at : at + CHUNK]
        for sock, data, _ in chunk:
            sock.send(data)
        far.take({frame for _, _, frame in chunk}, found)
    return found


def vlan_device_of(frame):
    """The tags of a frame that VLAN devices can make: (tpid, id) each, without a priority."""
    tags = []
    at = 12
    while len(frame) >= at + 6:
        tpid, tci = struct.unpack("!HH", frame[at : at + 4])
        if tpid not in (0x8100, 0x88A8):
            break
        if not 0 < tci < 4095 or len(tags) == 2:
            return None
        tags.append((tpid, tci))
        at += 4
    return tuple(tags) or None


class VlanDevices:
    """VLAN devices on the bond, made when first asked for."""

    def __init__(self):
        self.socks = {}

    def sock(self, tags):
        if tags not in self.socks:
            lower = "bond0"
            for depth in range(len(tags)):
                name = "v" + ".".join(f"{tpid & 0xF:x}{vid}" for tpid, vid in tags[: depth + 1])
                tpid, vid = tags[depth]
                proto = "802.1Q" if tpid == 0x8100 else "802.1ad"
                sh(
                    f"[ -e /sys/class/net/{name} ] || {{ ip link add link {lower} name {name}"
                    f" type vlan proto {proto} id {vid} && ip link set {name} up; }}"
                )
                lower = name
            self.socks[tags] = injector(lower)
        return self.socks[tags]


class Comparison:
    """How many of the frames sent in another way left by another member."""

    def __init__(self, words):
        self.words = words
        self.frames = set()
        self.differ = {policy: set() for policy in POLICIES}

    def add(self, policy, reference, found):
        for frame, member in found.items():
            self.frames.add(frame)
            if reference[frame] != member:
                self.differ[policy].add(frame)

    def line(self):
        differ = [f"{len(f)} by {p}" for p, f in self.differ.items() if f]
        return f"{len(self.frames)} {self.words}: {', '.join(differ) or 'none'} differ"


def measure(frames):
    """Rows: of each frame the members by policy and count. And the comparisons."""
    set_up()
    far = Far()
    forwarded = injector("in0")
    inline = injector("bond0")
    devices = VlanDevices()
    single, double, raw = [], [], []
    for frame in frames:
        if frame[12:14] not in (b"\x81\x00", b"\x88\xa8"):
            continue
        raw.append((inline, frame, frame))
        tags = vlan_device_of(frame)
        if tags:
            data = frame[:12] + frame[12 + 4 * len(tags) :]
            jobs = single if len(tags) == 1 else double
            jobs.append((devices.sock(tags), data, frame))
    others = [
        (single, Comparison("frames with one tag sent through a VLAN device of the bond")),
        (double, Comparison("frames with two tags sent through a VLAN device on another")),
        (raw, Comparison("tagged frames sent by AF_PACKET on the bond itself")),
    ]
    rows = {frame: [] for frame in frames}
    for count in COUNTS:
        have_members(count)
        for policy in POLICIES:
            bond_option("xmit_hash_policy", policy)
            found = members_of(far, [(forwarded, frame, frame) for frame in frames])
            lost = [frame.hex() for frame in frames if frame not in found]
            if lost:
                raise SystemExit(f"{policy}, {count}: {len(lost)} frames lost: {lost[0]}")
            for frame in frames:
                rows[frame].append(found[frame])
            for jobs, comparison in others:
                comparison.add(policy, found, members_of(far, jobs))
            print(f"{count} members, {policy}: {len(found)} frames", flush=True)
    return rows, [comparison.line() for _, comparison in others]


def write(rows, comparisons, seed):
    head = f"""Linux {platform.release()}: {platform.version()}
Made by tests/lab/golden_xmit_hash.sh --seed {seed} --frames {len(rows)}.
By which member of a balance-xor bond each frame left, when it was forwarded to the bond. For each
of {", ".join(POLICIES)}
three digits: the member's index in a bond of {", of ".join(map(str, COUNTS))}; then the frame.
Compared with the same frames sent in another way:
"""
    lines = ["# " + line for line in head.splitlines() + comparisons]
    n = len(POLICIES)
    for frame, members in rows.items():
        digits = [
            "".join(str(members[c * n + p]) for c in range(len(COUNTS))) for p in range(n)
        ]
        lines.append(" ".join(digits + [frame.hex()]))
    with open(RESULT, "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--frames", type=int, default=1000)
    args = parser.parse_args()
    rows, comparisons = measure(xmit_hash_frames.frames(args.seed, args.frames))
    write(rows, comparisons, args.seed)
    print("\n".join(comparisons))


if __name__ == "__main__":
    main()
