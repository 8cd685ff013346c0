# SPDX-License-Identifier: BSD-3-Clause
"""Random flows for scripts/bench, as a capture file that net_pcap plays over and over."""

import random
import struct

PCAP_HEAD = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
ETHERNET, IPV4, UDP = 14, 20, 8
SEED = 4096  # the same flows in every run


def frame(chance, size):
    """One frame of a flow of its own: addresses, networks and ports at random."""
    def station():
        return b"\x02" + chance.randbytes(5)

    ports = [chance.randrange(1024, 65536) for _ in range(2)]
    udp = struct.pack("!HHHH", *ports, size - ETHERNET - IPV4, 0)
    addresses = [chance.randrange(0x0B000000, 0x7F000000) for _ in range(2)]
    ip = struct.pack("!BBHHHBBHII", 0x45, 0, size - ETHERNET, 0, 0, 64, 17, 0, *addresses)
    return (station() + station() + b"\x08\x00" + ip + udp).ljust(size, b"\0")


def capture(flows, size=64, seed=SEED):
    """A capture of one frame of each flow."""
    chance = random.Random(seed)
    packets = [frame(chance, size) for _ in range(flows)]
    return PCAP_HEAD + b"".join(
        struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet for packet in packets
    )


def feed_of(path):
    """EAL's --vdev argument of a port that receives a capture without end; what it sends is gone."""
    return f"net_pcap0,rx_pcap={path},infinite_rx=1"
