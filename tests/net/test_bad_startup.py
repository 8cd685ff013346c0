# SPDX-License-Identifier: BSD-3-Clause
"""What the program refuses at start-up: status, a message that helps, and nothing left behind."""

import pytest

from program import eal_args
from topology import TAP

NULLS = ["--vdev", "net_null0", "--vdev", "net_null1", "--vdev", "net_null2"]
TAP_DEV = ["--vdev", f"net_tap0,iface={TAP}"]
GOOD = "bond0 mode=active-backup members=net_null0,net_null1"


def bond(text, *more):
    """Options for one --bond, and further ones."""
    return ["--bond", text, *more]


# (name, options after --, words that the message must hold)
REFUSED = [
    ("mode number", bond("bond0 mode=7 members=net_null0,net_null1"),
     ["bond0", "mode", "7", "active-backup", "802.3ad"]),
    ("mode name", bond("bond0 mode=fast members=net_null0,net_null1"),
     ["bond0", "mode", "fast", "balance-rr"]),
    ("option name", bond("bond0 modus=1 members=net_null0,net_null1"),
     ["bond0", "modus", "help create bond"]),
    ("no value", bond("bond0 mode members=net_null0,net_null1"), ["bond0", "mode"]),
    ("policy", bond("bond0 mode=2 xmit_hash_policy=layer9 members=net_null0,net_null1"),
     ["xmit_hash_policy", "layer9", "layer2+3", "layer3+4"]),
    ("miimon word", bond("bond0 mode=1 miimon=often members=net_null0,net_null1"),
     ["miimon", "often"]),
    ("miimon negative", bond("bond0 mode=1 miimon=-1 members=net_null0,net_null1"),
     ["miimon", "-1"]),
    ("mac", bond("bond0 mode=1 mac=02:00:00 members=net_null0,net_null1"), ["mac", "02:00:00"]),
    ("mac multicast", bond("bond0 mode=1 mac=03:00:00:00:00:01 members=net_null0,net_null1"),
     ["mac", "03:00:00:00:00:01"]),
    ("member missing", bond("bond0 mode=1 members=net_null0,net_null9"), ["bond0", "net_null9"]),
    ("member id missing", bond("bond0 mode=1 members=0,77"), ["bond0", "77"]),
    ("member is a bond", bond(GOOD, "--bond", "bond1 mode=1 members=bond0,net_null2"),
     ["bond1", "bond0"]),
    ("member taken", bond(GOOD, "--bond", "bond1 mode=1 members=net_null1,net_null2"),
     ["bond1", "net_null1", "bond0"]),
    ("member twice", bond("bond0 mode=1 members=net_null0,net_null0"), ["bond0", "net_null0"]),
    ("no member", bond("bond0 mode=1"), ["bond0", "member"]),
    ("empty members", bond("bond0 mode=1 members="), ["bond0", "members"]),
    ("name taken", bond(GOOD, "--bond", "bond0 mode=1 members=net_null2"), ["bond0"]),
    ("name of a device", bond("net_null2 mode=1 members=net_null0,net_null1"), ["net_null2"]),
    ("name with a digit first", bond("0bond mode=1 members=net_null0,net_null1"), ["0bond"]),
    ("name all", bond("all mode=1 members=net_null0,net_null1"), ["all"]),
    ("name too long", bond("abcdefghijklmnopq mode=1 members=net_null0,net_null1"),
     ["abcdefghijklmnopq"]),
    ("no name", bond("mode=1 members=net_null0,net_null1"), ["mode=1"]),
    ("empty bond", bond(""), ["bond"]),
    ("option twice", bond("bond0 mode=1 mode=2 members=net_null0,net_null1"), ["bond0", "mode"]),
    ("pair missing", bond(GOOD, "--pair", "bond0,nobody"), ["nobody"]),
    ("pair of one", bond(GOOD, "--pair", "bond0"), ["pair", "bond0"]),
    ("pair with itself", bond(GOOD, "--pair", "bond0,bond0"), ["bond0"]),
    ("pair with a member", bond(GOOD, "--pair", "net_null0,net_tap0"), ["net_null0", "bond0"]),
    ("portlist with a member", bond(GOOD, "--portlist", "0,2"), ["bond0"]),
    ("portlist range", ["--portlist", "0,77"], ["77"]),
    ("portlist words", ["--portlist", "0-"], ["portlist", "0-"]),
    ("engine", ["--forward-mode", "teleport"], ["teleport", "macswap", "txonly"]),
    ("topology", ["--port-topology", "ring"], ["ring", "paired", "chained", "loop"]),
    ("burst 0", ["--burst", "0"], ["burst", "0", "512"]),
    ("burst 4096", ["--burst", "4096"], ["burst", "4096", "512"]),
    ("rxq 0", ["--rxq", "0"], ["rxq", "0"]),
    ("rxq word", ["--rxq", "many"], ["rxq", "many"]),
    ("too many cores", ["--nb-cores", "64"], ["nb-cores", "64"]),
    ("mbuf size", ["--mbuf-size", "64"], ["mbuf-size", "64"]),
    ("peer port", ["--eth-peer", "99,02:00:00:00:00:01"], ["99"]),
    ("peer mac", ["--eth-peer", "0,nonsense"], ["eth-peer", "nonsense"]),
    ("duration", ["--duration", "soon"], ["duration", "soon"]),
    ("stats period", ["--stats-period", "-3"], ["stats-period", "-3"]),
    ("flows", ["--flows", "0"], ["flows", "0"]),
    ("txpkts", ["--txpkts", "20"], ["txpkts", "20"]),
    ("socket path", ["--socket", "/nonexistent/dir/sock"], ["/nonexistent/dir/sock"]),
    ("socket path too long", ["--socket", "/tmp/" + "s" * 120], ["socket"]),
    ("command file", ["--cmdline-file", "/nonexistent/commands"], ["/nonexistent/commands"]),
    ("mbufs", bond(GOOD, "--total-num-mbufs", "50000000"), ["mbuf"]),
]
USAGE = [
    ("unknown option", ["--frobnicate"], ["frobnicate", "--help"]),
    ("word too many", ["surplus"], ["surplus"]),
    ("option without value", ["--burst"], ["burst"]),
]


def attempt(lab, ns, binary, argv):
    """Run the program to its end; (status, what it printed). It must end by itself."""
    process = lab.start(binary, *argv, ns=ns, name="refused")
    return process.wait(20), process.log()


def nothing_left(ns):
    """No device but the loopback, no process."""
    assert ns.links() == ["lo"], f"left behind: {ns.links()}"
    assert not ns.pids(), f"processes left: {ns.pids()}"


@pytest.fixture(name="place")
def fixture_place(lab):
    """A namespace to fail in."""
    return lab.namespace("a")


@pytest.mark.parametrize("options, words", [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_refused(lab, place, binary, options, words):
    """Status 1 or 2, and a message that names the object and the reason."""
    argv = eal_args(lab) + NULLS + TAP_DEV + ["--", "--duration", "2", *options]
    status, text = attempt(lab, place, binary, argv)
    assert status in (1, 2), f"status {status}:\n{text}"
    missing = [w for w in words if w not in text]
    assert not missing, f"the message does not say {missing}:\n{text}"
    nothing_left(place)


@pytest.mark.parametrize("options, words", [c[1:] for c in USAGE], ids=[c[0] for c in USAGE])
def test_usage(lab, place, binary, options, words):
    """Status 2 and a hint."""
    argv = eal_args(lab) + NULLS + ["--", *options]
    status, text = attempt(lab, place, binary, argv)
    assert status == 2, f"status {status}:\n{text}"
    missing = [w for w in words if w not in text]
    assert not missing, f"the message does not say {missing}:\n{text}"
    nothing_left(place)


def test_more_queues_than_a_member_has(lab, place, binary):
    """net_af_packet has as many queues as its qpairs= says."""
    vdevs = ["--vdev", "net_af_packet0,iface=lo,qpairs=1", "--vdev", "net_null0"]
    argv = eal_args(lab) + vdevs + [
        "--", "--duration", "2", "--rxq", "4", "--txq", "4",
        "--bond", "bond0 mode=1 members=net_af_packet0,net_null0",
    ]
    status, text = attempt(lab, place, binary, argv)
    assert status in (1, 2), text
    assert "net_af_packet0" in text and "queue" in text, text


def test_members_of_different_mtu(lab, place, binary):
    """A member that takes shorter frames than another: both are named, and both limits."""
    vdevs = []
    for i, size in enumerate((2048, 1024)):
        place.ip("link", "add", f"va{i}", "type", "veth", "peer", "name", f"vz{i}")
        place.ip("link", "set", f"va{i}", "up")
        vdevs += ["--vdev", f"net_af_packet{i},iface=va{i},framesz={size}"]
    argv = eal_args(lab) + vdevs + [
        "--", "--duration", "2", "--bond", "bond0 mode=1 members=net_af_packet0,net_af_packet1",
    ]
    status, text = attempt(lab, place, binary, argv)
    assert status in (1, 2), text
    for word in ("bond0", "MTU", "net_af_packet0", "net_af_packet1", "1500", "978"):
        assert word in text, f"{word} missing: {text}"


def test_mbufs_too_small_for_a_port(lab, place, binary):
    """Longer frames than the mbufs hold: said before any port is touched, with the way out."""
    vdevs = ["--vdev", "net_af_packet0,iface=lo,framesz=4096,blocksz=8192,framecnt=64"]
    argv = eal_args(lab) + vdevs + NULLS + ["--", "--duration", "1"]
    status, text = attempt(lab, place, binary, argv)
    assert status == 1, text
    assert "net_af_packet0" in text and "--mbuf-size=4192" in text, text
    assert "pool " not in text, f"a pool was made: {text}"
    status, text = attempt(lab, place, binary, argv + ["--mbuf-size=4192"])
    assert status == 0, text


def test_one_member_is_a_warning(lab, place, binary):
    """It runs, and says so."""
    argv = eal_args(lab) + NULLS + [
        "--", "--duration", "1", "--bond", "bond0 mode=1 members=net_null0",
    ]
    status, text = attempt(lab, place, binary, argv)
    assert status == 0, text
    assert "warning" in text.lower() and "bond0" in text, text


def test_failing_line_of_a_command_file(lab, place, binary, tmp_path):
    """FILE:LINE: and status 1; with --keep-going the rest runs, and the status says so."""
    script = tmp_path / "commands"
    script.write_text("# a comment\nshow bonds\n\nset burst 99999\nshow control\nquit\n")
    argv = eal_args(lab) + NULLS + TAP_DEV + ["--", "--cmdline-file", str(script)]
    status, text = attempt(lab, place, binary, argv)
    assert status == 1, text
    assert f"{script}:4:" in text and "99999" in text, text
    nothing_left(place)
    status, text = attempt(lab, place, binary, argv + ["--keep-going"])
    assert status == 1, text
    assert f"{script}:4:" in text, text
    nothing_left(place)


def test_long_line_of_a_command_file(lab, place, binary, tmp_path):
    """4095 bytes are a line; one more is refused whole, with its number."""
    script = tmp_path / "commands"
    script.write_text("#" * 4095 + "\n" + "#" * 4096 + "\nquit\n")
    argv = eal_args(lab) + NULLS + ["--", "--cmdline-file", str(script)]
    status, text = attempt(lab, place, binary, argv)
    assert status == 1, text
    assert f"{script}:2:" in text and "4095" in text, text


def test_no_hugepages(lab, place, binary):
    """Without hugepages and without --no-huge: the way out is named."""
    if int(open("/proc/sys/vm/nr_hugepages", encoding="ascii").read()) > 0:
        pytest.skip("this machine has hugepages")
    argv = ["-l", "0-1", "--no-pci", "--in-memory", *NULLS, "--", "--duration", "1"]
    status, text = attempt(lab, place, binary, argv)
    assert status not in (0, None) and status > 0, f"status {status}:\n{text}"
    assert "hugepage" in text and "--no-huge" in text, text
    nothing_left(place)


def test_too_little_memory(lab, place, binary):
    """-m 8 does not hold a pool."""
    argv = eal_args(lab, memory_mb=8) + NULLS + TAP_DEV + ["--", "--bond", GOOD]
    status, text = attempt(lab, place, binary, argv)
    assert status == 1, f"status {status}:\n{text}"
    assert "memory" in text and ("-m" in text or "mbuf" in text), text
    nothing_left(place)


def test_no_free_lcore(lab, place, binary):
    """One lcore is the control loop's; a worker needs another."""
    argv = eal_args(lab)
    argv[argv.index("-l") + 1] = argv[argv.index("-l") + 1].split(",")[0]
    argv += NULLS + TAP_DEV + ["--", "--bond", GOOD]
    status, text = attempt(lab, place, binary, argv)
    assert status in (1, 2), f"status {status}:\n{text}"
    assert "lcore" in text and "-l" in text, text
    nothing_left(place)


@pytest.mark.parametrize("bad", (["--vdev", "net_nosuch0"], ["-l", "900-901"], ["--nonsense"]))
def test_eal_fails(lab, place, binary, bad):
    """EAL's failure ends the program with a message of its own, not with a crash."""
    argv = eal_args(lab) + TAP_DEV + bad + ["--", "--duration", "1"]
    status, text = attempt(lab, place, binary, argv)
    assert status in (1, 2), f"status {status}:\n{text}"
    assert "EAL" in text
    nothing_left(place)


def test_device_is_missing(lab, place, binary):
    """A member whose kernel device does not exist: EAL goes on without it, the bond does not."""
    argv = eal_args(lab) + TAP_DEV + ["--vdev", "net_af_packet0,iface=nosuchdev"] + NULLS + [
        "--", "--duration", "2", "--bond", "bond0 mode=1 members=net_af_packet0,net_null0",
    ]
    status, text = attempt(lab, place, binary, argv)
    assert status in (1, 2), f"status {status}:\n{text}"
    assert "bond0" in text and "net_af_packet0: no such port" in text, text
    nothing_left(place)
