# SPDX-License-Identifier: BSD-3-Clause
"""How frames are spread over members and who hears what, counted at the peer's ports."""

import collections
import contextlib
import itertools
import socket
import threading
import time

import pytest

from load import ping_once
from modes import warm_up
from netlab import in_namespace, wait_for
from topology import IP_A, TAP
from watch import arp_of, eth_of, member, view, wait_active, wait_all_up
from wire import BROADCAST, Captures, Injector, MARK, mark_of, marked_frame, send_marked

CLIENTS = 3
FLOWS = 8
PER_FLOW = 20
STRANGER = "02:0c:00:00:00:05"
_tags = itertools.count(500000)


def payload(tag, flow, serial):
    """What wire.mark_of finds again."""
    return MARK + b"".join(n.to_bytes(4, "big") for n in (tag, flow, serial))


class Echo:
    """A client's UDP service that sends everything back; a context manager."""

    def __init__(self, ns, address):
        with in_namespace(ns.name):
            self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((address, 7007))
        self.sock.settimeout(0.1)
        self._ended = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._ended = True
        self._thread.join()
        self.sock.close()

    def _run(self):
        while not self._ended:
            with contextlib.suppress(TimeoutError):
                data, sender = self.sock.recvfrom(2048)
                self.sock.sendto(data, sender)


def make_clients(topo):
    """Three hosts behind the peer's switch, with addresses whose hashes differ."""
    made = []
    for n in range(CLIENTS):
        ns, address = topo.client(n)
        # The last byte, which layer2 hashes with the source's: two are odd, one is even.
        ns.ip("link", "set", "eth0", "address", f"02:0e:00:00:00:{(1, 2, 5)[n]:02x}")
        made.append((ns, address))
    return made


def echoed(topo, clients, tag):
    """Flows from A's kernel stack to all clients; the marks that came back to their sockets.

    Flow n goes to client n % CLIENTS.
    """
    back = set()
    with contextlib.ExitStack() as stack:
        for ns, address in clients:
            stack.enter_context(Echo(ns, address))
        with in_namespace(topo.a.name):
            socks = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                     for _ in range(CLIENTS * FLOWS)]
        for flow, sock in enumerate(socks):
            sock.bind((IP_A, 22000 + flow))
            sock.settimeout(0.5)
        for serial in range(PER_FLOW):
            for flow, sock in enumerate(socks):
                sock.sendto(payload(tag, flow, serial), (clients[flow % CLIENTS][1], 7007))
                with contextlib.suppress(TimeoutError):
                    seen = mark_of(tag)(sock.recv(2048))
                    assert seen[0] == flow
                    back.add(seen)
    return back


def homes_of(per_port):
    """{flow: the ports that it was seen at}."""
    homes = collections.defaultdict(set)
    for i, marks in enumerate(per_port):
        for flow, _ in marks:
            homes[flow].add(i)
    return homes


def sources_of(caps, tag):
    """Per port, the source addresses of marked frames."""
    return [{eth_of(f).src for f in frames if mark_of(tag)(f)} for frames in caps.all()]


def exchange(made, clients):
    """All clients answered; (home of each flow, sources per port, ports of the answers)."""
    topo = made.topo
    for ns, address in clients:
        ping_once(topo.a, address)
        ping_once(ns, IP_A)
    tag = next(_tags)
    with Captures(topo.b, topo.ports) as out, Captures(topo.b, topo.ports, outgoing=True) as into:
        back = echoed(topo, clients, tag)
        per_port = out.marked(tag)
        answers = into.marked(tag)
        sources = sources_of(out, tag)
    total = CLIENTS * FLOWS * PER_FLOW
    assert len(back) == total, f"{total - len(back)} of {total} datagrams did not come back"
    homes = homes_of(per_port)
    split = {flow: sorted(at) for flow, at in homes.items() if len(at) != 1}
    assert not split, f"flows on more than one member: {split}"
    assert sum(map(len, per_port)) == total, "frames lost or doubled on the way out"
    return {flow: at.pop() for flow, at in homes.items()}, sources, answers


def own_macs(made):
    """What each member carries now."""
    return [member(made, i)["mac"] for i in range(made.topo.members)]


@pytest.mark.parametrize("policy", ("layer3+4", "layer2"))
def test_tlb_flows(bench, policy):
    """Mode 5: flows by hash, each by one member, from that member's address; answers to the active.
    """
    made = bench("balance-tlb", bond=f"xmit_hash_policy={policy} miimon=100")
    wait_all_up(made)
    warm_up(made)
    wait_active(made, 0)
    clients = make_clients(made.topo)
    homes, sources, answers = exchange(made, clients)
    per_client = [{homes[f] for f in homes if f % CLIENTS == c} for c in range(CLIENTS)]
    if policy == "layer3+4":
        assert all(at == {0, 1} for at in per_client), f"members per client: {per_client}"
    else:
        # As in Linux: one hash for all that goes to one address.
        assert all(len(at) == 1 for at in per_client), f"members per client: {per_client}"
    for i, macs in enumerate(sources):
        assert macs <= {own_macs(made)[i]}, f"port {i} saw {macs}"
    assert not answers[1] and answers[0], "answers by a member that is not the active one"


def test_tlb_without_load(bench):
    """tlb_dynamic_lb=0: the same, by the hash alone and without learning packets."""
    made = bench("balance-tlb", bond="tlb_dynamic_lb=0 lp_interval=1")
    wait_all_up(made)
    warm_up(made)
    with Captures(made.topo.b, made.topo.ports) as caps:
        homes, _, answers = exchange(made, make_clients(made.topo))
        time.sleep(1.2)
        learning = [[f for f in frames if eth_of(f).type == 0x9000] for frames in caps.all()]
    assert set(homes.values()) == {0, 1}
    assert not answers[1] and answers[0]
    assert learning == [[], []], "learning packets"


@pytest.mark.parametrize("mode", ("balance-tlb", "balance-alb"))
def test_learning_packets(bench, mode):
    """Each member tells its switch where its address is, every lp_interval."""
    made = bench(mode, bond="lp_interval=1")
    wait_all_up(made)
    warm_up(made)
    with Captures(made.topo.b, made.topo.ports) as caps:
        time.sleep(2.5)
        timed = [[(t, f) for t, f in cap.timed() if eth_of(f).type == 0x9000] for cap in caps.caps]
    macs = own_macs(made)
    for i, at_port in enumerate(timed):
        assert 2 <= len(at_port) <= 3, f"{len(at_port)} learning packets at port {i} in 2.5 s"
        assert {(eth_of(f).src, eth_of(f).dst) for _, f in at_port} == {(macs[i], macs[i])}
        gaps = [b - a for (a, _), (b, _) in zip(at_port, at_port[1:])]
        assert all(0.8 <= g <= 1.4 for g in gaps), f"spacing {gaps}"


def test_alb_clients(bench):
    """Mode 6: clients are told different addresses, send there, and all is delivered."""
    made = bench("balance-alb")
    topo = made.topo
    wait_all_up(made)
    warm_up(made)
    clients = make_clients(topo)
    told = []
    with contextlib.ExitStack() as stack:
        caps = [stack.enter_context(Captures(ns, ["eth0"])) for ns, _ in clients]
        for ns, _ in clients:
            ping_once(ns, IP_A)
        for cap in caps:
            answers = [a for a in map(arp_of, cap.all()[0])
                       if a and a.op == 2 and a.sender_ip == IP_A]
            told.append(answers[-1].sender_mac)
    macs = own_macs(made)
    assert set(macs) == set(told), f"clients were told {told} of {macs}"
    assert sorted(told.count(m) for m in macs) == [1, 2], f"clients were told {told}"
    listed = {c["client_ip"]: c["member"] for c in view(made)["clients"]}
    for (_, address), mac in zip(clients, told):
        assert listed[address] == f"net_af_packet{macs.index(mac)}"

    homes, sources, answers = exchange(made, clients)
    for i, seen in enumerate(sources):
        assert seen <= {macs[i]}, f"port {i} saw {seen}"
    # To one address by one member; back by the member that the client was told of last.
    for c, (ns, address) in enumerate(clients):
        assert len({homes[f] for f in homes if f % CLIENTS == c}) == 1
        at = {i for i in range(2) for flow, _ in answers[i] if flow % CLIENTS == c}
        known = ns.ip("neigh", "show", IP_A)
        assert [macs[i] for i in at] == [m for m in macs if m in known], f"{address}: {known}"
    assert all(answers), "every client sends to the same member"


def test_alb_member_lost(bench):
    """A client's member fails: it is told another address.

    That may wait for two seconds (RLB_UPDATE_DELAY). The frames that it sends meanwhile arrive only
    where a device receives addresses that are not its own, which a macvlan does not.
    """
    made = bench("balance-alb", bond="miimon=50")
    topo = made.topo
    wait_all_up(made)
    warm_up(made)
    clients = make_clients(topo)[:2]
    for ns, _ in clients:
        ping_once(ns, IP_A)
    macs = own_macs(made)
    wait_active(made, 0)
    topo.pull(1)
    for ns, address in clients:
        ping_once(ns, IP_A, deadline_s=5.0)
        wait_for(lambda ns=ns: macs[0] in ns.ip("neigh", "show", IP_A),
                 f"{address} told of the member that is left", 5.0)


def runs_of(per_port):
    """Lengths of the series that one member sent in a row, in the order of serials."""
    port_of = {serial: i for i, marks in enumerate(per_port) for _, serial in marks}
    order = [port_of[serial] for serial in sorted(port_of)]
    return [len(list(group)) for _, group in itertools.groupby(order)], order


def test_packets_per_slave(bench):
    """Mode 0: one frame by each member in turn, or several, or by chance."""
    made = bench("balance-rr")
    topo = made.topo
    wait_all_up(made)
    warm_up(made)
    mac = topo.a.mac(TAP)
    seen = {}
    for value in (1, 3, 0):
        made.command(f"set bond bond0 packets_per_slave {value}")
        tag = next(_tags)
        frames = [marked_frame(mac, tag, 0, s) for s in range(600)]
        with Captures(topo.b, topo.ports) as caps, Injector(topo.a, TAP) as out:
            send_marked(out, frames, lambda: sum(map(len, caps.marked(tag))))
            seen[value] = caps.marked(tag)
        assert sorted(s for marks in seen[value] for _, s in marks) == list(range(600))
    for value in (1, 3):
        lengths, _ = runs_of(seen[value])
        assert set(lengths[1:-1]) == {value}, f"packets_per_slave={value}: runs of {lengths}"
    counts = [len(marks) for marks in seen[0]]
    lengths, _ = runs_of(seen[0])
    # Of 600 coins 222 to 378 heads are within six sigma, and so are runs of more than one length.
    assert all(222 <= n <= 378 for n in counts), f"packets_per_slave=0: {counts}"
    assert len(set(lengths)) >= 3, f"packets_per_slave=0: runs of {set(lengths)}"


def delivered(made, port, dst, count=32):
    """How many frames sent to a member by the peer's port A's stack received."""
    tag = next(_tags)
    frames = [marked_frame(STRANGER, tag, 0, s, dst) for s in range(count)]
    with Captures(made.topo.a, [TAP]) as tap, Injector(made.topo.b, made.topo.ports[port]) as out:
        send_marked(out, frames, lambda: len(tap.marked(tag)[0]), batch_s=0.15)
        return len(tap.marked(tag)[0])


@pytest.mark.parametrize("mode", ("active-backup", "balance-tlb", "balance-alb"))
def test_all_slaves_active(bench, mode):
    """What arrives on a member that is not active is dropped, or delivered if it is wanted."""
    made = bench(mode)
    wait_all_up(made)
    warm_up(made)
    wait_active(made, 0)
    # Mode 6 has given each member's own address to clients: unicast is always welcome there.
    mac = member(made, 1)["mac"]
    always = 32 if mode == "balance-alb" else 0
    for value in (0, 1, 0):
        made.command(f"set bond bond0 all_slaves_active {value}")
        wanted = [32, 32, 32] if value else [0, always, 32]
        seen = []

        # A worker may be in the middle of a burst when the command is answered.
        def settled(wanted=wanted, seen=seen):
            seen.append([delivered(made, 1, BROADCAST), delivered(made, 1, mac),
                         delivered(made, 0, BROADCAST)])
            return seen[-1] == wanted

        with contextlib.suppress(AssertionError):
            wait_for(settled, "the frames wanted", 2.0)
        assert seen[-1] == wanted, f"all_slaves_active={value}: {seen}"


@pytest.mark.parametrize("mode", ("balance-xor", "balance-tlb"))
def test_policy_by_command(bench, mode):
    """The hash is another one from the next frame on."""
    made = bench(mode)
    topo = made.topo
    wait_all_up(made)
    warm_up(made)

    mac = topo.a.mac(TAP)

    def used():
        tag = next(_tags)
        frames = [marked_frame(mac, tag, flow, 0) for flow in range(32)]
        with Captures(topo.b, topo.ports) as caps, Injector(topo.a, TAP) as out:
            send_marked(out, frames, lambda: sum(map(len, caps.marked(tag))))
            return sum(1 for marks in caps.marked(tag) if marks)

    assert used() == 2
    made.command("set bond bond0 xmit_hash_policy layer2")
    assert used() == 1
    made.command("set bond bond0 xmit_hash_policy layer3+4")
    assert used() == 2
