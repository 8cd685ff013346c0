# SPDX-License-Identifier: BSD-3-Clause
"""Raw frames at a device: capture with VLAN tags as they were on the wire, and injection.

The kernel takes the outer VLAN tag off a received frame and hands it over beside it
(PACKET_AUXDATA); Capture puts it back.
"""

import errno
import socket
import struct
import time

from netlab import in_namespace

ETH_P_ALL = 3
SOL_PACKET = 263
PACKET_AUXDATA = 8
SO_RCVBUFFORCE = 33
SO_TIMESTAMPNS = 35
PACKET_OUTGOING = 4
TP_STATUS_VLAN_VALID = 1 << 4
TP_STATUS_VLAN_TPID_VALID = 1 << 6

# Destination of marked frames: nobody has it, so nobody answers.
NOBODY = "02:0b:00:00:00:fe"
BROADCAST = "ff:ff:ff:ff:ff:ff"
MARK = b"vfbond-test"


def mac_bytes(text):
    """aa:bb:... as six bytes."""
    return bytes.fromhex(text.replace(":", ""))


class Capture:
    """Frames that a device received (outgoing=True: sent), from now on.

    times has the moment of each frame, as time.time() has it, taken by the kernel.
    """

    def __init__(self, ns, dev, outgoing=False):
        self.dev = dev
        self.outgoing = outgoing
        self.frames = []
        self.times = []
        with in_namespace(ns.name):
            self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
        self.sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.sock.bind((dev, ETH_P_ALL))
        self.sock.setblocking(False)

    @staticmethod
    def _whole(data, ancillary):
        for level, kind, aux in ancillary:
            if level != SOL_PACKET or kind != PACKET_AUXDATA or len(aux) < 20:
                continue
            status, _, _, _, _, tci, tpid = struct.unpack("=IIIHHHH", aux[:20])
            if status & TP_STATUS_VLAN_VALID:
                if not status & TP_STATUS_VLAN_TPID_VALID:
                    tpid = 0x8100
                return data[:12] + struct.pack("!HH", tpid, tci) + data[12:]
        return data

    @staticmethod
    def _moment(ancillary):
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                seconds, nanoseconds = struct.unpack("=qq", data[:16])
                return seconds + nanoseconds * 1e-9
        return time.time()

    def poll(self):
        """Read what has arrived; returns all frames so far."""
        while True:
            try:
                data, ancillary, _, address = self.sock.recvmsg(65536, 256)
            except BlockingIOError:
                return self.frames
            except OSError as error:
                if error.errno != errno.ENETDOWN:  # said once when the device goes down
                    raise
                continue
            if (address[2] == PACKET_OUTGOING) == self.outgoing:
                self.frames.append(self._whole(data, ancillary))
                self.times.append(self._moment(ancillary))

    def timed(self):
        """[(moment, frame)] of all frames so far."""
        frames = self.poll()
        return list(zip(self.times, frames))

    def close(self):
        """Stop capturing."""
        self.sock.close()


class Captures:
    """Several captures at once, as a context manager."""

    def __init__(self, ns, devs, outgoing=False):
        self.caps = [Capture(ns, dev, outgoing) for dev in devs]

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        for cap in self.caps:
            cap.close()

    def marked(self, tag):
        """Per device, the (flow, serial) of all marked frames with this tag so far."""
        return [[m for m in map(mark_of(tag), cap.poll()) if m] for cap in self.caps]

    def all(self):
        """Per device, all frames so far."""
        return [list(cap.poll()) for cap in self.caps]


class Injector:
    """Sends raw frames on a device, as if the kernel's stack did."""

    def __init__(self, ns, dev):
        with in_namespace(ns.name):
            self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.sock.bind((dev, 0))

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.sock.close()

    def send(self, frame, deadline_s=2.0):
        """Send one frame; waits while the device's queue is full. A device that is down eats it."""
        end = time.monotonic() + deadline_s
        while True:
            try:
                return self.sock.send(frame)
            except OSError as error:
                if error.errno == errno.ENETDOWN:
                    return 0
                if error.errno != errno.ENOBUFS or time.monotonic() > end:
                    raise
                time.sleep(0.001)


def _ip_checksum(header):
    total = sum(struct.unpack(f"!{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def marked_frame(src, tag, flow, serial, dst=NOBODY, to_ip="10.98.0.2"):
    """A UDP frame that a capture recognises; the source port tells the flow.

    Only the port varies: an address that varied with it could cancel it in an XOR hash.
    """
    payload = MARK + struct.pack("!III", tag, flow, serial)
    udp = struct.pack("!HHHH", 20000 + flow, 9, 8 + len(payload), 0)
    head = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp) + len(payload), serial & 0xFFFF, 0, 64, 17, 0,
        socket.inet_aton("10.98.0.1"), socket.inet_aton(to_ip),
    )
    head = head[:10] + struct.pack("!H", _ip_checksum(head)) + head[12:]
    return mac_bytes(dst) + mac_bytes(src) + b"\x08\x00" + head + udp + payload


def mark_of(tag):
    """A function that gives a frame's (flow, serial), or None if it does not carry this tag."""

    def find(frame):
        at = frame.find(MARK)
        if at < 0 or len(frame) < at + len(MARK) + 12:
            return None
        seen, flow, serial = struct.unpack("!III", frame[at + len(MARK):at + len(MARK) + 12])
        return (flow, serial) if seen == tag else None

    return find


def send_marked(injector, frames, arrived, copies=1, batch=32, batch_s=0.25, pace_s=0.0):
    """Send frames in batches, each when the one before has arrived or batch_s has passed.

    arrived() gives the number of frames seen so far; pace_s is a least time per batch.
    """
    for start in range(0, len(frames), batch):
        part = frames[start:start + batch]
        began = time.monotonic()
        wanted = arrived() + len(part) * copies
        for frame in part:
            injector.send(frame)
        while True:
            passed = time.monotonic() - began
            if passed > batch_s or (arrived() >= wanted and passed >= pace_s):
                break
            time.sleep(0.001)
