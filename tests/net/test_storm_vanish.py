# SPDX-License-Identifier: BSD-3-Clause
"""A member whose network device is deleted before, while or just after the bond is changed.

A clear refusal or success; the bond in its former state, with the vanished member shown as such;
traffic by the other members; and at the end nothing is lost. VFBOND_SEED repeats a run's moments.
"""

import os
import random
import re
import signal
import threading
import time

import pytest

from load import Ping, ping_once
from netlab import run, wait_for
from program import CommandError
from rtnl import Rtnl
from topology import IP_B, TAP
from watch import view, wait_all_up

LONG = "VFBOND_LONG" in os.environ
SEED = int(os.environ.get("VFBOND_SEED", time.time_ns() % 1000000))
VICTIM = "net_af_packet7"
ADD = f"add bond bond0 member {VICTIM}"

# What may be said of a device that is gone, and nothing else.
CLEAR = r"network device (of every member )?is gone|its link is down"
# The other members do not need it for these.
ACCEPTED = ("remove", "mac", "mac-of-all", "from-it", "down-up", "mode")
# A machine that gives a worker no processor for seconds: no matter of devices.
STARVED = "did not park within"


class Change:
    """What is done to a bond while a device vanishes."""

    def __init__(self, name, commands, before=(ADD,), after=(), paths=("direct", "pmd"), bond=""):
        self.name = name
        self.commands = commands  # a list, or a function of (io_path, round)
        self.before = before
        self.after = after
        self.paths = paths
        self.bond = bond

    def lines(self, path, n):
        """The commands of round n."""
        return self.commands(path, n) if callable(self.commands) else self.commands


def _create(rest):
    return lambda path, n: [f"create bond bond1 io_path={path} {rest}"]


FREE = ("remove bond bond0 member net_af_packet1",)
BACK = ("?delete bond bond1", "add bond bond0 member net_af_packet1")
MOVE = ("set bond bond0 active_slave net_af_packet0", f"set bond bond0 active_slave {VICTIM}")

CHANGES = (
    Change("add", [ADD], before=()),
    Change("remove", [f"remove bond bond0 member {VICTIM}"]),
    Change("mac", lambda path, n: [f"set bond bond0 mac 02:00:00:00:01:{n % 256:02x}"]),
    Change("mac-of-all", lambda path, n: [f"set bond bond0 mac 02:00:00:00:02:{n % 256:02x}"],
           bond="mode=balance-rr"),
    Change("to-it", [MOVE[1]]),
    Change("from-it", [MOVE[0]], before=(ADD, "+" + MOVE[1])),
    Change("to-it-follow", list(MOVE), bond="fail_over_mac=follow", paths=("direct",)),
    Change("to-it-active", list(MOVE), bond="fail_over_mac=active", paths=("direct",)),
    Change("to-it-alb", [MOVE[1]], bond="mode=balance-alb"),
    Change("down-up", ["set bond bond0 down", "set bond bond0 up"]),
    Change("mode", ["set bond bond0 down", "set bonding mode 2 bond0", "set bond bond0 up"],
           after=("?set bond bond0 down", "set bonding mode 1 bond0", "set bond bond0 up")),
    Change("create", _create(f"mode=1 members=net_af_packet1,{VICTIM}"), FREE, BACK),
    Change("create-first", _create(f"mode=1 members={VICTIM},net_af_packet1"), FREE, BACK),
    Change("create-follow", _create(f"mode=1 fail_over_mac=follow members=net_af_packet1,{VICTIM}"),
           FREE, BACK, paths=("direct",)),
    Change("create-alone", _create(f"mode=0 members={VICTIM}"), (), ("?delete bond bond1",)),
)


class Victims:
    """Devices that are made, given to the program and deleted, each with its own name and index."""

    def __init__(self, made):
        self.made = made
        self.rtnl = Rtnl(made.topo.a)
        self.count = 0
        self.index = None
        # Else its address is the lowest of its ports', and changes when a victim comes or goes.
        b = made.topo.b
        b.ip("link", "set", "br0", "address", b.mac("br0"))
        made.topo.a.ip("neigh", "flush", "dev", TAP)

    def new(self):
        """Another device, as a port of the program."""
        self.count += 1
        self.index = 1000 + self.count
        topo, name, peer = self.made.topo, f"vx{self.count}", f"px{self.count}"
        topo.a.ip("link", "add", name, "index", self.index, "type", "veth", "peer", "name", peer,
                  "index", 20000 + self.count, "netns", topo.b.name)
        topo.a.plain(name)
        topo.b.plain(peer)
        topo.b.ip("link", "set", peer, "master", "br0", "up")
        run("bridge", "-n", topo.b.name, "link", "set", "dev", peer, "isolated", "on")
        topo.a.ip("link", "set", name, "arp", "off", "up")
        self.made.command(f"port attach {VICTIM},iface={name}")

    def vanish(self):
        """The device is gone when this returns."""
        self.rtnl.delete(self.index)


def told_before(victims, commands, _):
    """The device is gone and the program has had the news."""
    victims.vanish()
    wait_for(lambda: not [m for m in view(victims.made)["members"]
                          if m["name"] == VICTIM and m["present"]], "the news", 5.0)
    return attempt(victims.made, commands)


def not_told_yet(victims, commands, _):
    """The device is gone, the news is still on its way when the commands are read."""
    process = victims.made.vfbond.process
    console = victims.made.vfbond.console()
    console.command("show bonds")
    process.send(signal.SIGSTOP)
    try:
        victims.vanish()
        console.send("".join(line + "\n" for line in commands).encode())
    finally:
        process.send(signal.SIGCONT)
    try:
        return answers(console, commands)
    finally:
        console.close()


def in_the_midst(victims, commands, rng):
    """Both at once, one of them a little earlier."""
    early, late = sorted((0.0, rng.uniform(0, 0.012)))
    first, second = (late, early) if rng.random() < 0.5 else (early, late)
    failed = []

    def vanish():
        time.sleep(first)
        try:
            victims.vanish()
        except OSError as error:
            failed.append(error)

    thread = threading.Thread(target=vanish)
    thread.start()
    time.sleep(second)
    try:
        return attempt(victims.made, commands)
    finally:
        thread.join()
        assert not failed, failed


def answers(console, commands):
    """[(command, None or the refusal)]."""
    said = []
    for line in commands:
        try:
            console.answer()
            said.append((line, None))
        except CommandError as refusal:
            said.append((line, refusal))
    return said


def attempt(made, commands):
    """Run commands one after the other; see answers()."""
    said = []
    for line in commands:
        try:
            made.command(line)
            said.append((line, None))
        except CommandError as refusal:
            said.append((line, refusal))
    return said


def _accepted(made, line, may_be_refused):
    try:
        made.command(line)
    except CommandError as refusal:
        if STARVED in str(refusal):
            return False
        if not may_be_refused:
            raise
    return True


def prepare(made, commands):
    """Commands that must succeed; with "+" as soon as the victim's link is up, "?": or not."""
    for line in commands:
        if line[0] == "+":
            wait_for(lambda: [m for m in view(made)["members"]
                              if m["name"] == VICTIM and m["link_up"]], "its link", 5.0)
        wait_for(lambda: _accepted(made, line.lstrip("+?"), line[0] == "?"), line, 60.0)


def state(made):
    """What a change leaves alone; the vanishing member is another matter."""
    shown = view(made)
    return {
        "members": [m["name"] for m in shown["members"] if m["name"] != VICTIM],
        "options": dict(shown["options"], up=None, mac=None, members=None, active_slave=None,
                        mode=None),
        "up": shown["up"],
    }


def settled(made):
    """Wait until the bond shows what is: the victim gone, the others up and with their addresses."""
    topo = made.topo
    seen = []

    def right():
        shown = view(made)
        seen[:] = [shown]
        for m in shown["members"]:
            if m["name"] == VICTIM:
                if m["present"] or m["link_up"] or m["usable"] or "device is gone" not in m["why_idle"]:
                    return False
            elif not m["link_up"] or m["mac"] != topo.a.mac(topo.macvlans[int(m["name"][-1])]):
                return False
        active = [m for m in shown["members"] if m["active"]]
        if shown["mode"] in ("active-backup", "balance-tlb", "balance-alb"):
            if len(active) != 1 or active[0]["name"] == VICTIM:
                return False
            if active[0]["mac"] != shown["mac"]:
                return False
        return topo.a.mac(TAP) == shown["mac"]

    try:
        wait_for(right, "a bond that is right again", 10.0)
    except AssertionError:
        raise AssertionError(f"the bond is not right again: {seen}") from None


def one_round(made, victims, change, order, rng):
    """One device comes, goes in the middle of a change, and is forgotten."""
    path = made.io_path
    victims.new()
    prepare(made, change.before)
    was = state(made)
    mac_was = view(made)["mac"]
    commands = change.lines(path, victims.count)
    said = order(victims, commands, rng)
    for line, refusal in said:
        if refusal is not None and STARVED not in str(refusal):
            assert re.search(CLEAR, str(refusal)), f"{line}: {refusal}"
            assert change.name not in ACCEPTED, f"{line}: {refusal}"
    prepare(made, ("set bond bond0 up",))
    settled(made)
    assert state(made) == was, f"{said}: {state(made)}, was {was}"
    if "mac" in change.name:
        wanted = mac_was if said[0][1] else commands[0].split()[-1]
        assert view(made)["mac"] == wanted, said
    prepare(made, change.after)
    if [m for m in view(made)["members"] if m["name"] == VICTIM]:
        made.command(f"remove bond bond0 member {VICTIM}")
    made.command(f"port detach {VICTIM}")
    settled(made)
    ping_once(made.topo.a, IP_B)
    return [refusal is None for _, refusal in said]


def _groups():
    """Changes that can share a program: one bond for all of them."""
    kinds = {}
    for change in CHANGES:
        for path in change.paths:
            kinds.setdefault((path, change.bond), []).append(change)
    for (path, bond), changes in kinds.items():
        yield pytest.param(path, bond, changes, id=f"{path}-{bond.split('=')[-1] or 'plain'}")


@pytest.mark.parametrize("path, bond, changes", _groups())
def test_device_vanishes(bench, measured, path, bond, changes):
    """Known, not known yet and in the very moment; the program goes on and ends whole."""
    mode = re.search(r"mode=(\S+)", bond)
    rest = re.sub(r"mode=\S+", "", bond)
    made = bench(mode[1] if mode else "active-backup", bond=rest, io_path=path)
    wait_all_up(made)
    ping_once(made.topo.a, IP_B)
    victims = Victims(made)
    rng = random.Random(SEED)
    print(f"seed {SEED}")
    orders = [told_before, not_told_yet, in_the_midst]
    orders += [in_the_midst] * (30 if LONG else 0)
    went = {}
    ping = Ping(made.topo.a, IP_B, interval_s=0.01)
    began = time.monotonic()
    for change in changes:
        for order in orders:
            done = one_round(made, victims, change, order, rng)
            went.setdefault(change.name, []).append(all(done))
    took_s = time.monotonic() - began
    sent, lost = ping.stop()
    accepted = ", ".join(f"{name} {sum(w)} of {len(w)}" for name, w in went.items())
    measured.append(f"{made.mode:14} {path:6} {rest:20} {victims.count} devices vanished in "
                    f"{took_s:.1f} s, {lost} of {sent} pings lost; accepted: {accepted}")
