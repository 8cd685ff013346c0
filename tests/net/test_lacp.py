# SPDX-License-Identifier: BSD-3-Clause
"""LACP with Open vSwitch as the partner: without traffic, while stopped, and fed with nonsense."""

import os
import time

import pytest

from load import ping_once
from modes import warm_up
from netlab import wait_for
from topology import IP6_A, IP6_B, IP_A, IP_B
from wire import Injector, mac_bytes

SLOW = mac_bytes("01:80:c2:00:00:02")


def agreement_held(made, seconds):
    """Every look at lacp/show for some seconds shows the agreement."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert made.topo.switch.ready(), made.topo.switch.appctl("lacp/show")
        time.sleep(0.2)


@pytest.mark.parametrize("members", (2, 3))
def test_negotiates_without_traffic_and_while_stopped(bench, members):
    """All members attached within 10 s of silence, and still so after 10 s of `stop`."""
    made = bench("802.3ad", members)
    wait_for(made.topo.switch.ready, "negotiated, and every member current attached", 10)
    made.command("stop")
    # The partner forgets who is silent for 3 s (lacp-time=fast).
    agreement_held(made, 10)
    made.command("start")
    agreement_held(made, 1)
    ping_once(made.topo.a, IP_B)


def test_negotiates_when_never_started(bench):
    """LACP does not wait for `start`, which -i leaves to the user."""
    ours, theirs = os.pipe()
    made = bench("802.3ad", auto_start=False, options=["-i"], stdin=ours)
    os.close(ours)
    wait_for(made.topo.switch.ready, "negotiated, and every member current attached", 10)
    assert " started" not in made.command("show config fwd")
    made.command("start")
    ping_once(made.topo.a, IP_B)
    made.ended = True
    os.write(theirs, b"quit\n")
    made.vfbond.check_end()
    os.close(theirs)


def test_multicast_comes_through(bench):
    """Neighbour discovery from the peer's side: a mode-4 bond must not lose multicast frames."""
    made = bench("802.3ad")
    warm_up(made)
    made.topo.speak_ipv6()
    ping_once(made.topo.b, IP6_A)
    ping_once(made.topo.a, IP6_B)


def slow_frames(src):
    """Slow-protocol frames that are too short, too long, or say nonsense about lengths."""
    head = SLOW + mac_bytes(src) + b"\x88\x09"
    actor = b"\x01\x14" + bytes(18)
    whole = b"\x01\x01" + actor + b"\x02\x14" + bytes(18) + b"\x03\x10" + bytes(14) + bytes(52)
    yield head
    for length in (1, 2, 3, 20, 46, 60, 109):
        yield head + whole[:length]
    yield head + whole + bytes(900)
    for tlv_length in (0, 1, 2, 0x13, 0x15, 0x7F, 0xFF):
        yield head + b"\x01\x01\x01" + bytes([tlv_length]) + whole[4:]
        yield head + whole[:23] + bytes([tlv_length]) + whole[24:]
    yield head + b"\x01\xff" + whole[2:]  # version
    yield head + b"\x02\x01\x01\x10" + bytes(10)  # marker, cut
    yield head + b"\x02\x01\x01\xff" + bytes(100)
    for subtype in (0, 3, 10, 255):
        yield head + bytes([subtype]) + bytes(80)


def test_survives_malformed_lacpdus(bench):
    """LACPDUs and markers of bad length on every member: agreement and traffic come back."""
    made = bench("802.3ad")
    topo = made.topo
    warm_up(made)
    for port in topo.ports:
        with Injector(topo.b, port) as injector:
            for _ in range(20):
                for frame in slow_frames("02:0c:00:00:00:02"):
                    injector.send(frame)
    # A PDU that only its lengths betray may cost an agreement, but not for long.
    wait_for(topo.switch.ready, "the agreement after nonsense", 15)
    agreement_held(made, 2)
    ping_once(topo.a, IP_B)
    ping_once(topo.b, IP_A)
