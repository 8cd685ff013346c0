# SPDX-License-Identifier: BSD-3-Clause
"""What counts as a sign of life: the values of arp_validate, and of arp_all_targets."""

import threading
import time

import pytest

from topology import IP_A
from watch import (
    arp_of, arp_reply, carrying, join_ports, junk_arp, member, noise, silence, speak, view,
    wait_active, wait_all_up,
)
from wire import Capture, Injector

ARP = f"arp_interval=100 arp_ip_target=10.97.0.2 ip={IP_A}/24"

# Does the active member, does a backup go down that hears no target any more, but frames that are
# no ARP (bonding.rst: they count only without validation and without filter) ...
NOISE = {
    "none": (False, False),
    "active": (True, False),
    "backup": (False, True),
    "all": (True, True),
    "filter": (True, True),
    "filter_active": (True, True),
    "filter_backup": (True, True),
}
# ... or ARP between strangers (which counts where frames are not validated)?
JUNK = {
    "none": (False, False),
    "active": (True, False),
    "backup": (False, True),
    "all": (True, True),
    "filter": (False, False),
    "filter_active": (True, False),
    "filter_backup": (False, True),
}


def goes_down(made, i, frames):
    """Whether a member goes down whose peer says nothing of its own, under these frames."""
    topo = made.topo
    made.command("set bond bond0 active_slave net_af_packet0")
    wait_all_up(made)
    # The grace of a new active member is over when its second probe is answered.
    time.sleep(0.25)
    before = member(made, i)["link_failures"]
    with frames(topo.b, topo.ports[i]):
        silence(topo, i)
        time.sleep(0.7)
        after = member(made, i)["link_failures"]
        speak(topo, i)
        wait_all_up(made)
    return after != before


@pytest.mark.parametrize("frames, table", ((noise, NOISE), (junk_arp, JUNK)),
                         ids=("noise", "junk_arp"))
def test_arp_validate(bench, frames, table):
    """Which frames are signs of life of which members."""
    made = bench("active-backup", bond=ARP)
    join_ports(made.topo)
    wait_all_up(made)
    for value, expected in table.items():
        made.command(f"set bond bond0 arp_validate {value}")
        # A machine under load may hold back answers or noise: what is wrong is so twice.
        seen = [None, None]
        for _ in range(2):
            seen = [goes_down(made, i, frames) if seen[i] != expected[i] else seen[i]
                    for i in range(2)]
        assert tuple(seen) == expected, f"arp_validate={value}: (active, backup) {seen}"


class TargetAtPorts:
    """A second target, that answers what comes in at some of the peer's ports; a context manager.

    ports may be set.
    """

    ADDRESS = "10.97.0.77"
    MAC = "02:0f:00:00:00:77"

    def __init__(self, topo, ports):
        self.ports = ports
        self._caps = [Capture(topo.b, port) for port in topo.ports]
        self._outs = [Injector(topo.b, port) for port in topo.ports]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._ended.set()
        self._thread.join()
        for end in self._caps:
            end.close()
        for end in self._outs:
            end.sock.close()

    def _run(self):
        done = [0 for _ in self._caps]
        while not self._ended.wait(0.002):
            for i, cap in enumerate(self._caps):
                frames = cap.poll()[done[i]:]
                done[i] += len(frames)
                for arp in filter(None, map(arp_of, frames)):
                    if arp.op == 1 and arp.target_ip == self.ADDRESS and i in self.ports:
                        self._outs[i].send(arp_reply(arp, self.MAC))


def stays(made, i, seconds):
    """Member i is the active one and up at every look for some seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        shown = view(made)
        assert shown["active"] == f"net_af_packet{i}", shown["active"]
        assert shown["members"][i]["link"] == "up"
        time.sleep(0.05)


def test_arp_all_targets(bench):
    """One of two targets is silent behind the active member: any is content with the other one,
    all fails over to the member behind which both answer, and is not looked at without validation.
    """
    interval_s = 0.2
    made = bench("active-backup", bond=f"arp_interval={interval_s * 1000:.0f} ip={IP_A}/24 "
                 f"arp_ip_target=10.97.0.2,{TargetAtPorts.ADDRESS} arp_validate=active")
    join_ports(made.topo)
    # The grace, the time that is too long, and twice that.
    seconds = (2 + 3 * 2.5) * interval_s
    with TargetAtPorts(made.topo, {0, 1}) as target:
        wait_all_up(made)
        made.command("set bond bond0 active_slave net_af_packet0")
        for value, validate, fails_over in (("all", "active", True), ("any", "active", False),
                                            ("all", "none", False)):
            target.ports = {0, 1}
            made.command(f"set bond bond0 arp_validate {validate}")
            made.command(f"set bond bond0 arp_all_targets {value}")
            if fails_over:
                stays(made, 0, seconds)  # with both targets
            failures = member(made, 0)["link_failures"]
            target.ports = {1}
            if fails_over:
                wait_active(made, 1)
                assert carrying(made) == 1
                assert member(made, 0)["link_failures"] == failures + 1
                stays(made, 1, seconds)
                wait_all_up(made)
                made.command("set bond bond0 active_slave net_af_packet0")
            else:
                stays(made, 0, seconds)
                assert carrying(made) == 0
                assert member(made, 0)["link_failures"] == failures
