# SPDX-License-Identifier: BSD-3-Clause
"""A storm: real carriers come and go, options and members change, in every mode, under traffic.

After each step the invariants hold and the bond agrees with the kernel; at the end every frame that
came from the tap was sent or counted as dropped, and every buffer is back. 66 carrier events, in the
long form 1,000. VFBOND_SEED repeats a run's steps.
"""

import collections
import os
import random
import re
import time

from load import ping_once
from netlab import wait_for
from program import CommandError
from rtnl import Rtnl
from topology import IP_A, IP_B, TAP
from watch import Stream, stream_out, view
from wire import BROADCAST

LONG = "VFBOND_LONG" in os.environ
EVENTS = 1000 if LONG else 66
SEED = int(os.environ.get("VFBOND_SEED", time.time_ns() % 1000000))
MEMBERS = 4
RATE = 1000
NAMES = [f"net_af_packet{i}" for i in range(MEMBERS)]
ONE_ACTIVE = ("active-backup", "balance-tlb", "balance-alb")

# Mode, io_path, and what else a bond is made with.
PHASES = (
    ("active-backup", "direct", ""),
    ("active-backup", "direct", "fail_over_mac=active"),
    ("active-backup", "direct", "fail_over_mac=follow"),
    ("active-backup", "direct", f"arp_interval=60 arp_ip_target={IP_B} ip={IP_A}/24"),
    ("balance-rr", "direct", ""),
    ("balance-xor", "direct", "xmit_hash_policy=layer3+4"),
    ("broadcast", "direct", ""),
    ("balance-tlb", "direct", ""),
    ("balance-alb", "direct", ""),
    ("active-backup", "pmd", ""),
    ("balance-xor", "pmd", ""),
)

OPTIONS = (
    "miimon 20", "miimon 100", "updelay 40", "updelay 0", "downdelay 40", "downdelay 0",
    "primary net_af_packet1", "primary net_af_packet3", "primary none", "primary_reselect better",
    "primary_reselect failure", "primary_reselect always", "active_slave net_af_packet0",
    "active_slave net_af_packet2", "active_slave none", "xmit_hash_policy layer2",
    "xmit_hash_policy encap3+4", "packets_per_slave 0", "packets_per_slave 5",
    "all_slaves_active 1", "all_slaves_active 0", "num_grat_arp 3", "resend_igmp 2", "lp_interval 2",
    "tx_retries 0", "tx_retries 2", "mac 02:00:00:00:00:77", "mac 02:00:00:00:00:78",
    # Refused, always or in most modes.
    "mode 0", "miimon -5", "fail_over_mac 1", "arp_interval -1", "arp_ip_target 0.0.0.0",
)


class Storm:
    """The state of one storm, and its steps."""

    def __init__(self, made):
        self.made = made
        self.topo = made.topo
        self.a = Rtnl(made.topo.a)
        self.b = Rtnl(made.topo.b)
        self.devices = [self.a.index(dev) for dev in made.topo.macvlans]
        self.ports = [self.b.index(dev) for dev in made.topo.ports]
        self.plugged = [True] * MEMBERS
        self.rng = random.Random(SEED)
        self.events = 0
        self.done = collections.Counter()
        self.refused = 0
        self.last = ""
        self.mode, self.path, self.more = PHASES[0]

    def _by_arp(self):
        return "arp_interval" in self.more

    def _flip(self, i):
        self.plugged[i] = not self.plugged[i]
        self.b.set_up(self.ports[i], self.plugged[i])
        self.events += 1

    def flap(self):
        """A cable in or out; in a third of the cases several, faster than anybody can follow."""
        count = self.rng.choice((1, 1, 1, 1, 2, 5))
        who = [self.rng.randrange(MEMBERS) for _ in range(count)]
        self.last = f"cables {who}"
        for i in who:
            self._flip(i)

    def _command(self, line):
        self.last = line
        before = view(self.made)["options"]
        try:
            self.made.command(line)
        except CommandError:
            self.refused += 1
            after = view(self.made)["options"]
            # Which member is active may have changed by itself meanwhile.
            before["active_slave"] = after["active_slave"]
            assert after == before, f"{line} was refused, and changed the bond"

    def option(self):
        """An option, the user's choice of a member among them."""
        # Another miimon would end the ARP monitor.
        words = [o for o in OPTIONS if not (self._by_arp() and o.startswith("miimon"))]
        self._command(f"set bond bond0 {self.rng.choice(words)}")

    def prio(self):
        """How much a member is worth."""
        name = self.rng.choice(NAMES)
        self._command(f"set bond bond0 member {name} prio {self.rng.randrange(-2, 3)}")

    def member(self):
        """A member comes, or goes unless it is the last one."""
        name = self.rng.choice(NAMES)
        inside = [m["name"] for m in view(self.made)["members"]]
        if name not in inside:
            self._command(f"add bond bond0 member {name}")
        elif len(inside) > 1:
            self._command(f"remove bond bond0 member {name}")

    def down_up(self):
        """The bond stops and starts."""
        self._command("set bond bond0 down")
        self._command("set bond bond0 up")

    def new_bond(self, phase):
        """Another mode needs a bond without members: another bond, under the same name."""
        self.mode, self.path, self.more = phase
        self.made.command("delete bond bond0")
        names = self.rng.sample(NAMES, 3)
        self.last = f"create bond bond0 mode={self.mode} io_path={self.path} {self.more}"
        self.made.command(f"{self.last} members={','.join(names)}")

    def step(self):
        """One step of any kind, then the invariants."""
        steps = [self.flap] * 6 + [self.option] * 4 + [self.member] * 2 + [self.prio, self.down_up]
        chosen = self.rng.choice(steps)
        chosen()
        self.done[chosen.__name__] += 1
        self.check()

    def _always(self, shown):
        """What holds at every moment, settled or not."""
        active = [m["name"] for m in shown["members"] if m["active"]]
        usable = {m["name"] for m in shown["members"] if m.get("usable", m["link_up"])}
        assert shown["up"] or not usable
        if self.mode in ONE_ACTIVE:
            assert len(active) <= 1 and set(active) <= usable, f"active {active} of {usable}"
            assert (active or [None])[0] == shown["active"]
        if self.path != "direct":
            return
        plan = shown["plan"]
        assert set(plan["usable"]) == usable, f"plan {plan}, usable {usable}"
        assert set(plan["polled"]) | set(plan["idle"]) <= {m["name"] for m in shown["members"]}
        for m in shown["members"]:
            assert not m["usable"] or m["link"] in ("up", "going down"), m
            assert m["usable"] or m["why_idle"], m
        if self.mode in ONE_ACTIVE and not self._by_arp():
            assert bool(active) == bool(usable), f"active {active} of {usable}"

    def _links_agree(self, shown):
        for m in shown["members"]:
            carrier = self.a.carrier(self.devices[NAMES.index(m["name"])])
            if self._by_arp():
                # With the carrier there it is a matter of who answers.
                if not carrier and m["link"] == "up":
                    return False
            elif m["link"] != ("up" if carrier else "down") or m["link_up"] != carrier:
                return False
            elif self.path == "pmd" and m["attached"] != carrier:
                return False
        return True

    def _macs_right(self, shown):
        macs = []
        for m in shown["members"]:
            mac = self.a.find(index=self.devices[NAMES.index(m["name"])]).mac
            if self.path == "pmd" and not m["attached"]:
                continue
            if mac != m["mac"] or mac != m.get("wanted_mac", mac):
                return False
            if m["active"] and mac != shown["mac"]:
                return False
            macs.append(mac)
        same = self.mode not in ONE_ACTIVE
        if self.path == "direct":
            keeps = self.mode != "active-backup" or re.search("active|follow", self.more)
            same = same or not keeps
            if not same and len(set(macs)) != len(macs):
                return False
        if same and set(macs) - {shown["mac"]}:
            return False
        return self.a.find(TAP).mac == shown["mac"]

    def check(self):
        """The invariants now, and agreement with the kernel as soon as things have settled."""
        seen = []

        def settled():
            shown = view(self.made)
            seen[:] = [shown]
            try:
                self._always(shown)
            except AssertionError as broken:
                raise AssertionError(f"seed {SEED}, {self.mode} {self.path} {self.more}, after "
                                     f"{self.last}: {broken}\n{shown}") from None
            if self.path == "pmd" and self.mode in ONE_ACTIVE:
                up = any(m["link_up"] for m in shown["members"])
                if up != (shown["active"] is not None):
                    return False
            return self._links_agree(shown) and self._macs_right(shown)

        try:
            wait_for(settled, "settled", 20.0, poll_s=0.005)
        except AssertionError as late:
            if "settled" not in str(late):
                raise
            raise AssertionError(f"seed {SEED}, {self.mode} {self.path} {self.more}, after "
                                 f"{self.last}: cables {self.plugged}, {seen}") from None

    def calm(self):
        """All cables in; the traffic goes."""
        for i in range(MEMBERS):
            if not self.plugged[i]:
                self._flip(i)
        self.last = "all cables in"
        self.check()
        # A new address of the bond is announced by nobody, and a kernel asks again only in time.
        self.topo.a.ip("neigh", "flush", "dev", TAP)
        self.topo.b.ip("neigh", "flush", "dev", "br0")
        ping_once(self.topo.a, IP_B, deadline_s=30.0)


def stream_row(made, port):
    """A port's row of the forwarding statistics, by column."""
    lines = made.command("show fwd stats all").splitlines()
    head = lines[0].split()
    row = next(line.split() for line in lines[1:] if line.split()[0] == port)
    return dict(zip(head, row))


def account(made):
    """Once nothing moves: what came from the tap was sent or dropped for a reason; the reasons."""
    last = []

    def quiet():
        row = stream_row(made, "net_tap0")
        last.append(row)
        return len(last) > 1 and last[-2] == row

    wait_for(quiet, "no more frames", 10.0, poll_s=0.3)
    row = {k: int(v) for k, v in last[-1].items() if v.isdigit()}
    drops = {k: row[k] for k in ("TX_FULL", "STOPPED", "NO_PEER", "CONSUMED", "BAD", "VLAN")}
    assert row["RX-PACKETS"] == row["TX-PACKETS"] + sum(drops.values()), row
    return row, {k.lower(): n for k, n in drops.items() if n}


def test_storm(bench, measured):
    """Every mode in one program, with numbered steps that a seed repeats."""
    print(f"seed {SEED}")
    made = bench("active-backup", MEMBERS, in_bond=MEMBERS)
    storm = Storm(made)
    b = made.topo.b
    b.ip("link", "set", "br0", "address", b.mac("br0"))
    storm.calm()
    b.start("ping", "-q", "-n", "-i", "0.005", IP_A, name="ping")
    # From every port of the peer, and into the bond, whatever the kernels know of addresses.
    inward = Stream(b, "br0", b.mac("br0"), RATE, dst=BROADCAST)
    outward = stream_out(made, RATE, flows=32)
    began = time.monotonic()
    with inward, outward:
        for n, phase in enumerate(PHASES):
            storm.new_bond(phase)
            storm.check()
            while storm.events < EVENTS * (n + 1) // len(PHASES):
                storm.step()
            storm.calm()
    took_s = time.monotonic() - began
    made.topo.a.ip("address", "flush", "dev", TAP)
    row, drops = account(made)
    totals = view(made)["counters"]["drops"] if storm.path == "direct" else {}
    made.ended = True
    made.vfbond.stop()
    pools = ", ".join(f"{free} of {size}" for free, size in made.vfbond.pools().values())
    measured.append(
        f"storm, seed {SEED}: {storm.events} carrier events, {sum(storm.done.values())} steps in "
        f"{len(PHASES)} bonds ({dict(storm.done)}, {storm.refused} refused) in {took_s:.1f} s; "
        f"{row['RX-PACKETS']} frames from the tap, {row['TX-PACKETS']} sent, dropped {drops or 0} "
        f"{totals or ''}; mbufs free at the end: {pools}")
