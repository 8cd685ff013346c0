# SPDX-License-Identifier: BSD-3-Clause
"""What against_linux.py asks Linux and vfbond alike, and where their answers may differ.

Words are Linux's. m0 and m1 stand for the bond's members, m9 for a device that is none, "" for
clearing an option.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase

MODES = (
    "balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb",
    "balance-alb",
)

NUMBER = ("-1", "xyz", "")
INT = ("2147483648", "maxval", "0", "off", "default", *NUMBER)
BYTE = ("256", "255", "0", "off", "default", *NUMBER)
ON_OFF = ("2", "0", "1", "off", "on", "default", "yes", "")


def each(option, *values):
    return [(option, value) for value in values]


# Steps of one group are done one after the other on one bond, which had miimon set to 100. A step
# that both accept is followed by a comparison of the value in force.
GROUPS = {
    "monitors": [
        *each("use_carrier", *ON_OFF),
        *each("updelay", "250", "99", "2147483648", *NUMBER),
        *each("downdelay", "250", "99", "2147483648", *NUMBER),
        *each("peer_notif_delay", "300001", "300000", "250", *NUMBER),
        # What miimon does to the delays, and the delays without it.
        *each("updelay", "500"), *each("miimon", "200"), *each("updelay", "500"),
        *each("miimon", "4294967296", *INT, "0"),
        *each("updelay", "100", "0"), *each("downdelay", "100"), *each("peer_notif_delay", "100"),
        *each("arp_validate", "all"),
        # Each monitor switches the other off.
        *each("arp_interval", "100", "maxval", "2147483648", *NUMBER),
        *each("miimon", "50"), *each("arp_interval", "200"), *each("arp_interval", "0", "200"),
        *each("arp_validate", "none", "active", "backup", "all", "filter", "filter_active",
              "filter_backup", "6", "7", "default", *NUMBER),
        *each("arp_validate", "3"), *each("miimon", "100"), *each("arp_validate", "active"),
        *each("arp_all_targets", "any", "all", "1", "2", "default", *NUMBER),
        *each("arp_missed_max", "0", "1", "255", "256", "maxval", "minval", "default", *NUMBER),
    ],
    "targets": [
        *each("arp_ip_target", "+10.0.0.1", "+10.0.0.1", "-10.0.0.2", "-10.0.0.1",
              "+0.0.0.0", "+255.255.255.255", "+10.0.0", "+", "-", "+224.0.0.1",
              "10.0.0.3,10.0.0.4", "10.0.0.5,10.0.0.5", "10.0.0.6", "0.0.0.0", ""),
        *each("arp_ip_target", *(",".join(f"10.0.1.{i}" for i in range(1, last))
                                 for last in (18, 17)), "+10.0.1.17", "-10.0.1.1", "-10.0.1.17"),
        *each("ns_ip6_target", "2001:db8::1", "2001:db8::1,2001:db8::2", "::", "ff02::1",
              "2001:db8::1,2001:db8::1", "fe80::1"),
        *each("ns_ip6_target", *(",".join(f"2001:db8::{i}" for i in range(1, last))
                                 for last in (17, 18)), ""),
    ],
    "selection": [
        *each("primary", "m0", "m1", "m9", "a-name-that-is-too-long-for-it", ""),
        *each("primary_reselect", "always", "better", "failure", "1", "3", "default", *NUMBER),
        *each("active_slave", "m1", "m0", "m9", "", "a-name-that-is-too-long-for-it"),
        *each("fail_over_mac", "none", "active", "follow", "2", "3", "default", *NUMBER),
        *each("num_grat_arp", *BYTE),
        *each("num_unsol_na", *BYTE),
        *each("resend_igmp", *BYTE),
    ],
    "traffic": [
        *each("xmit_hash_policy", "layer2", "layer2+3", "layer3+4", "encap2+3", "encap3+4",
              "vlan+srcmac", "5", "6", "default", "l34", *NUMBER),
        *each("all_slaves_active", *ON_OFF),
        *each("min_links", *INT),
        *each("lp_interval", "0", "1", "minval", "maxval", "2147483648", "default", *NUMBER),
        *each("packets_per_slave", "0", "1", "65535", "65536", "maxval", "default", *NUMBER),
        *each("tlb_dynamic_lb", *ON_OFF),
        *each("ad_select", "stable", "bandwidth", "count", "2", "3", "default", *NUMBER),
        *each("queue_id", "m0:3", "m1:3", "m1:4", "m0:16", "m0:17", "m9:1", "m0", "m0:", "m0:0"),
        *each("prio", "m0:5", "m1:-2147483648", "m1:2147483647"),
    ],
    "lacp": [
        *each("lacp_active", *ON_OFF),
        *each("lacp_rate", "slow", "fast", "1", "0", "2", "default", *NUMBER),
        *each("ad_actor_sys_prio", "1", "0", "65535", "65536", "minval", "maxval", "default",
              "4097", *NUMBER),
        *each("ad_user_port_key", "0", "1023", "1024", "minval", "maxval", "default", "off", "7",
              *NUMBER),
        *each("ad_actor_system", "02:00:00:00:00:07", "02:0A:00:fF:00:08", "01:00:00:00:00:01",
              "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00", "02:00:00:00:00", "02-00-00-00-00-07",
              "02:00:00:00:00:07 x", "02:00:00:00:00:7", "020000000007", "2:0:0:0:0:7",
              "xyz", "", "default"),
        # What netlink alone has, as numbers.
        *each("coupled_control", "0", "1", "2", "255"),
        *each("actor_port_prio", "m0:0", "m0:65535", "m1:1", "m0:255", "m9:1"),
    ],
    # Not here: broadcast_neighbor, for which this kernel has an option but neither a file nor a
    # netlink attribute.
    # The last one, as the mode is another one afterwards.
    "mode": [
        *each("mode", "xyz", "7", "-1", "", "default"),
        *each("mode", *MODES, "0", "6"),
    ],
}

# A bond of vfbond cannot be up without a member: its ports are configured and started with it.
STATES = ("down, empty", "down", "up")


@dataclass(frozen=True)
class Deviation:
    """Answers that may differ, and why. Each must be met at least once."""

    why: str
    # Patterns: "ok", "ok: VALUE IN FORCE", or the name of the error.
    linux: str
    vfbond: str
    options: tuple = ("*",)
    values: tuple = ("*",)
    modes: tuple = MODES
    states: tuple = STATES

    def covers(self, mode, state, option, value, linux, vfbond):
        """Whether these answers to this question are meant."""
        return (
            fnmatchcase(linux, self.linux)
            and fnmatchcase(vfbond, self.vfbond)
            and any(fnmatchcase(option, o) for o in self.options)
            and any(fnmatchcase(value, v) for v in self.values)
            and mode in self.modes
            and state in self.states
        )


DEVIATIONS = (
    Deviation(
        "Linux's table says that miimon is 0 by default, its manual recommends 100: a bond of ours "
        "has a monitor unless the user says otherwise",
        "ok: 0", "ok: 100", ("miimon",), ("default",),
    ),
    Deviation(
        "sysfs of Linux says EPERM to an address that it cannot read; netlink, EINVAL",
        "EPERM", "EINVAL", ("arp_ip_target",), ("+10.0.0", "+", "-"),
    ),
    Deviation(
        "Linux shows the primary only while it is a member; we show what was said (show bond NAME "
        "as Linux)",
        "ok: ", "ok: *", ("primary",),
    ),
    Deviation(
        "Linux tells a device that does not exist from one that is no member; to us both are ports "
        "that are none of the bond's",
        "ENODEV", "EINVAL", ("active_slave",), ("a-name-*",),
    ),
    Deviation(
        "Linux says EPERM to whatever is wrong with a queue_id",
        "EPERM", "EINVAL", ("queue_id",),
    ),
    Deviation(
        "for netlink a device that is no member has no such attribute",
        "ENOTSUP", "EINVAL", ("prio", "actor_port_prio"),
    ),
    Deviation(
        "Linux does not look at what stands behind an address",
        "ok", "EINVAL", ("ad_actor_system",), ("02:00:00:00:00:07 x",),
    ),
    Deviation(
        "a bond of ours that is down has stopped its ports: nobody is active",
        "ok: *", "ok: ", ("active_slave",), states=("down",),
    ),
)

# Bonds whose status is compared: (name, mode, options before the members, after them). The members
# lose their links and get them back.
STATUS = (
    *((f"{mode} by itself", mode, [("miimon", "100")], []) for mode in MODES),
    *((f"{mode} with delays", mode, [
        ("miimon", "50"), ("updelay", "200"), ("downdelay", "120"), ("peer_notif_delay", "100"),
    ], []) for mode in MODES),
    ("802.3ad, fast, with a system and a key of its own", "802.3ad", [
        ("miimon", "100"), ("lacp_rate", "fast"), ("ad_actor_sys_prio", "4097"),
        ("ad_actor_system", "02:0a:0b:0c:0d:0e"), ("ad_user_port_key", "77"),
        ("ad_select", "count"),
    ], [("actor_port_prio", "m1:7")]),
    ("802.3ad, passive", "802.3ad", [("miimon", "100"), ("lacp_active", "off")], []),
    ("802.3ad with min_links", "802.3ad", [
        ("miimon", "100"), ("min_links", "2"), ("ad_select", "bandwidth"),
    ], []),
    *((f"{mode} with a primary", mode, [
        ("miimon", "100"), ("primary", "m1"), ("primary_reselect", reselect),
    ], []) for mode, reselect in (
        ("active-backup", "always"), ("active-backup", "failure"), ("balance-tlb", "better"),
        ("balance-alb", "failure"),
    )),
    ("a primary that is no member", "active-backup", [("miimon", "100"), ("primary", "m9")], []),
    ("fail_over_mac active", "active-backup", [("miimon", "100"), ("fail_over_mac", "active")], []),
    ("fail_over_mac follow", "active-backup", [("miimon", "100"), ("fail_over_mac", "follow")], []),
    ("fail_over_mac in another mode", "balance-rr", [
        ("miimon", "100"), ("fail_over_mac", "follow"),
    ], []),
    *((f"{policy} in {mode}", mode, [
        ("miimon", "100"), *tlb, ("xmit_hash_policy", policy),
    ], []) for mode, policy, tlb in (
        ("balance-rr", "layer3+4", []),
        ("balance-xor", "layer2+3", []),
        ("balance-xor", "vlan+srcmac", []),
        ("balance-tlb", "encap3+4", [("tlb_dynamic_lb", "0")]),
        ("balance-tlb", "layer3+4", []),
        ("balance-alb", "encap2+3", [("tlb_dynamic_lb", "0")]),
    )),
    ("queue ids", "active-backup", [("miimon", "100")], [
        ("queue_id", "m0:3"), ("queue_id", "m1:9"),
    ]),
    ("prio", "active-backup", [("miimon", "100")], [("prio", "m1:7")]),
    ("an active member by word", "active-backup", [("miimon", "100")], [("active_slave", "m1")]),
)

# Bonds whose first member is looked at while its link goes and comes, and then leaves: (name, mode,
# options, what its status is when the cable is pulled, and plugged again).
ON_THE_WAY = (
    *((f"{mode} while a link goes down", mode, [("miimon", "50"), ("downdelay", "600000")],
       "going down", "up") for mode in ("balance-rr", "active-backup", "balance-alb")),
    *((f"{mode} while a link comes back", mode, [("miimon", "50"), ("updelay", "600000")],
       "down", "going back") for mode in ("balance-xor", "active-backup", "balance-tlb")),
)

# Bonds with an ARP monitor that does not run while they are looked at; their links stay up.
STILL = (
    *((f"{mode} with ARP targets", mode, [
        ("arp_interval", "600000"), ("arp_missed_max", "9"),
        ("arp_ip_target", "+10.0.0.1"), ("arp_ip_target", "+10.0.0.254"),
        ("ns_ip6_target", "2001:db8::1:0:0:1,2001:db8:0:1::9"),
    ]) for mode in MODES[:4]),
    ("an ARP monitor without targets", "active-backup", [("arp_interval", "600000")]),
    ("no monitor", "balance-rr", [("miimon", "0")]),
)
