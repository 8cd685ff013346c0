# SPDX-License-Identifier: BSD-3-Clause
"""
What scripts/bench measures: a place (the bare port, or a bond of a mode, policy and number of
members), and what a program does there (a row). Knows no program.
"""

from collections import namedtuple

MODE_WORDS = (
    "balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb",
    "balance-alb",
)
# A policy's Linux name, and testpmd's; None: the bond PMD has none like it.
POLICIES = {"layer2": "l2", "layer2+3": "l23", "layer3+4": "l34", "rss": None}
HASHED = (2, 4)  # modes in which the policy decides
ENGINES = ("io", "txonly", "rxonly")

PLACE_FIELDS = ("mode", "policy", "members")
ROW_FIELDS = ("place", "engine", "feed", "burst", "size", "flows")


class Place(namedtuple("Place", PLACE_FIELDS, defaults=(None, None, 0))):
    """Where a row is measured; mode None is the bare port."""

    __slots__ = ()

    @property
    def bare(self):
        return self.mode is None

    def __str__(self):
        if self.bare:
            return "bare port"
        words = [f"mode {self.mode}"] + ([self.policy] if self.policy else [])
        return " ".join(words + ([f"x{self.members}"] if self.members != 2 else []))


BARE = Place()


class Row(namedtuple("Row", ROW_FIELDS, defaults=(False, 32, 64, 4096))):
    """One measurement: an engine at a place.

    feed: a port of its own is received from, and the place sends what it has received; otherwise
    the place receives too (io), or one of the two is measured alone.
    """

    __slots__ = ()

    @property
    def floor(self):
        """The same on the bare port."""
        return self._replace(place=BARE)

    @property
    def what(self):
        """The engine as a table calls it."""
        return "feed" if self.feed else self.engine

    def __str__(self):
        words = [str(self.place), self.what]
        words += [f"{name}={getattr(self, name)}" for name in ("burst", "size", "flows")
                  if getattr(self, name) != self._field_defaults[name]]
        return " ".join(words)

    def as_dict(self):
        """For JSON and CSV."""
        return {
            "mode": self.place.mode, "policy": self.place.policy, "members": self.place.members,
            "engine": self.what, "burst": self.burst, "size": self.size, "flows": self.flows,
        }


def places(modes, policies, members):
    """The places of these dimensions, each once: a policy where it counts, its bare port first."""
    found = [BARE]
    for count in members:
        for mode in modes:
            some = policies if mode in HASHED else [None]
            found += [Place(mode, policy, count) for policy in some]
    return found


def known_to_pmd(place):
    """Whether the bond PMD has the place's policy."""
    return place.policy is None or POLICIES[place.policy] is not None
