# SPDX-License-Identifier: BSD-3-Clause
"""What the console refuses while the program runs, and what it survives."""

import os
import random
import re

import pytest

from netlab import Lab, wait_for
from program import CommandError, Console, Vfbond

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

REFUSED = [
    ("create bond bond1 mode=7 members=net_null2", ["mode", "7", "active-backup"]),
    ("create bond bond1 colour=red members=net_null2", ["colour"]),
    ("create bond bond1 mode=1 xmit_hash_policy=layer9 members=net_null2", ["layer9", "layer2"]),
    ("create bond bond1 mode=1 miimon=x members=net_null2", ["miimon", "x"]),
    ("create bond bond1 mode=1 members=nobody", ["nobody"]),
    ("create bond bond1 mode=1 members=bond0", ["bond0"]),
    ("create bond bond1 mode=1 members=net_null0,net_null2", ["net_null0", "bond0"]),
    ("create bond bond1 mode=1 members=net_null2,net_null2", ["net_null2"]),
    ("create bond bond0 mode=1 members=net_null2", ["bond0"]),
    ("create bond 9x mode=1 members=net_null2", ["9x"]),
    ("create bond all mode=1 members=net_null2", ["all"]),
    ("create bond net_null3 mode=1 members=net_null2", ["net_null3"]),
    ("create bond bond1 mode", ["mode"]),
    ("delete bond nobody", ["nobody"]),
    ("delete bond net_null2", ["net_null2"]),
    ("add bond bond0 member net_null0", ["net_null0", "bond0"]),
    ("add bond bond0 member bond0", ["bond0"]),
    ("add bond nobody member net_null2", ["nobody"]),
    ("remove bond bond0 member net_null2", ["net_null2", "bond0"]),
    ("set bond bond0 sideways", ["sideways"]),
    ("set bond bond0 mode 99", ["mode", "without members"]),
    ("set bond bond0 miimon 99x", ["miimon", "99x"]),
    ("set bond bond0 nonsense 1", ["nonsense"]),
    ("set bond bond0 lacp_rate fast", ["lacp_rate"]),
    ("show bond nobody", ["nobody"]),
    ("show bond bond0 yaml", ["yaml"]),
    ("set fwd teleport", ["teleport", "macswap"]),
    ("set burst 0", ["burst", "512"]),
    ("set burst many", ["many"]),
    ("set burst 99999999999999999999", ["99999999999999999999"]),
    ("set nbcore 500", ["500"]),
    ("set portlist 2,77", ["77"]),
    ("set portlist net_null0", ["net_null0", "bond0"]),
    ("set txpkts 20", ["20"]),
    ("set flows 0", ["flows"]),
    ("set verbose loud", ["loud"]),
    ("set promisc net_null2 perhaps", ["perhaps"]),
    ("port config net_null2 mtu 20", ["20"]),
    ("port config net_null2 mtu 999999", ["999999"]),
    ("port attach net_nosuchdriver7", ["net_nosuchdriver7"]),
    ("port attach 0000:ff:1f.7", ["0000:ff:1f.7"]),
    ("port detach net_null0", ["net_null0", "bond0"]),
    ("load /nonexistent/file", ["/nonexistent/file"]),
    ("load /", ["/"]),
    ("sleep forever", ["forever"]),
    ("sleep -1", ["-1"]),
    ("help nosuchtopic", ["nosuchtopic"]),
    ("frobnicate", ["frobnicate"]),
    ("show", ["show"]),
    ("start now please", ["start"]),
    ("show bond 'bond0", ["quote"]),
    ("create bonding device 9 0", ["mode", "9"]),
    ("add bonding member net_null0 bond0", ["net_null0"]),
    ("remove bonding slave net_null2 bond0", ["net_null2"]),
    ("set bonding primary net_null2 bond0", ["net_null2"]),
    ("set bonding mode 1 net_null2", ["net_null2"]),
    ("set bonding mac_addr bond0 zz:zz", ["zz:zz"]),
    ("set bonding balance_xmit_policy bond0 l9", ["l9"]),
    ("set bonding mon_period bond0 -5", ["-5"]),
    ("set bonding agg_mode bond0 loudest", ["loudest"]),
    ("show bonding lacp info net_null2", ["net_null2"]),
]


@pytest.fixture(scope="module", name="vfbond")
def fixture_vfbond(binary):
    """One program for the module: it must survive all of it and end cleanly."""
    with Lab() as lab:
        ns = lab.namespace("a")
        vdevs = []
        for i in range(4):
            vdevs += ["--vdev", f"net_null{i}"]
        program = Vfbond(lab, binary, ns, vdevs, [
            "--bond", "bond0 mode=active-backup members=net_null0,net_null1",
            "--portlist", "net_null2,net_null3",
        ])
        program.wait_console()
        program.command("stop")  # without -i it forwards from the start
        wait_for(lambda: "MII Status: down" not in program.command("show bond bond0"), "links")
        yield program
        program.stop()
        assert ns.links() == ["lo"]


def state(vfbond):
    """What must not change by refused commands."""
    return vfbond.command("show bonds"), vfbond.command("show config fwd")


@pytest.mark.parametrize("line, words", REFUSED, ids=[c[0] for c in REFUSED])
def test_refused(vfbond, line, words):
    """error: with the words that help; nothing has changed."""
    before = state(vfbond)
    with pytest.raises(CommandError) as refusal:
        vfbond.command(line)
    text = str(refusal.value)
    missing = [w for w in words if w not in text]
    assert not missing, f"the message does not say {missing}: {text}"
    assert state(vfbond) == before


STOP_FIRST = [
    "set fwd macswap", "set burst 16", "set portlist net_null2",
    "add bond bond0 member net_null2",
]


def test_refused_while_forwarding(vfbond):
    """What would change the ground under the workers is refused until `stop`."""
    vfbond.command("start")
    before = state(vfbond)
    for line in STOP_FIRST + ["start"]:
        try:
            vfbond.command(line)
        except CommandError as refusal:
            assert "stop" in str(refusal) or "started" in str(refusal), f"{line}: {refusal}"
        else:
            raise AssertionError(f"{line} was not refused")
        assert state(vfbond) == before, line
    vfbond.command("stop")


def grammars_with_port():
    """Every command of the table that takes a port, once with a number that is out of range."""
    with open(os.path.join(ROOT, "app", "vfbond", "commands.list"), encoding="utf-8") as table:
        rows = [line.split(" | ")[1].strip() for line in table
                if line.strip() and line[0] != "#"]
    values = {"MODE": "1", "SOCKET": "0", "MAC": "02:00:00:00:00:01", "MS": "100", "N": "1400"}
    for row in rows:
        if "PORT" not in row or "PORTS" in row:
            continue
        line = re.sub(r"<PORT(\|all)?>", "77", row)
        line = re.sub(r"<BOND>|<NAME>", "bond0", line)
        line = re.sub(r"<([A-Z_]+)>", lambda m: values.get(m.group(1), "1"), line)
        line = re.sub(r"<([a-z0-9_]+)\|[^>]*>", r"\1", line)
        line = re.sub(r"\b(\w+)\|\S+", r"\1", line)
        yield re.sub(r"\s*\[.*?\]", "", line)


@pytest.mark.parametrize("line", grammars_with_port())
def test_port_out_of_range(vfbond, line):
    """Port 77 does not exist, whatever the command."""
    before = state(vfbond)
    with pytest.raises(CommandError) as refusal:
        vfbond.command(line)
    assert "77" in str(refusal.value), str(refusal.value)
    assert state(vfbond) == before


def random_lines(count, seed):
    """Lines of noise, of the language's own words in any order, and of cut and bent commands."""
    rng = random.Random(seed)
    words = ["show", "set", "bond", "bond0", "port", "create", "delete", "member", "all", "0", "-1",
             "77", "mode=", "members=", "net_null0", "fwd", "stats", "''", '"', "\\", "#", "a=b",
             "\t", "%s%n", "99999999999999999999", "\u00e4", "help", "xstats", "info", "config"]
    for _ in range(count):
        kind = rng.randrange(3)
        if kind == 0:
            line = bytes(rng.randrange(256) for _ in range(rng.randrange(120)))
        elif kind == 1:
            line = " ".join(rng.choice(words) for _ in range(rng.randrange(8))).encode()
        else:
            line = bytearray(rng.choice(REFUSED)[0].encode())
            for _ in range(rng.randrange(1, 4)):
                line[rng.randrange(len(line))] = rng.randrange(256)
        line = bytes(line).replace(b"\n", b" ")
        # Words that would do what they say: not this test's subject.
        if not re.search(rb"quit|sleep|load|delete|port +(close|detach|stop)", line):
            yield line


def test_random_lines(vfbond):
    """10,000 random lines get 10,000 answers, and the program goes on."""
    console = vfbond.console()
    lines = list(random_lines(11500, seed=2))[:10000]
    assert len(lines) == 10000
    refused = 0
    for start in range(0, len(lines), 50):
        part = lines[start:start + 50]
        console.send(b"\n".join(part) + b"\n")
        for line in part:
            try:
                console.answer()
            except CommandError:
                refused += 1
            except OSError as error:
                raise AssertionError(f"no answer near {line!r}: {error}") from error
    console.close()
    assert refused > 5000
    assert "bond0" in vfbond.command("show bonds")


def test_unterminated_line(vfbond):
    """A client that hangs up in the middle of a line, and one that just stays there."""
    silent = vfbond.console()
    silent.send(b"show bon")
    for _ in range(20):
        console = vfbond.console()
        console.send(b"create bond bond7 mode=1 members=net_nu")
        console.close()
    assert "bond7" not in vfbond.command("show bonds")
    silent.send(b"ds\n")
    assert "bond0" in silent.answer()
    silent.close()


def test_long_lines(vfbond):
    """4095 bytes are a line; with one more it is refused whole, and the next one is served."""
    console = vfbond.console()
    fits = b"show bonds" + b" " * (4095 - 10)
    console.send(fits + b"\n")
    assert "bond0" in console.answer()
    console.send(fits + b" \nshow bonds\n")
    with pytest.raises(CommandError) as refusal:
        console.answer()
    assert "4095" in str(refusal.value)
    assert "bond0" in console.answer()
    console.send(b"x" * 3_000_000 + b"\nshow bonds\n")
    with pytest.raises(CommandError):
        console.answer()
    assert "bond0" in console.answer()
    console.close()


def test_reader_that_does_not_read(vfbond):
    """A client that asks for more than 1 MB and reads nothing is closed; the others go on."""
    greedy = vfbond.console()
    greedy.sock.settimeout(0.2)
    try:
        for _ in range(3000):
            greedy.send(b"help\n" * 20)
    except OSError:
        pass  # closed, or its requests are no longer read: both are fine
    assert "bond0" in vfbond.command("show bonds")
    greedy.close()
    assert "bond0" in vfbond.command("show bonds")


def test_many_clients(vfbond):
    """A crowd of clients at once; each is answered."""
    crowd = []
    for _ in range(32):
        try:
            crowd.append(Console(vfbond.socket_path))
        except OSError:
            break
    for console in crowd:
        console.send(b"show bonds\n")
    answered = 0
    for console in crowd:
        try:
            answered += "bond0" in console.answer()
        except (ConnectionError, CommandError):
            pass  # more clients than it serves: refused, not hung
        console.close()
    assert answered >= 4
    wait_for(lambda: "bond0" in vfbond.command("show bonds"), "the console after the crowd")
