# SPDX-License-Identifier: BSD-3-Clause
"""Changes of a bond under 2,000 numbered UDP datagrams a second: what each of them costs."""

import re
import socket
import time

import pytest

from load import ping_once
from modes import warm_up
from netlab import in_namespace, wait_for
from program import CommandError
from topology import IP_A, IP_B, TAP
from watch import Stream, active, view, wait_active, wait_all_up
from wire import MARK, Captures

RATE = 2000
IN_FLIGHT = 64


class Datagrams(Stream):
    """A stream from A's kernel stack to a socket of B's; flows by the source port."""

    FLOWS = 8

    def __init__(self, topo):
        super().__init__(topo.a, "lo", "02:00:00:00:00:00", RATE)
        self._out.sock.close()
        with in_namespace(topo.b.name):
            self.sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sink.bind((IP_B, 9010))
        with in_namespace(topo.a.name):
            socks = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(self.FLOWS)]
        for flow, sock in enumerate(socks):
            sock.bind((IP_A, 23000 + flow))
            sock.connect((IP_B, 9010))
        self._out = Sockets(socks)
        self._make = lambda n: MARK + b"".join(
            w.to_bytes(4, "big") for w in (self.tag, n % self.FLOWS, n))

    def stop(self):
        """See Stream."""
        self.sink.close()
        return super().stop()


class Sockets:
    """Stands in for wire.Injector: each datagram by the socket of its turn."""

    def __init__(self, socks):
        self.socks = socks
        self.turn = 0
        self.sock = self

    def send(self, data):
        """Send one datagram."""
        self.socks[self.turn % len(self.socks)].send(data)
        self.turn += 1

    def close(self):
        """Close them all."""
        for sock in self.socks:
            sock.close()


class Account:
    """Asks after each change which serial numbers never reached a port of the peer."""

    def __init__(self, made, caps, stream, measured):
        self.made, self.caps, self.stream, self.measured = made, caps, stream, measured
        self.lines = []

    def _seen(self):
        return {serial for marks in self.caps.marked(self.stream.tag) for _, serial in marks}

    def _flows(self, since):
        """Wait until datagrams sent after a serial number arrive; all serials seen."""
        wait_for(lambda: max(self._seen(), default=0) > since + 100, "datagrams after the change",
                 5.0, poll_s=0.05)
        time.sleep(0.1)
        return self._seen()

    def of(self, *commands):
        """Run commands; how many datagrams were lost from shortly before to shortly after."""
        first = self.stream.sent
        self._flows(first)
        for command in commands:
            self.made.command(command)
        last = self.stream.sent
        seen = self._flows(last)
        missing = len([n for n in range(first, last + 100) if n not in seen])
        self.lines.append((commands[0], missing))
        return missing

    def close(self):
        """Put the losses and the park times of the program among the measured lines."""
        control = self.made.command("show control")
        parks = re.search(r"parked: (\d+) times", control).group(1)
        times = dict(re.findall(r"park time (\w+): ([\d.]+) ms", control))
        worst = max(self.lines, key=lambda line: line[1])
        self.measured.append(
            f"{self.made.mode:14} {len(self.lines)} changes under {RATE}/s: {worst[1]} lost at most"
            f"{' by ' + worst[0] if worst[1] else ''}; parked {parks} times, "
            f"median {times['median']} ms, worst {times['worst']} ms"
        )


@pytest.fixture(name="under_load")
def fixture_under_load(bench, measured, request):
    """make(mode, **kwargs): a bench with a stream through it, and its Account."""

    def make(mode, members=2, **kwargs):
        made = bench(mode, members, **kwargs)
        # A machine under load may not run the worker for longer than the tap's queue lasts: that is
        # no loss of the change's.
        made.topo.a.ip("link", "set", TAP, "txqueuelen", 20000)
        warm_up(made)
        wait_all_up(made)
        ping_once(made.topo.a, IP_B)
        caps = Captures(made.topo.b, made.topo.ports)
        stream = Datagrams(made.topo)
        account = Account(made, caps, stream, measured)
        request.addfinalizer(lambda: [stream.stop(), caps.__exit__()])
        stream.__enter__()
        return made, account

    return make


@pytest.mark.parametrize("mode", ("balance-rr", "active-backup", "balance-xor", "broadcast",
                                  "balance-tlb", "balance-alb"))
def test_members(under_load, mode):
    """Members leave and join, the active one too."""
    made, account = under_load(mode)
    for i in (1, 0):
        if mode == "active-backup":
            made.command("set bond bond0 active_slave net_af_packet0")
        for word in ("remove", "add"):
            lost = account.of(f"{word} bond bond0 member net_af_packet{i}")
            assert lost <= IN_FLIGHT, f"{word} member {i}: {lost} datagrams lost"
        wait_all_up(made)
    account.close()


OPTIONS = (
    "primary_reselect failure", "primary_reselect always", "num_grat_arp 3", "peer_notif_delay 200",
    "resend_igmp 3", "all_slaves_active 1", "all_slaves_active 0", "updelay 200", "downdelay 200",
    "miimon 50", "use_carrier 1", "xmit_hash_policy layer3+4", "lp_interval 2", "tx_retries 3",
    "min_links 1", "arp_ip_target 10.97.0.2", "arp_missed_max 3",
)


def test_options(under_load):
    """No option of mode 1 costs a frame, nor does the choice of another active member."""
    made, account = under_load("active-backup")
    for option in OPTIONS:
        lost = account.of(f"set bond bond0 {option}")
        assert lost == 0, f"{option}: {lost} datagrams lost"
    for n in range(4):
        to = 1 - active(made)
        word = ("active_slave", "primary")[n // 2]
        lost = account.of(f"set bond bond0 {word} net_af_packet{to}")
        wait_active(made, to)
        assert lost == 0, f"{word}: {lost} datagrams lost"
    account.close()


@pytest.mark.parametrize("mode, options", (
    ("balance-rr", ("packets_per_slave 3", "packets_per_slave 0", "packets_per_slave 1")),
    ("balance-xor", ("xmit_hash_policy layer2", "xmit_hash_policy encap3+4",
                     "xmit_hash_policy vlan+srcmac", "xmit_hash_policy layer3+4")),
    ("balance-tlb", ("xmit_hash_policy layer2", "lp_interval 3",
                     "active_slave net_af_packet1", "active_slave net_af_packet0")),
    ("balance-alb", ("lp_interval 3", "active_slave net_af_packet1", "active_slave net_af_packet0")),
))
def test_options_of_other_modes(under_load, mode, options):
    """The same where frames are balanced: a frame already with a member leaves by it."""
    made, account = under_load(mode)
    for option in options:
        lost = account.of(f"set bond bond0 {option}")
        assert lost == 0, f"{option}: {lost} datagrams lost"
    account.close()


def test_refused_changes_cost_nothing(under_load):
    """What is refused is refused without a frame lost, and leaves everything as it was."""
    made, account = under_load("active-backup")
    before = view(made)["options"]

    def refused():
        for option in ("mode balance-rr", "fail_over_mac active", "lacp_rate fast", "miimon -1",
                       "arp_ip_target 0.0.0.0", "active_slave net_tap0", "no_such_option 1"):
            with pytest.raises(CommandError):
                made.command(f"set bond bond0 {option}")

    first = account.stream.sent
    refused()
    assert account.of("show bonds") == 0
    seen = account.caps.marked(account.stream.tag)
    serials = {serial for marks in seen for _, serial in marks}
    assert not [n for n in range(first, max(serials) - 100) if n not in serials]
    assert view(made)["options"] == before
    account.close()
