# SPDX-License-Identifier: BSD-3-Clause
"""The quickstart's demonstration: a bond carries ping and TCP while one of its cables is pulled.

Run by scripts/quickstart as root. Status 0 only if all traffic went through and came back.
"""

import argparse
import json
import shlex
import signal
import sys
import time

from load import IperfServer, Ping, ping_once, steady_since
from netlab import Lab, LabError, wait_for
from program import MODES, Vfbond
from topology import IP_A, IP_B, TAP, OvsBridge, Topology

TRANSFER_S = 8  # of the TCP transfer; the cable is out during its middle


def say(text):
    """One line for the reader, at once."""
    print(text, flush=True)


def port_that_carries(topo):
    """Index of the member whose cable carries the pings that A sends."""

    def received():
        links = json.loads(topo.b.ip("-s", "-j", "link", "show"))
        counts = {x["ifname"]: x["stats64"]["rx"]["packets"] for x in links}
        return [counts[port] for port in topo.ports]

    before = received()
    topo.a.exec("ping", "-n", "-q", "-c", "20", "-i", "0.02", IP_B, check=False)
    grown = [after - b for after, b in zip(received(), before)]
    return grown.index(max(grown))


def rate_of(log):
    """Received bits per second from iperf3's JSON; AssertionError when it failed."""
    try:
        result = json.loads(log)
    except ValueError:
        raise AssertionError(f"iperf3 gave no result: {log[-200:]}") from None
    if "error" in result:
        raise AssertionError(f"iperf3: {result['error']}")
    return result["end"]["sum_received"]["bits_per_second"]


def demonstrate(lab, binary, mode, hugepages):
    """Build, send, pull, plug; returns (rate, sent, lost, gap at the pull, gap at the return)."""
    topo = Topology(lab, 2, "ovs" if mode == "802.3ad" else "bridge")
    peer = "Open vSwitch with LACP" if mode == "802.3ad" else "a Linux bridge"
    say(f"- namespaces {topo.a.name} (vfbond) and {topo.b.name} ({peer}), two cables between them")
    spec = f"bond0 mode={mode} members={topo.member_names()}"
    vfbond = Vfbond(
        lab, binary, topo.a, topo.vdevs(),
        ["--auto-start", "--bond", spec, "--pair", "bond0,net_tap0"], hugepages=hugepages,
    )
    say("- starting: " + " ".join(shlex.quote(word) for word in vfbond.argv))
    try:
        traffic = exercise(topo, vfbond)
    except AssertionError:
        say("--- the end of vfbond's log\n" + vfbond.log()[-2000:] + "---")
        raise
    vfbond.stop()
    return traffic


def exercise(topo, vfbond):
    """Ping and TCP with a cable out in the middle."""
    vfbond.wait_console()
    topo.tap_up()
    wait_for(topo.switch.ready, "the agreement of the peer (LACP)", 15)
    ping_once(topo.a, IP_B)
    say(f"- {IP_A} on {TAP} - vfbond - bond0 - two cables - {IP_B}: ping is answered")
    if isinstance(topo.switch, OvsBridge):
        say("  (Open vSwitch's userspace datapath drops frames under load: that costs some pings)")
    IperfServer(topo.b)
    victim = port_that_carries(topo)
    ping = Ping(topo.a, IP_B)
    transfer = topo.a.start("iperf3", "-c", IP_B, "-t", TRANSFER_S, "-J", name="iperf3-client")
    say(f"- ping every {ping.interval_s * 1000:.0f} ms and a TCP transfer of {TRANSFER_S} s")
    steady_since(ping, time.time(), TRANSFER_S / 4, 10, whole=False)

    say(f"- pulling the cable of net_af_packet{victim}, which carries the ping")
    pulled = time.time()
    topo.pull(victim)
    steady_since(ping, pulled, TRANSFER_S / 4, 10, whole=False)
    gap_out = ping.longest_gap(pulled, time.time())

    say("- plugging it in again")
    plugged = time.time()
    topo.plug(victim)
    wait_for(topo.switch.ready, "the agreement of the peer (LACP)", 15)
    steady_since(ping, plugged, TRANSFER_S / 4, 15, whole=False)
    gap_in = ping.longest_gap(plugged, time.time())

    assert transfer.wait(TRANSFER_S + 20) is not None
    rate = rate_of(transfer.log())
    assert rate > 0, "the TCP transfer moved nothing"
    steady_since(ping, time.time(), 0.5, 10)
    sent, lost = ping.stop()
    return rate, sent, lost, gap_out, gap_in


def main():
    """Parse, demonstrate, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--mode", required=True, choices=MODES)
    parser.add_argument("--hugepages", action="store_true")
    args = parser.parse_args()

    def ended(signum, frame):
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda *_: None)
        raise KeyboardInterrupt

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, ended)
    try:
        with Lab() as lab:
            rate, sent, lost, gap_out, gap_in = demonstrate(
                lab, args.binary, args.mode, args.hugepages
            )
    except KeyboardInterrupt:
        say("interrupted; everything is removed again")
        return 130
    except (AssertionError, LabError) as error:
        say(f"FAILED: {error}")
        return 1
    say("")
    say("mode            rate          lost packets   time without traffic (cable out, back in)")
    say(f"{args.mode:15} {rate / 1e6:6.0f} Mbit/s {lost:7} of {sent:<4}   "
        f"{gap_out:.2f} s, {gap_in:.2f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
