#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Asks Linux's bonding driver and vfbond the same and compares the answers; runs inside the lab VM.

Options: every one with good and bad values, in every mode, on bonds down and up, with members and
without: accepted or refused with the same error, and then the same value in force. Status: what
/proc/net/bonding/bond0 says, line by line, while members lose their links and get them back.
against_linux_cases.py says what is asked and which differences are meant. TAP on standard output.

usage: against_linux.py VFBOND
"""

import contextlib
import errno
import fcntl
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import time

from against_linux_cases import DEVIATIONS, GROUPS, MODES, ON_THE_WAY, STATES, STATUS, STILL
from program import CommandError, Console
from tap import Results

CLEARED = ("primary", "active_slave", "arp_ip_target", "ns_ip6_target")  # by ""
LOG = "/tmp/vfbond.log"
LINKS = 4  # m0 and m1 for Linux, m2 and m3 for vfbond; c0.. are their far ends
DEADLINE_S = 30
SETTLE_S = 8
STATE_IN_SYNC = 0x08  # in the state of an LACPDU

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1


def sh(command):
    subprocess.run(command, shell=True, check=True)


def wait_for(condition, what, limit_s=DEADLINE_S):
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {limit_s} s: {what}")
        time.sleep(0.02)


def set_up(device, up):
    """A device up or down, without a process for it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        request = struct.pack("16sH14x", device.encode(), 0)
        (flags,) = struct.unpack_from("16xH", fcntl.ioctl(sock, SIOCGIFFLAGS, request))
        flags = flags | IFF_UP if up else flags & ~IFF_UP
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sH14x", device.encode(), flags))


def error_name(number):
    return errno.errorcode.get(number, str(number))


# --- what sysfs has not: netlink (linux/rtnetlink.h, linux/if_link.h) ---------------------------
RTM_NEWLINK, RTM_GETLINK, NLM_F_REQUEST, NLM_F_REQUEST_ACK = 16, 18, 1, 5
IFLA_LINKINFO = 18
INFO_KIND, INFO_DATA, INFO_SLAVE_KIND, INFO_SLAVE_DATA = 1, 2, 4, 5
BOND_ARP_IP_TARGET, BOND_NS_IP6_TARGET = 8, 31
# Numbers of the bond and of one member: the attribute and its form.
OF_BOND = {"coupled_control": (32, "=B")}
OF_MEMBER = {"prio": (9, "=i"), "actor_port_prio": (10, "=H")}


def attribute(kind, data):
    if isinstance(data, list):
        data = b"".join(data)
    return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


def ask_link(kind, flags, device, attributes=b""):
    """One request about a device, and what the kernel answers behind the message's head."""
    body = struct.pack("=BxHiII", 0, 0, socket.if_nametoindex(device), 0, 0) + attributes
    head = struct.pack("=IHHII", 16 + len(body), kind, flags, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as sock:
        sock.send(head + body)
        return sock.recv(65536)[16:]


def change_link(device, of_member, option):
    """Change one attribute of a bond or of its member: "ok" or the name of the error."""
    kind, data = (INFO_SLAVE_KIND, INFO_SLAVE_DATA) if of_member else (INFO_KIND, INFO_DATA)
    info = attribute(IFLA_LINKINFO, [attribute(kind, b"bond\0"), attribute(data, option)])
    (error,) = struct.unpack_from("=i", ask_link(RTM_NEWLINK, NLM_F_REQUEST_ACK, device, info))
    return error_name(-error) if error else "ok"


def attributes_in(data):
    """{kind: data} of the attributes that stand one behind the other."""
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        found[kind & 0x3FFF] = data[4:length]
        data = data[(length + 3) & ~3:]
    return found


def link_number(device, of_member, option, form):
    """A number among the attributes of a bond or of its member; None: it has no such one."""
    link = attributes_in(ask_link(RTM_GETLINK, NLM_F_REQUEST, device)[16:])
    info = attributes_in(link.get(IFLA_LINKINFO, b""))
    numbers = attributes_in(info.get(INFO_SLAVE_DATA if of_member else INFO_DATA, b""))
    return struct.unpack(form, numbers[option])[0] if option in numbers else None


def address_list(option, family, words):
    return attribute(option, [
        attribute(i, socket.inet_pton(family, word)) for i, word in enumerate(words)
    ])


class Linux:
    """bond0 of the kernel, by sysfs; by netlink what sysfs has not."""

    def __str__(self):
        return "Linux"

    def __init__(self, members):
        self.members = dict(zip(("m0", "m1"), members))
        self.options = "/sys/class/net/bond0/bonding/"

    @staticmethod
    def _write(path, text):
        file = os.open(path, os.O_WRONLY)
        try:
            os.write(file, text.encode() + b"\n")
        except OSError as why:
            return error_name(why.errno)
        finally:
            os.close(file)
        return "ok"

    def _name(self, word):
        return self.members.get(word, word)

    def create(self, mode):
        assert self._write("/sys/class/net/bonding_masters", "+bond0") == "ok"
        assert self.set("mode", mode) == "ok"

    def delete(self):
        assert self._write("/sys/class/net/bonding_masters", "-bond0") == "ok"

    def add(self, member):
        set_up(self.members[member], False)
        assert self._write(self.options + "slaves", "+" + self.members[member]) == "ok"

    def remove(self, member):
        assert self._write(self.options + "slaves", "-" + self.members[member]) == "ok"

    def up(self, up):
        set_up("bond0", up)

    def set(self, option, value):
        words = value.split(",") if value else []
        if option == "ns_ip6_target":
            option = address_list(BOND_NS_IP6_TARGET, socket.AF_INET6, words)
            return change_link("bond0", False, option)
        if option == "arp_ip_target" and value[:1] not in ("+", "-"):
            option = address_list(BOND_ARP_IP_TARGET, socket.AF_INET, words)
            return change_link("bond0", False, option)
        if option in OF_BOND:
            kind, form = OF_BOND[option]
            return change_link("bond0", False, attribute(kind, struct.pack(form, int(value))))
        member, colon, number = value.partition(":")
        if option in OF_MEMBER:
            kind, form = OF_MEMBER[option]
            option = attribute(kind, struct.pack(form, int(number)))
            return change_link(self._name(member), True, option)
        if option == "queue_id":
            return self._write(self.options + option, self._name(member) + colon + number)
        return self._write(self.options + option, self._name(value))

    def get(self, option):
        """The value in force, or None where neither sysfs nor netlink shows it."""
        if option in OF_BOND:
            value = link_number("bond0", False, *OF_BOND[option])
            assert value is not None, f"this kernel has no {option}"
            return str(value)
        if option in OF_MEMBER:
            values = {m: link_number(m, True, *OF_MEMBER[option]) for m in self.members.values()}
            assert None not in values.values(), f"this kernel has no {option}"
            return "\n".join(f"{name} {value}" for name, value in values.items())
        try:
            with open(self.options + option, encoding="ascii") as file:
                return file.read().strip()
        except FileNotFoundError:
            return None

    @staticmethod
    def text():
        with open("/proc/net/bonding/bond0", encoding="ascii") as file:
            return file.read()


class Vfbond:
    """bond0 of a running vfbond, by its console."""

    def __str__(self):
        return "vfbond"

    def __init__(self, console, members, stranger):
        self.console = console
        self.members = dict(zip(("m0", "m1"), members))
        self.stranger = stranger

    def _name(self, word):
        return self.stranger if word == "m9" else self.members.get(word, word)

    def run(self, line):
        try:
            self.console.command(line)
        except CommandError as why:
            return error_name(why.errno)
        return "ok"

    def create(self, mode):
        assert self.run(f"create bond bond0 mode={mode} up=no") == "ok"

    def delete(self):
        assert self.run("delete bond bond0") == "ok"

    def add(self, member):
        assert self.run(f"add bond bond0 member {self.members[member]}") == "ok"

    def remove(self, member):
        assert self.run(f"remove bond bond0 member {self.members[member]}") == "ok"

    def up(self, up):
        assert self.run(f"set bond bond0 {'up' if up else 'down'}") == "ok"

    def set(self, option, value):
        if option in (*OF_MEMBER, "queue_id"):
            member, _, number = value.partition(":")
            return self.run(f"set bond bond0 member {self._name(member)} {option} '{number}'")
        if value == "" and option in CLEARED:
            value = "none"
        return self.run(f"set bond bond0 {option} '{self._name(value)}'")

    def get(self, option):
        return self.console.command(f"show bond bond0 option {option}")

    def text(self):
        return self.console.command("show bond bond0") + "\n"


@contextlib.contextmanager
def bonds(sides, mode):
    """A bond without members on each side, gone afterwards."""
    for side in sides:
        side.create(mode)
    try:
        yield
    finally:
        for side in sides:
            side.delete()


# --- options -----------------------------------------------------------------------------------
def plain(side, option, value):
    """A value in force in words that both have."""
    if value is None:
        return None
    names = {name: word for word, name in side.members.items()}
    if option in (*OF_MEMBER, "queue_id"):
        pairs = re.findall(r"(\S+?)[: ](-?\d+)", value)
        return " ".join(f"{names[name]}:{number}" for name, number in pairs)
    words = value.replace(",", " ").split()
    if option == "arp_ip_target" and words != ["none"]:
        return " ".join(sorted(words))
    # "name number" of sysfs, which writes 0, 1 and nothing for off, on and none.
    first = words[0] if words else ""
    first = names.get(first, first)
    return {"off": "0", "on": "1", "none": ""}.get(first, first)


class Comparison:
    """The steps of one bond on both sides, and the deviations that were met."""

    def __init__(self, sides):
        self.sides = sides
        self.met = set()
        self.steps = 0

    def _meant(self, *question):
        for i, deviation in enumerate(DEVIATIONS):
            if deviation.covers(*question):
                self.met.add(i)
                return True
        return False

    def _step(self, mode, state, option, value, differences):
        answers = [side.set(option, value) for side in self.sides]
        self.steps += 1
        if answers == ["ok", "ok"]:
            values = [plain(side, option, side.get(option)) for side in self.sides]
            if values[0] is not None:
                answers = [f"ok: {v}" for v in values]
        if answers[0] != answers[1] and not self._meant(mode, state, option, value, *answers):
            differences.append(
                f"{mode}, {state}: {option} '{value}': Linux {answers[0]}, vfbond {answers[1]}"
            )

    def group(self, mode, state, steps, differences):
        with bonds(self.sides, mode):
            for side in self.sides:
                assert side.set("miimon", "100") == "ok"
                for member in () if state == "down, empty" else ("m0", "m1"):
                    side.add(member)
                if state == "up":
                    side.up(True)
            for option, value in steps:
                self._step(mode, state, option, value, differences)

    def unmet(self):
        return [d.why for i, d in enumerate(DEVIATIONS) if i not in self.met]


def compare_options(results, sides):
    comparison = Comparison(sides)
    for mode in MODES:
        for state in STATES:
            with results.case(f"options: {mode}, {state}") as differences:
                for steps in GROUPS.values():
                    comparison.group(mode, state, steps, differences)
    results.add("options: every deviation that is listed was met", comparison.unmet())
    print(f"# {comparison.steps} settings tried on each side")


# --- status ------------------------------------------------------------------------------------
def without_link(section):
    """Of a member whose link is down, what LACP would say: Linux forgets its speed, which is half
    of the key, and may leave it in sync when another aggregator becomes the active one. No LACPDU
    tells of it.
    """
    section = re.sub(r"(?<=    port key: )(\d+)", lambda key: str(int(key[0]) >> 6 << 6), section)
    return re.sub(
        r"(?<=    port state: )(\d+)", lambda state: str(int(state[0]) & ~STATE_IN_SYNC), section,
        count=1,  # the actor's
    )


def masked(side, text):
    """Without what cannot be the same: names, addresses, who the driver is."""
    for word, name in side.members.items():
        text = re.sub(rf"\b{name}\b", word, text)
    text = re.sub(r"(?<=Driver: ).*", "...", text)
    text = re.sub(r"\b([0-9a-f]{2}:){5}[0-9a-f]{2}\b", "MAC", text)
    # For 60 s after a port is new Linux says "monitoring"; by the standard's diagram (6.4.17) a
    # port in sync has no churn at once.
    text = re.sub(r"(?<= Churn State: ).*", "...", text)
    head, *sections = text.split("\nSlave Interface: ")
    return "\nSlave Interface: ".join([head, *(
        without_link(s) if "\nMII Status: down\n" in s else s for s in sections
    )])


def difference(sides):
    """Lines of the two texts that are not the same."""
    texts = [masked(side, side.text()).splitlines() for side in sides]
    if texts[0] == texts[1]:
        return []
    found = []
    for i in range(max(map(len, texts))):
        lines = [t[i] if i < len(t) else "(nothing)" for t in texts]
        if lines[0] != lines[1]:
            found.append(f"line {i + 1}: Linux '{lines[0]}', vfbond '{lines[1]}'")
    return found


def compare_text(sides, when, differences):
    """Both may take a moment to be where they will stay."""
    end = time.monotonic() + SETTLE_S
    found = difference(sides)
    while found and time.monotonic() < end:
        time.sleep(0.05)
        found = difference(sides)
    differences += [f"{when}: {line}" for line in found]


def far_end(index, up):
    """Plug or pull the cable of a member, on both sides."""
    for side in (0, 1):
        set_up(f"c{2 * side + index}", up)


def shows(side, member, status):
    return f"Slave Interface: {member}\nMII Status: {status}\n" in masked(side, side.text())


def pull_and_plug(sides, index, differences, statuses=("down", "up")):
    for up, status in zip((False, True), statuses):
        far_end(index, up)
        for side in sides:
            what = f"m{index} {status}, {side}"
            wait_for(lambda: shows(side, f"m{index}", status), what, SETTLE_S)
        compare_text(sides, f"m{index} {status}", differences)


def begin(sides, before, after):
    for side in sides:
        for option, value in before:
            assert side.set(option, value) == "ok", f"{side}: {option} {value}"
        for member in ("m0", "m1"):
            side.add(member)
        side.up(True)
        for option, value in after:
            assert side.set(option, value) == "ok", f"{side}: {option} {value}"


def compare_status(results, sides):
    for name, mode, before, after in STATUS:
        with results.case(f"status: {name}") as differences, bonds(sides, mode):
            begin(sides, before, after)
            compare_text(sides, "links up", differences)
            for index in (0, 1):
                pull_and_plug(sides, index, differences)
        for index in (0, 1):
            far_end(index, True)
    for name, mode, before, *statuses in ON_THE_WAY:
        with results.case(f"status: {name}") as differences, bonds(sides, mode):
            begin(sides, before, [])
            pull_and_plug(sides, 0, differences, statuses)
            for side in sides:
                side.remove("m0")
            compare_text(sides, "m0 has left", differences)
        far_end(0, True)
    for name, mode, before in STILL:
        with results.case(f"status: {name}") as differences, bonds(sides, mode):
            begin(sides, before, [])
            compare_text(sides, "links up", differences)


# --- the two sides -----------------------------------------------------------------------------
def make_devices():
    """Cables m0-c0.. for the status, devices n0, n1 that are always up for options."""
    sh("sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1")
    sh("modprobe -a bonding dummy veth")
    sh("dmesg -n 1")  # the driver says why it refuses, at length and over a serial line
    sh("ip link add n0 type dummy; ip link add n1 type dummy; ip link add m9 type dummy")
    for i in range(LINKS):
        sh(f"ip link add m{i} type veth peer name c{i}")
        sh(f"ip link set c{i} up; ip link set m{i} up")
    with contextlib.suppress(OSError):
        Linux._write("/sys/class/net/bonding_masters", "-bond0")


@contextlib.contextmanager
def running(binary):
    """A vfbond with ports net_null0..2 and net_af_packet0, 1 over m2, m3: its console."""
    path = "/tmp/console"
    vdevs = [f"net_null{i}" for i in range(3)]
    vdevs += [f"net_af_packet{i},iface=m{i + 2}" for i in range(2)]
    argv = [binary, "-l", "0-1", "--no-huge", "--no-shconf", "-m", "256", "--no-pci",
            "--no-telemetry"]
    for vdev in vdevs:
        argv += ["--vdev", vdev]
    with open(LOG, "w", encoding="utf-8") as log, subprocess.Popen(
        [*argv, "--", "-i", "--socket", path], stdin=subprocess.PIPE, stdout=log,
        stderr=subprocess.STDOUT,
    ) as process:
        try:
            wait_for(lambda: os.path.exists(path) or process.poll() is not None, "the console")
            assert process.poll() is None, "vfbond does not start"
            console = Console(path, DEADLINE_S)
            yield console
            console.send(b"quit\n")
            assert process.wait(DEADLINE_S) == 0, "vfbond ended with an error"
        finally:
            process.kill()
            shutil.copy(LOG, ".")


def main(binary):
    results = Results()
    make_devices()
    try:
        with running(binary) as console:
            nulls = [f"net_null{i}" for i in range(3)]
            packets = ["net_af_packet0", "net_af_packet1"]
            compare_options(results, [Linux(["n0", "n1"]), Vfbond(console, nulls[:2], nulls[2])])
            compare_status(results, [Linux(["m0", "m1"]), Vfbond(console, packets, nulls[2])])
    except (AssertionError, OSError) as why:
        results.add("vfbond itself", [f"{type(why).__name__}: {why}"])
    return results.plan()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
