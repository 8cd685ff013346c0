# SPDX-License-Identifier: BSD-3-Clause
"""resend_igmp: how often the reports of a host behind the bond are sent again after a failover."""

import contextlib
import socket
import struct
import time

import pytest

from modes import warm_up
from netlab import in_namespace, wait_for
from topology import IP_A, TAP
from watch import active, eth_of, igmp_group_of, mld_groups_of, wait_all_up, wait_link
from wire import Captures

GROUP = "239.7.7.7"
GROUP6 = "ff15::7:7:7"


def is_igmp(frame):
    """A report of GROUP by IGMP."""
    return igmp_group_of(frame) == GROUP


def is_mld(frame):
    """The same by MLD."""
    return GROUP6 in mld_groups_of(frame)


@contextlib.contextmanager
def joined(topo, is_report):
    """A host behind the bond is in the group; its kernel reports soon, and not again by itself."""
    with in_namespace(topo.a.name):
        if is_report is is_igmp:
            topo.a.sysctl("ipv4/igmp_qrv", 1)
            topo.a.sysctl(f"ipv4/conf/{TAP}/igmpv3_unsolicited_report_interval", 50)
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            option = (socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                      socket.inet_aton(GROUP) + socket.inet_aton(IP_A))
        else:
            # When it is sure of its link-local address the kernel reports all groups once more,
            # and again: both before the member fails.
            topo.a.sysctl(f"ipv6/conf/{TAP}/accept_dad", 0)
            topo.a.sysctl(f"ipv6/conf/{TAP}/mldv2_unsolicited_report_interval", 50)
            topo.speak_ipv6()
            sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            option = (socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                      socket.inet_pton(socket.AF_INET6, GROUP6)
                      + struct.pack("=I", socket.if_nametoindex(TAP)))
        with sock:
            sock.setsockopt(*option)
            yield sock


def settled(reports):
    """Wait until the kernel's own reports have come and no more do; their number."""
    wait_for(reports, "the report itself", 3.0)
    while True:
        before = len(reports())
        time.sleep(0.4)
        if len(reports()) == before:
            return before


@pytest.mark.parametrize("mode, count, is_report", (
    ("active-backup", 0, is_igmp), ("active-backup", 3, is_igmp), ("balance-rr", 2, is_igmp),
    ("balance-tlb", 1, is_igmp), ("balance-alb", 1, is_igmp), ("active-backup", 0, is_mld),
    ("active-backup", 3, is_mld), ("balance-tlb", 1, is_mld),
))
def test_reports_again(bench, mode, count, is_report):
    """Exactly so many times by the new active member, 200 ms apart, none by the old one."""
    made = bench(mode, bond=f"miimon=50 resend_igmp={count}")
    topo = made.topo
    wait_all_up(made)
    warm_up(made)
    with joined(topo, is_report), Captures(topo.b, topo.ports) as caps:

        def reports(i):
            return [t for t, f in caps.caps[i].timed() if is_report(f)]

        settled(lambda: reports(0) + reports(1))
        was = 0 if reports(0) else 1
        assert not reports(1 - was), "reports on both members"
        before = len(reports(was))
        began = time.time()
        topo.pull(was)
        wait_link(made, was, "down")
        wait_for(lambda: len(reports(1 - was)) >= count, f"{count} reports")
        time.sleep(0.4)
        sent = reports(1 - was)
        assert len(reports(was)) == before
    assert len(sent) == count, f"reports {[t - began for t in sent]} after the failover"
    assert not sent or sent[0] - began < 1.5, "the first one was late"
    gaps = [b - a for a, b in zip(sent, sent[1:])]
    # 0.2 s each on the frozen clock (unit tests); here one may be late, and the next one is not.
    assert all(g >= 0.05 for g in gaps), f"spacing {gaps}"


@pytest.mark.parametrize("is_report", (is_igmp, is_mld), ids=("igmp", "mld"))
def test_left_group_is_not_reported(bench, is_report):
    """Who has left is not brought back by a failover; the report is the host's own, from its MAC.
    """
    made = bench("active-backup", bond="miimon=50 resend_igmp=2")
    topo = made.topo
    wait_all_up(made)
    warm_up(made)
    with joined(topo, is_report) as sock, Captures(topo.b, topo.ports) as caps:

        def reports(i):
            return [f for f in caps.all()[i] if is_report(f)]

        was = active(made)
        settled(lambda: reports(was))
        topo.pull(was)
        wait_for(lambda: len(reports(1 - was)) == 2, "two reports")
        mac = topo.a.mac(TAP)
        assert {eth_of(f).src for f in reports(1 - was)} == {mac}
        sock.close()
        leaves = settled(lambda: reports(1 - was))
        topo.plug(was)
        wait_all_up(made)
        before = len(reports(was))
        made.command(f"set bond bond0 active_slave net_af_packet{was}")
        time.sleep(0.8)
        assert len(reports(was)) == before, "a group that was left is reported again"
        assert len(reports(1 - was)) == leaves
