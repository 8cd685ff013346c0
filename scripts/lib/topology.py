# SPDX-License-Identifier: BSD-3-Clause
"""What a bond under test is joined to: namespace A with the members, namespace B with the peer.

    A: kernel stack - tap - [vfbond] - mv0 mv1 (macvlan, filters by MAC as a VF) - ve0 ve1
    B: kernel stack - br0 (Linux bridge, or Open vSwitch with LACP) - pe0 pe1, the veths' ends
"""

import os
import signal

from netlab import run, wait_for

IP_A = "10.97.0.1"
IP_B = "10.97.0.2"
IP6_A = "fd97::1"
IP6_B = "fd97::2"
TAP = "vb0"


def member_mac(i):
    """The MAC address that member i is born with."""
    return f"02:0a:00:00:00:{0x10 + i:02x}"


class Topology:
    """Both namespaces, the cables between them, and the peer's switch."""

    def __init__(self, lab, members=2, peer="bridge", unplugged=(), partner=(), second=()):
        """partner: words of Open vSwitch's LACP; second: members wired to its bridge br1."""
        self.lab = lab
        self.members = members
        self.a = lab.namespace("a")
        self.b = lab.namespace("b")
        self.macvlans = [f"mv{i}" for i in range(members)]
        self.ports = [f"pe{i}" for i in range(members)]
        self.unplugged = set(unplugged)
        # A kernel also sees what its devices receive that a userspace switch polls, and would
        # answer in its place for the address behind it: no ARP on them, and no packets whose
        # sender is behind another device.
        for ns in (self.a, self.b):
            ns.sysctl("ipv4/conf/all/rp_filter", 1)
        for i in range(members):
            self._cable(i)
        if peer == "ovs":
            self.switch = OvsBridge(self, partner, [self.ports[i] for i in second])
        else:
            self.switch = LinuxBridge(self)
        self.switch.attach()
        for i in range(members):
            if i not in self.unplugged:
                self.b.ip("link", "set", self.ports[i], "up")
                wait_for(lambda i=i: self.carrier(i), f"carrier on mv{i}")

    def _cable(self, i):
        # Explicit, different indexes: the kernel defers the carrier events of a veth whose index
        # equals its peer's by up to a second.
        self.a.ip(
            "link", "add", f"ve{i}", "index", 101 + i, "type", "veth",
            "peer", "name", self.ports[i], "index", 201 + i, "netns", self.b.name,
        )
        self.a.ip(
            "link", "add", f"mv{i}", "link", f"ve{i}", "address", member_mac(i),
            "type", "macvlan", "mode", "private",
        )
        self.b.plain(self.ports[i])
        for dev in (f"ve{i}", f"mv{i}"):
            self.a.plain(dev)
            self.a.ip("link", "set", dev, "arp", "off", "up")

    def carrier(self, i):
        """True while member i has carrier, as the kernel sees it."""
        flags = self.a.ip("link", "show", "dev", f"mv{i}").split("<")[1].split(">")[0].split(",")
        return "LOWER_UP" in flags and "M-DOWN" not in flags

    def pull(self, i):
        """Pull member i's cable: its carrier goes away."""
        self.unplugged.add(i)
        self.b.ip("link", "set", self.ports[i], "down")

    def plug(self, i):
        """Plug member i's cable in again."""
        self.unplugged.discard(i)
        self.b.ip("link", "set", self.ports[i], "up")

    def plugged(self):
        """Indexes of the members whose cable is in."""
        return [i for i in range(self.members) if i not in self.unplugged]

    def set_mtu(self, mtu):
        """Change the MTU of all cables, both ends."""
        for i in range(self.members):
            self.b.ip("link", "set", self.ports[i], "mtu", mtu)
            self.a.ip("link", "set", f"ve{i}", "mtu", mtu)
            self.a.ip("link", "set", f"mv{i}", "mtu", mtu)

    def vdevs(self, count=None):
        """EAL's arguments for the members (all, or the first few) and the tap."""
        args = []
        for i, dev in enumerate(self.macvlans[:count]):
            args += ["--vdev", f"net_af_packet{i},iface={dev}"]
        return args + ["--vdev", f"net_tap0,iface={TAP}"]

    def member_names(self, count=None):
        """The members' device names (all, or the first few), as members= wants them."""
        return ",".join(f"net_af_packet{i}" for i in range(self.members)[:count])

    def tap_up(self):
        """Give the kernel stack behind the bond its address, once the tap exists."""
        wait_for(lambda: TAP in self.a.links(), f"device {TAP}", deadline_s=15)
        self.a.plain(TAP)
        self.a.ip("address", "replace", f"{IP_A}/24", "dev", TAP)
        self.a.ip("link", "set", TAP, "up")

    def speak_ipv6(self):
        """Give both stacks an IPv6 address too, IP6_A and IP6_B."""
        for ns, dev, address in ((self.a, TAP, IP6_A), (self.b, "br0", IP6_B)):
            ns.sysctl(f"ipv6/conf/{dev}/disable_ipv6", 0)
            ns.ip("-6", "address", "add", f"{address}/64", "dev", dev, "nodad")

    def client(self, n):
        """A further namespace behind the bridge, with an address of its own; returns both."""
        ns = self.lab.namespace(f"c{n}")
        ns.ip(
            "link", "add", "eth0", "index", 301 + n, "type", "veth",
            "peer", "name", f"cl{n}", "index", 401 + n, "netns", self.b.name,
        )
        ns.plain("eth0")
        self.b.plain(f"cl{n}")
        self.b.ip("link", "set", f"cl{n}", "master", "br0", "up")
        address = f"10.97.0.{10 + n}"
        ns.ip("address", "add", f"{address}/24", "dev", "eth0")
        ns.ip("link", "set", "eth0", "up")
        return ns, address


class LinuxBridge:
    """A switch that knows nothing of bonds: the peer of every mode but 802.3ad."""

    def __init__(self, topo):
        self.topo = topo

    def attach(self):
        """Make the bridge with its address and put the peers' ends under it."""
        b = self.topo.b
        b.ip("link", "add", "br0", "type", "bridge", "forward_delay", 0, "mcast_snooping", 0)
        for port in self.topo.ports:
            b.ip("link", "set", port, "master", "br0")
            # A frame that came from one member must not go back to the bond through another.
            run("bridge", "-n", b.name, "link", "set", "dev", port, "isolated", "on")
        b.ip("address", "add", f"{IP_B}/24", "dev", "br0")
        b.ip("link", "set", "br0", "up")

    def ready(self):
        """A plain switch needs no agreement."""
        return True


class OvsBridge:
    """Open vSwitch on its userspace datapath, with files of its own: an independent LACP partner.

    lacp-time=fast makes it drop a partner that says nothing for 3 s.
    """

    LACP = ("lacp=active", "other_config:lacp-time=fast")

    def __init__(self, topo, words=(), second=()):
        self.topo = topo
        self.second = second
        self.words = words or self.LACP
        self.dir = topo.lab.path("ovs")
        os.mkdir(self.dir)
        names = ("OVS_RUNDIR", "OVS_LOGDIR", "OVS_DBDIR", "OVS_SYSCONFDIR")
        self.env = dict(os.environ, **{name: self.dir for name in names})
        self.db = f"unix:{self.dir}/db.sock"
        run("ovsdb-tool", "create", f"{self.dir}/conf.db",
            "/usr/share/openvswitch/vswitch.ovsschema")
        self._daemon("ovsdb-server", f"{self.dir}/conf.db", f"--remote=p{self.db}",
                     f"--unixctl={self.dir}/ovsdb.ctl")
        wait_for(lambda: os.path.exists(f"{self.dir}/db.sock"), "socket of ovsdb-server", 10)
        self.vsctl("--no-wait", "init")
        self.start()

    def start(self):
        """Start ovs-vswitchd, at first or again."""
        self.process = self._daemon("ovs-vswitchd", self.db, f"--unixctl={self.dir}/vswitchd.ctl")
        wait_for(lambda: os.path.exists(f"{self.dir}/vswitchd.ctl"), "socket of ovs-vswitchd", 10)

    def kill(self):
        """End ovs-vswitchd as a crash does."""
        self.process.end(signal.SIGKILL)
        os.unlink(f"{self.dir}/vswitchd.ctl")

    def _daemon(self, program, *args):
        return self.topo.b.start(f"/usr/sbin/{program}", *args, "-vconsole:warn", "-vfile:off",
                                 "-vsyslog:off", env=self.env, name=program)

    def vsctl(self, *words):
        """Configure it; comes back when ovs-vswitchd has taken it over."""
        run("ovs-vsctl", f"--db={self.db}", "--timeout=10", *words)

    def appctl(self, *words):
        """Ask ovs-vswitchd."""
        return run("ovs-appctl", "-t", f"{self.dir}/vswitchd.ctl", *words)

    def attach(self):
        """Make the bridge with its address, and one LACP bond of the peers' ends."""
        b = self.topo.b
        for port in self.topo.ports:
            b.ip("link", "set", port, "arp", "off")
        ports = [port for port in self.topo.ports if port not in self.second]
        self.vsctl("add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev")
        if self.topo.members > 1:
            self._join("br0", "peer", ports)
        wait_for(lambda: "br0" in b.links(), "device br0 of Open vSwitch", 10)
        b.plain("br0")
        b.ip("address", "add", f"{IP_B}/24", "dev", "br0")
        b.ip("link", "set", "br0", "up")
        if self.second:
            # Another bridge is another system to LACP, and no frame goes from one to the other.
            self.vsctl("add-br", "br1", "--", "set", "bridge", "br1", "datapath_type=netdev")
            self._join("br1", "peer1", self.second)

    def _join(self, bridge, name, ports):
        """A port that speaks LACP, of one interface or a bond of more."""
        if len(ports) == 1:
            self.vsctl("add-port", bridge, ports[0], "--", "set", "port", ports[0], *self.words)
        else:
            self.vsctl("add-bond", bridge, name, *ports, "bond_mode=balance-tcp",
                       "other_config:bond-rebalance-interval=0", *self.words)

    def spread(self, basis):
        """Give all hash buckets away anew: the first port that was ready has got them all."""
        self.vsctl("set", "port", "peer", f"other_config:bond-hash-basis={basis}")

    def lacp(self):
        """lacp/show as (status of the bond, {port: its words})."""
        status, members, last = "", {}, None
        for line in self.appctl("lacp/show").splitlines():
            if line.strip().startswith("status:"):
                status = line.split(":", 1)[1].strip()
            elif line.startswith("member:") or line.startswith("slave:"):
                last, words = line.split(":", 2)[1:]
                last = last.strip()
                members[last] = words.strip()
        return status, members

    def ready(self):
        """True when LACP is negotiated on every port that is plugged in."""
        status, members = self.lacp()
        wanted = [self.topo.ports[i] for i in self.topo.plugged()]
        return "negotiated" in status and all(
            members.get(p, "").startswith("current attached") for p in wanted
        )
