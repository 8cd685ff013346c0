#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Lets vfbond and Linux's bonding driver be partners in LACP; runs inside the lab VM.

    A: kernel stack - tap - [vfbond] - mv0 mv1 mv2 (macvlan) - ve0 ve1 ve2
    B: kernel stack - bond "far" (802.3ad) - pe0 pe1 pe2, the veths' ends

and, as far as SR-IOV goes, over VFs of two igb NICs on vfio-pci that are wired to peer0 and peer1,
which the kernel bonds. Rates, ad_select and coupled_control differ between the ends; each end must
know the other as it is. TAP on standard output.

usage: lacp_with_linux.py VFBOND
"""

import contextlib
import itertools
import os
import shutil
import socket
import sys
import time

from load import ping_once
from netlab import Lab, in_namespace, run, wait_for
from proc_bonding import TIMEOUT, Status, disagreements
from program import Vfbond
from tap import Results
from topology import IP_A, IP_B, Topology
from vf_lab import cable, make_vfs, peers_to

DEADLINE_S = 60  # of an agreement: a lost LACPDU costs the slow rate 30 s
GOODBYE_S = 20   # far below the 90 s after which a partner at the slow rate is given up
CONVERGE_S = 5   # over VFs, from the link
FLOWS = 24
ECHO_FLOWS_MAX = 40  # until each of two links has carried one
ETH_P_IP = 0x0800

OUR_SYSTEM, FAR_SYSTEM = "02:0a:0a:0a:0a:0a", "02:0b:0b:0b:0b:0b"


class Far:
    """A bond of the kernel in a namespace."""

    def __init__(self, ns, name, ports, address, **options):
        self.ns, self.name, self.ports = ns, name, ports
        words = " ".join(f"{option} {value}" for option, value in options.items())
        lines = [f"link add {name} type bond mode 802.3ad miimon 50 xmit_hash_policy layer3+4 "
                 + words]
        for port in ports:
            lines += [f"link set {port} down", f"link set {port} master {name}",
                      f"link set {port} up"]
        if address:
            lines += [f"address add {address}/24 dev {name}"]
        lines += [f"link set {name} up"]
        run("ip", "-n", ns.name, "-batch", "-", stdin="\n".join(lines))

    def status(self):
        """What the kernel says of it."""
        path = f"/proc/thread-self/net/bonding/{self.name}"
        with in_namespace(self.ns.name), open(path, encoding="ascii") as file:
            return Status(file.read())

    def delete(self):
        """Let the members go, and be gone."""
        self.ns.ip("link", "del", self.name)


class Cables(Topology):
    """Veth cables from A to B with nothing at their far ends yet."""

    def __init__(self, lab, members):
        # pylint: disable=super-init-not-called
        self.lab, self.members, self.unplugged = lab, members, set()
        self.a, self.b = lab.namespace("a"), lab.namespace("b")
        self.macvlans = [f"mv{i}" for i in range(members)]
        self.ports = [f"pe{i}" for i in range(members)]
        for ns in (self.a, self.b):
            ns.sysctl("ipv4/conf/all/rp_filter", 1)
        for i in range(members):
            self._cable(i)
            self.plug(i)
            wait_for(lambda i=i: self.carrier(i), f"carrier on mv{i}")


class Ends:
    """vfbond's bond0 and the bonds of the kernel that it is wired to."""

    def __init__(self, vfbond, members, ports):
        self.vfbond, self.members, self.ports = vfbond, members, ports

    def ours(self, bond="bond0"):
        """What vfbond says of a bond."""
        return Status(self.vfbond.command(f"show bond {bond}"))

    def agree(self, far, which=None, bond="bond0", deadline_s=DEADLINE_S):
        """Wait until these links (all) carry traffic by both ends' words; the seconds it took."""
        which = range(len(self.members)) if which is None else which
        members, ports = [self.members[i] for i in which], [self.ports[i] for i in which]
        began = time.monotonic()
        try:
            wait_for(lambda: far.status().in_sync(ports) and self.ours(bond).in_sync(members),
                     f"{', '.join(members)} and {', '.join(ports)} in sync", deadline_s)
        except AssertionError as why:
            lacp = self.vfbond.command(f"show lacp {bond}")
            raise AssertionError(f"{why}\n{far.status().text}\n{lacp}") from None
        return time.monotonic() - began

    def check(self, far, differences, which=None):
        """Each end knows the other as it is. What changes last must be under way no more."""
        which = range(len(self.members)) if which is None else which
        pairs = [(self.members[i], self.ports[i]) for i in which]
        found = []

        def settled():
            found[:] = disagreements(self.ours(), far.status(), pairs)
            return not found

        with contextlib.suppress(AssertionError):
            wait_for(settled, "agreement", 10)
        differences += found

    def again(self, **options):
        """Take the bond down, set its options, and take it up."""
        self.vfbond.command("set bond bond0 down")
        for option, value in options.items():
            self.vfbond.command(f"set bond bond0 {option} {value}")
        self.vfbond.command("set bond bond0 up")


def flows_arrive(source, source_ip, sink, sink_ip):
    """Datagrams of many flows, which both links' hashes spread, all come to the other end."""
    with contextlib.ExitStack() as stack:
        with in_namespace(sink.name):
            to = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        to.bind((sink_ip, 9020))
        to.setblocking(False)
        socks = []
        for flow in range(FLOWS):
            with in_namespace(source.name):
                sock = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            sock.bind((source_ip, 24000 + 97 * flow))
            socks.append(sock)
        seen = set()

        def all_seen():
            for flow, sock in enumerate(socks):
                if flow not in seen:
                    sock.sendto(bytes([flow]), (sink_ip, 9020))
            time.sleep(0.1)
            with contextlib.suppress(BlockingIOError):
                while True:
                    seen.add(to.recv(16)[0])
            return len(seen) == FLOWS

        wait_for(all_seen, f"datagrams of {FLOWS} flows at {sink_ip}: {sorted(seen)}", 10)


def traffic(net):
    """Both stacks reach each other in every flow."""
    ping_once(net.a, IP_B)
    flows_arrive(net.a, IP_A, net.b, IP_B)
    flows_arrive(net.b, IP_B, net.a, IP_A)


# --- over veth ---------------------------------------------------------------------------------
@contextlib.contextmanager
def peer(net, name="far", ports=(0, 1), **options):
    """A bond of the kernel at these cables, gone afterwards."""
    far = Far(net.b, name, [net.ports[i] for i in ports], IP_B if name == "far" else None,
              **options)
    try:
        yield far
    finally:
        far.delete()  # its ports are down then, until another bond takes them
        net.unplugged.clear()


def check_timeouts(ours, theirs, rates, differences):
    """The rate that each end asks for stands in the state that it tells."""
    for status, rate, who in ((ours, rates[0], "vfbond"), (theirs, rates[1], "Linux")):
        if status.info["lacp_rate"] != rate:
            differences.append(f"{who} shows the rate {status.info['lacp_rate']}, not {rate}")
        for name, member in status.members.items():
            if bool(member["actor"]["state"] & TIMEOUT) != (rate == "fast"):
                differences.append(f"{who}, {name}: state {member['actor']['state']}, {rate}")


def with_rates(results, net, ends):
    """Every pair of rates, with systems, keys and priorities of each end's own."""
    for ours, theirs in itertools.product(("slow", "fast"), repeat=2):
        with results.case(f"veth: we {ours}, Linux {theirs}") as differences, peer(
            net, lacp_rate=theirs, ad_user_port_key=5, ad_actor_sys_prio=1000,
            ad_actor_system=FAR_SYSTEM,
        ) as far:
            ends.again(lacp_rate=ours, ad_user_port_key=77, ad_actor_sys_prio=4097,
                       ad_actor_system=OUR_SYSTEM)
            for i, member in enumerate(ends.members):
                ends.vfbond.command(f"set bond bond0 member {member} actor_port_prio {100 + i}")
            print(f"# veth: we {ours}, Linux {theirs}: in sync {ends.agree(far):.1f} s after `up`")
            ends.check(far, differences)
            check_timeouts(ends.ours(), far.status(), (ours, theirs), differences)
            # By the kernel's own word, not only by ours.
            for i, port in enumerate(ends.ports):
                told = far.status().members[port]["partner"]
                wanted = {"system": OUR_SYSTEM, "system_priority": 4097, "port_priority": 100 + i}
                wanted["key"] = 77 << 6 | told["key"] & 0x3F
                differences += [f"the kernel says of {port}'s partner: {key} {told[key]}"
                                for key, value in wanted.items() if told[key] != value]
            if ends.ours().info["partner"] != FAR_SYSTEM:
                differences.append(f"we say the partner is {ends.ours().info['partner']}")
            traffic(net)


def with_options(results, net, ends):
    """Who speaks first, and in how many steps a port begins to carry traffic."""
    for name, ours, theirs in (
        ("coupled_control off", {"coupled_control": "off"}, {}),
        ("we passive", {"lacp_active": "off"}, {}),
        ("Linux passive", {}, {"lacp_active": "off"}),
    ):
        with results.case(f"veth: {name}") as differences, peer(
            net, lacp_rate="fast", **theirs
        ) as far:
            ends.again(**{"lacp_active": "on", "coupled_control": "on", "lacp_rate": "fast",
                          "ad_actor_system": "00:00:00:00:00:00", **ours})
            ends.agree(far)
            ends.check(far, differences)
            traffic(net)
    ends.again(lacp_active="on", coupled_control="on")


def with_losses(results, net, ends):
    """Links go and come, and members leave, which they say."""
    with peer(net, lacp_rate="slow") as far:
        ends.again(lacp_rate="slow")
        with results.case("veth: a member loses its link and gets it back") as differences:
            ends.agree(far)
            net.pull(0)
            ends.agree(far, [1])
            traffic(net)
            net.plug(0)
            ends.agree(far)
            ends.check(far, differences)
            traffic(net)
        with results.case("veth: a member leaves, says so, and joins again") as differences:
            ends.vfbond.command(f"remove bond bond0 member {ends.members[0]}")
            # The link stays up, and nobody waits for a timeout.
            ends.agree(far, [1], deadline_s=GOODBYE_S)
            if far.status().members[ends.ports[0]]["mii"] != "up":
                differences.append("its link did not stay up")
            traffic(net)
            ends.vfbond.command(f"add bond bond0 member {ends.members[0]}")
            ends.agree(far)
            ends.check(far, differences)
            traffic(net)
        with results.case("veth: a bond that goes down says so"):
            ends.vfbond.command("set bond bond0 down")
            wait_for(lambda: far.status().in_sync([]), "Linux knows that it is alone", GOODBYE_S)
        ends.vfbond.command("set bond bond0 up")


def with_ad_select(results, net, ends):
    """Two links lead to one partner, a third to another that was there first."""
    stays = {"stable": True, "bandwidth": False, "count": False}
    three = Ends(ends.vfbond, [*ends.members, "net_af_packet2"], net.ports)
    ends.vfbond.command("add bond bond0 member net_af_packet2")
    for policy, first_stays in stays.items():
        with results.case(f"veth: our ad_select {policy}"), peer(
            net, lacp_rate="fast", ad_actor_system=FAR_SYSTEM
        ) as far, peer(net, "far2", [2], lacp_rate="fast") as far2:
            net.pull(0)
            net.pull(1)
            three.again(ad_select=policy, lacp_rate="fast")
            three.agree(far2, [2])
            net.plug(0)
            net.plug(1)
            if first_stays:
                # The kernel's ports have got a partner, and are told that it is not in sync.
                system = three.ours().info["system"]
                wait_for(lambda: far.status().info.get("partner") == system, "a partner", 30)
                wait_for(lambda: all(
                    three.ours().members[m]["partner"].get("system") == FAR_SYSTEM
                    for m in three.members[:2]
                ), "partners of the two links", 30)
                three.agree(far2, [2])
                assert far.status().in_sync([]), far.status().text
            else:
                three.agree(far, [0, 1])
                traffic(net)
    ends.vfbond.command("remove bond bond0 member net_af_packet2")


def with_their_ad_select(results, net, ends):
    """Two bonds of ours at one of the kernel's, which chooses."""
    ends.again(ad_select="stable", lacp_rate="fast")
    ends.vfbond.command(
        "create bond bond1 mode=802.3ad members=net_af_packet2 lacp_rate=fast "
        "ad_actor_system=02:0c:0c:0c:0c:0c"
    )
    one = Ends(ends.vfbond, ["net_af_packet2"], net.ports[2:])
    for policy, first_stays in {"stable": True, "bandwidth": False, "count": False}.items():
        with results.case(f"veth: Linux's ad_select {policy}"), peer(
            net, "far", (0, 1, 2), lacp_rate="fast", ad_select=policy
        ) as far:
            net.pull(0)
            net.pull(1)
            one.agree(far, bond="bond1")
            net.plug(0)
            net.plug(1)
            if first_stays:
                system = far.status().info["system"]
                wait_for(lambda: all(
                    ends.ours().members[m]["partner"].get("system") == system
                    for m in ends.members
                ), "partners of the two links", 30)
                one.agree(far, bond="bond1")
                assert ends.ours().in_sync([]), ends.ours().text
            else:
                ends.agree(far)
                traffic(net)
    ends.vfbond.command("delete bond bond1")


def over_veth(results, binary):
    """All cases with a program of their own."""
    with Lab() as lab, contextlib.ExitStack() as stack:
        net = Cables(lab, 3)
        members = ["net_af_packet0", "net_af_packet1"]
        vfbond = Vfbond(lab, binary, net.a, net.vdevs(), [
            "--auto-start", "--bond", f"bond0 mode=802.3ad members={','.join(members)} "
            "xmit_hash_policy=layer3+4", "--pair", "bond0,net_tap0",
            "--portlist", "bond0,net_tap0",
        ])
        stack.callback(lambda: shutil.copy(vfbond.process.log_path, "vfbond.log"))
        vfbond.wait_console(60)
        net.tap_up()
        ends = Ends(vfbond, members, net.ports[:2])
        with_rates(results, net, ends)
        with_options(results, net, ends)
        with_losses(results, net, ends)
        with_ad_select(results, net, ends)
        with_their_ad_select(results, net, ends)
        with results.case("veth: the program ends cleanly"):
            vfbond.stop()


# --- over VFs ----------------------------------------------------------------------------------
def echoes(ns, ports):
    """The engine icmpecho answers, and all these ports of the kernel's bond bring answers."""
    with contextlib.ExitStack() as stack:
        socks = {}
        for port in ports:
            with in_namespace(ns.name):
                sock = stack.enter_context(socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
            sock.bind((port, ETH_P_IP))
            sock.setblocking(False)
            socks[port] = sock
        answered = dict.fromkeys(ports, 0)
        for i in range(2, 2 + ECHO_FLOWS_MAX):
            # One id for all: it counts in the hash, and may grow in step with the addresses.
            ns.exec("ping", "-n", "-c1", "-W5", "-e", 1, f"10.97.0.{i}")
            for port, sock in socks.items():
                with contextlib.suppress(BlockingIOError):
                    while sock.recv(2048):
                        answered[port] += 1
            if i > 8 and all(answered.values()):
                return
        raise AssertionError(f"answers by port, of {ECHO_FLOWS_MAX} addresses: {answered}")


def again_within(ends, far, change, what):
    """Change something, and measure until both links are in sync. A busy machine may be slow, but
    not every time."""
    times = []
    while len(times) < 3 and (not times or times[-1] > CONVERGE_S):
        change()
        times.append(ends.agree(far))
    print(f"# VFs: in sync {' '.join(f'{t:.1f}' for t in times)} s after {what}")
    assert times[-1] <= CONVERGE_S, f"in sync only {times} s after {what}"


def vf_cases(results, ends, far, ns):
    """Links, cables, and a member that leaves."""
    with results.case("VFs: in sync, and echo over both links") as differences:
        ends.agree(far)
        ends.check(far, differences)
        check_timeouts(ends.ours(), far.status(), ("fast", "fast"), differences)
        echoes(ns, ends.ports)
    with results.case(f"VFs: in sync within {CONVERGE_S} s"):
        again_within(ends, far, ends.again, "`up`")
        echoes(ns, ends.ports)
    for i in (0, 1):
        with results.case(f"VFs: cable {i} pulled, and plugged again") as differences:
            cable(i, "off")
            ends.agree(far, [1 - i])
            echoes(ns, ends.ports[1 - i:2 - i])
            began = time.monotonic()
            cable(i, "on")
            ends.agree(far)
            print(f"# VFs: in sync {time.monotonic() - began:.1f} s after cable {i} was plugged")
            ends.check(far, differences)
            echoes(ns, ends.ports)
    with results.case("VFs: a member leaves, says so, and joins again"):
        ends.vfbond.command(f"remove bond bond0 member {ends.members[0]}")
        ends.agree(far, [1], deadline_s=GOODBYE_S)
        echoes(ns, ends.ports[1:])
        ends.vfbond.command(f"add bond bond0 member {ends.members[0]}")
        ends.agree(far)
        echoes(ns, ends.ports)
    with results.case("VFs: both at the slow rate") as differences:
        ns.ip("link", "set", far.name, "down")
        ns.ip("link", "set", far.name, "type", "bond", "lacp_rate", "slow")
        ns.ip("link", "set", far.name, "up")
        ends.again(lacp_rate="slow")
        ends.agree(far)
        check_timeouts(ends.ours(), far.status(), ("slow", "slow"), differences)
        echoes(ns, ends.ports)


def over_vfs(results, binary):
    """All cases with a program of their own."""
    with Lab() as lab, contextlib.ExitStack() as stack:
        vfs = make_vfs()
        ns = lab.namespace("p")
        peers = peers_to(ns)
        far = Far(ns, "far", peers, IP_A, lacp_rate="fast")
        vfbond = Vfbond(lab, binary, None, [], [
            "--auto-start", "--forward-mode=icmpecho", "--portlist", "bond0", "--bond",
            f"bond0 mode=802.3ad members={','.join(vfs)} lacp_rate=fast "
            "xmit_hash_policy=layer3+4",
        ], hugepages=True, pci=vfs)
        stack.callback(lambda: shutil.copy(vfbond.process.log_path, "vfbond.log"))
        vfbond.wait_console(60)
        vf_cases(results, Ends(vfbond, vfs, peers), far, ns)
        with results.case("VFs: the program ends cleanly"):
            vfbond.stop()


def main(binary):
    """All of it."""
    results = Results()
    run("modprobe", "-a", "bonding", "veth", "macvlan", "tun", "virtio_net")
    run("dmesg", "-n", "1")
    for name, part in (("veth", over_veth), ("VFs", over_vfs)):
        with results.case(f"{name}: set up and cleaned up"):
            part(results, binary)
    return results.plan()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(os.path.abspath(sys.argv[1])))
