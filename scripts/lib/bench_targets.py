# SPDX-License-Identifier: BSD-3-Clause
"""
What scripts/bench has to show: the one table of targets, and how a run's rows are judged by it.

A target is met when the worse end of its figure's interval meets it. Where a figure tells nothing,
such as a cost of the other program that is not above zero, its target is not met.
"""

from collections import namedtuple

from bench_case import Place, Row
from bench_stats import cost_of, figure, paired_ratio_of, plain, ratio_of

AT_LEAST, AT_MOST = ">=", "<="

Judged = namedtuple("Judged", "what row figure relation limit met")
Target = namedtuple("Target", "what relation limit rows function")

COSTED = [(mode, None) for mode in (0, 5, 6)]
COSTED += [(mode, policy) for mode in (2, 4) for policy in ("layer2", "layer2+3", "layer3+4")]
CARRIED = (0, 1, 2, 5, 6)


def _is(row, mode, policy="any"):
    return row.place.mode == mode and policy in ("any", row.place.policy)


def _bare(row):
    return row.place.bare and row.what == "io"


def _costed(row):
    # Mode 4 has no io of its own: what it receives comes from its peer, no faster than that sends.
    engines = ("feed", "txonly") if row.place.mode == 4 else ("io", "txonly")
    return row.what in engines and (row.place.mode, row.place.policy) in COSTED


def _rss(row):
    return row.what == "io" and row.place.policy == "rss"


def _many_flows(row):
    return (row.flows == 4096 and _is(row, 2, "layer3+4")
            and row.what in ("io", "feed"))


def _carried(row):
    return (row.what in ("io", "txonly") and row.place.mode in CARRIED
            and row.place.policy != "rss")


def _bare_ratio(row):
    return paired_ratio_of(("testpmd", row), ("direct", row))


def _cost_ratio(row):
    """Of costs: each is a difference, and their ratio round by round is too wild to take the median
    of, so it is the ratio of the medians."""
    return ratio_of(cost_of(("direct", row), ("direct", row.floor)),
                    cost_of(("testpmd", row), ("testpmd", row.floor)))


def _rss_ratio(row):
    other = row._replace(place=Place(row.place.mode, "layer3+4", row.place.members))
    return ratio_of(cost_of(("direct", row), ("direct", row.floor)),
                    cost_of(("testpmd", other), ("testpmd", other.floor)))


def _over_bare(row):
    return paired_ratio_of(("direct", row.floor), ("direct", row))


TARGETS = (
    Target("bare port, vfbond : testpmd", AT_LEAST, 1.00, _bare, _bare_ratio),
    Target("cost of bonding, direct : PMD", AT_MOST, 0.40, _costed, _cost_ratio),
    Target("cost with rss : PMD's layer3+4", AT_MOST, 0.20, _rss, _rss_ratio),
    Target("throughput, vfbond : testpmd", AT_LEAST, 1.25, _many_flows, _bare_ratio),
    Target("throughput, bond : bare port", AT_LEAST, 0.85, _carried, _over_bare),
)
# Of scripts/bench scale.
TWO_WORKERS = 1.8
FLAT = 0.10
# Modes 1 and 3: cost <= 0.80 of the PMD's, in cycles, by the microbenchmark (meson test --benchmark).


def meets(found, relation, limit):
    """Whether the worse end of a figure's interval is on the right side."""
    if found is None:
        return False
    return found.low >= limit if relation == AT_LEAST else found.high <= limit


def judge(rows, rounds, not_measurable=()):
    """Every target of these rows, judged; not_measurable: rows that can't be."""
    judged = []
    for target in TARGETS:
        for row in rows:
            if isinstance(row, Row) and target.rows(row) and row not in not_measurable:
                found = figure(rounds, target.function(row))
                judged.append(Judged(target.what, row, found, target.relation, target.limit,
                                     meets(found, target.relation, target.limit)))
    return judged


def missed(judged):
    """Those below target, as JSON has them."""
    return [as_dict(one) for one in judged if not one.met]


def as_dict(one):
    return {
        "what": one.what, "row": str(one.row), "relation": one.relation, "target": one.limit,
        "met": one.met, **(plain(one.figure) or {}),
    }
