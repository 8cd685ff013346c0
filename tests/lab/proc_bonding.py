# SPDX-License-Identifier: BSD-3-Clause
"""What /proc/net/bonding/NAME of mode 802.3ad says, and whether two ends of a link say the same.

Linux writes that file, and vfbond's `show bond NAME` the same lines: one reader serves both.
"""

import re

ACTIVE, TIMEOUT = 0x01, 0x02
IN_SYNC = 0x08 | 0x10 | 0x20  # synchronized, collects, distributes

_HEAD = {
    "LACP active": "lacp_active", "LACP rate": "lacp_rate", "Min links": "min_links",
    "Aggregator selection policy (ad_select)": "ad_select", "MII Status": "mii",
    "System priority": "system_priority", "System MAC address": "system",
    "Aggregator ID": "aggregator", "Number of ports": "ports", "Actor Key": "key",
    "Partner Key": "partner_key", "Partner Mac Address": "partner",
}
_SIDE = {
    "system priority": "system_priority", "system mac address": "system", "port key": "key",
    "oper key": "key", "port priority": "port_priority", "port number": "port_number",
    "port state": "state",
}


def _value(text):
    return int(text) if re.fullmatch(r"\d+", text) else text


class Status:
    """The head as `info`, and for each member `mii`, `aggregator`, and the sides it tells of."""

    def __init__(self, text):
        self.text = text
        self.info, self.members = {}, {}
        member = side = None
        for line in text.splitlines():
            key, colon, value = line.strip().partition(": ")
            if key == "Slave Interface":
                member = self.members[value] = {"actor": {}, "partner": {}}
                side = None
            elif line.startswith("details "):
                side = member[line.split()[1]]
            elif side is not None and key in _SIDE:
                side[_SIDE[key]] = _value(value)
            elif member is None and colon and key in _HEAD:
                self.info[_HEAD[key]] = _value(value)
            elif member is not None and key in ("MII Status", "Aggregator ID"):
                member[{"MII Status": "mii", "Aggregator ID": "aggregator"}[key]] = _value(value)

    def in_sync(self, names):
        """These members, and no others, carry traffic in the active aggregator."""
        def carries(m):
            states = [m[side].get("state", 0) for side in ("actor", "partner")]
            return (m["mii"] == "up" and m.get("aggregator") == self.info.get("aggregator")
                    and all(state & IN_SYNC == IN_SYNC for state in states))

        return {name for name, m in self.members.items() if carries(m)} == set(names)


def disagreements(ours, theirs, pairs):
    """What one end of a link believes of the other and is not so; pairs: (our member, theirs)."""
    found = []
    for mine, other in pairs:
        a, b = ours.members[mine], theirs.members[other]
        for what, told, true in (
            (f"{other} believes of {mine}", b["partner"], a["actor"]),
            (f"{mine} believes of {other}", a["partner"], b["actor"]),
        ):
            found += [
                f"{what}: {key} {told.get(key)}, not {true[key]}"
                for key in true if told.get(key) != true[key]
            ]
    for who, here, there in (("ours", ours.info, theirs.info), ("theirs", theirs.info, ours.info)):
        for key, other in (("partner", "system"), ("partner_key", "key")):
            if here.get(key) != there.get(other):
                found.append(f"aggregator of {who}: {key} {here.get(key)}, not {there.get(other)}")
    return found
