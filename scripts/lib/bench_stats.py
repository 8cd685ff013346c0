# SPDX-License-Identifier: BSD-3-Clause
"""
Figures with their intervals, for the benchmarks of scripts/bench.

A figure is a function of a run's rounds, such as the median over the rounds of one cost divided by
the median of another. Its 95 % interval is the percentile bootstrap over the rounds: the rounds are
drawn anew with replacement, whole, so that what was measured beside each other stays together, and
the figure computed from each drawing.
"""

import math
import random
import statistics
from collections import namedtuple

DRAWINGS = 1000
CONFIDENCE = 0.95
SEED = 6  # the same rounds give the same interval
METHOD = f"percentile bootstrap over the rounds, {DRAWINGS} drawings, {CONFIDENCE:.0%}"

Figure = namedtuple("Figure", "value low high rounds")


def plain(found):
    """A figure for JSON, which knows no infinity: an end that is none is null."""
    if found is None:
        return None
    return {name: part if math.isfinite(part) else None
            for name, part in found._asdict().items()}


def ratio(above, below):
    """above / below; not a number unless both tell something."""
    if math.isnan(above) or math.isnan(below) or below <= 0:
        return math.nan
    return above / below


def median(values):
    """The median of what is there; not a number when nothing is."""
    values = [v for v in values if v is not None]
    return statistics.median(values) if values else math.nan


def figure(rounds, function):
    """function(rounds) with its interval; None when it tells nothing."""
    value = function(rounds)
    if not rounds or math.isnan(value):
        return None
    chance = random.Random(SEED)
    drawn = []
    for _ in range(DRAWINGS):
        one = function(chance.choices(rounds, k=len(rounds)))
        drawn.append(math.inf if math.isnan(one) else one)
    drawn.sort()
    cut = (1 - CONFIDENCE) / 2
    return Figure(value, drawn[int(cut * DRAWINGS)], drawn[int((1 - cut) * DRAWINGS)], len(rounds))


def time_of(row):
    """Time per packet of a row, as a function of rounds of {row: ns}."""
    return lambda rounds: median([r.get(row) for r in rounds])


def cost_of(row, bare):
    """What a row costs more than another one of the same round, ns per packet."""
    return lambda rounds: median([
        r[row] - r[bare] for r in rounds if r.get(row) is not None and r.get(bare) is not None
    ])


def ratio_of(above, below):
    """The ratio of two functions of rounds."""
    return lambda rounds: ratio(above(rounds), below(rounds))


def paired_ratio_of(above, below):
    """The median of the ratios of two rows of the same round."""
    return lambda rounds: median([
        r[above] / r[below] for r in rounds if r.get(above) is not None and r.get(below)
    ])
