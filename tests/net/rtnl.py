# SPDX-License-Identifier: BSD-3-Clause
"""Devices of a namespace by rtnetlink, without a process for each change: up, down, gone, carrier.

Hundreds of link events a minute, or one at a chosen moment. Each request waits for the kernel's
answer.
"""

import collections
import errno
import os
import socket
import struct

from netlab import LabError, in_namespace

NLMSG_ERROR = 2
NLM_F_REQUEST = 1
NLM_F_ACK = 4
RTM_NEWLINK = 16
RTM_DELLINK = 17
RTM_GETLINK = 18
IFLA_ADDRESS = 1
IFLA_IFNAME = 3
IFF_UP = 0x1
IFF_LOWER_UP = 0x10000

_HEADER = struct.Struct("=IHHII")
_IFINFO = struct.Struct("=BxHiII")
_ATTRIBUTE = struct.Struct("=HH")

Device = collections.namedtuple("Device", "index flags mac")


class Rtnl:
    """Requests about the devices of one namespace; close() it at the end."""

    def __init__(self, ns):
        with in_namespace(ns.name):
            self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        self.sock.settimeout(10.0)
        self.sock.bind((0, 0))
        self._seq = 0

    def close(self):
        """End it."""
        self.sock.close()

    def _ask(self, kind, index, flags=0, change=0, name=None):
        """One request; the answer's payload (empty when it was only acknowledged)."""
        self._seq += 1
        body = _IFINFO.pack(socket.AF_UNSPEC, 0, index, flags, change)
        if name is not None:
            data = name.encode() + b"\0"
            body += _ATTRIBUTE.pack(_ATTRIBUTE.size + len(data), IFLA_IFNAME) + data
            body += bytes(-len(body) % 4)
        wants = NLM_F_REQUEST | (0 if kind == RTM_GETLINK else NLM_F_ACK)
        self.sock.send(_HEADER.pack(_HEADER.size + len(body), kind, wants, self._seq, 0) + body)
        while True:
            answer = self.sock.recv(65536)
            length, what, _, seq, _ = _HEADER.unpack_from(answer)
            if seq != self._seq:
                continue
            payload = answer[_HEADER.size:length]
            if what != NLMSG_ERROR:
                return payload
            code = struct.unpack_from("=i", payload)[0]
            if code != 0:
                raise OSError(-code, os.strerror(-code))
            return b""

    def find(self, name=None, index=0):
        """A device by its name or index; None when there is none."""
        try:
            answer = self._ask(RTM_GETLINK, index, name=name)
        except OSError as error:
            if error.errno != errno.ENODEV:
                raise
            return None
        _, _, index, flags, _ = _IFINFO.unpack_from(answer)
        at, mac = _IFINFO.size, None
        while at + _ATTRIBUTE.size <= len(answer):
            length, kind = _ATTRIBUTE.unpack_from(answer, at)
            if kind & 0x3FFF == IFLA_ADDRESS:
                mac = answer[at + _ATTRIBUTE.size:at + length].hex(":")
            at += max(length + 3 & ~3, _ATTRIBUTE.size)
        return Device(index, flags, mac)

    def index(self, name):
        """The index of a device that exists."""
        device = self.find(name)
        if device is None:
            raise LabError(f"no device {name}")
        return device.index

    def set_up(self, index, up):
        """As `ip link set up` and `down`."""
        self._ask(RTM_NEWLINK, index, IFF_UP if up else 0, IFF_UP)

    def delete(self, index):
        """As `ip link del`."""
        self._ask(RTM_DELLINK, index)

    def carrier(self, index):
        """True while a device has carrier; None when there is no such device."""
        device = self.find(index=index)
        return None if device is None else bool(device.flags & IFF_LOWER_UP)
