# SPDX-License-Identifier: BSD-3-Clause
"""
The rounds of scripts/bench: in each round every program measures every row once, all programs a row
at the same time, so that what the machine does meanwhile meets them alike.

The time per packet is the time for which the workers really ran, by the kernel's clock of each
thread, divided by the packets of that time. The programs share the worker's core and the scheduler
gives it to them in turn, some milliseconds each.
"""

import contextlib
import sys
import time

from bench_case import ENGINES, Row
from bench_console import ProgramError

FILL_S = 0.02
WARM_UP_S = 0.03
SHORTEST_S = 0.1
# Which pages a program gets may make it slower for as long as it lives: that is to show in the
# interval too.
ROUNDS_PER_START = 5
STARVED_S = 5
SHARE = 0.3  # of the CPU time that a worker would have by rights
LOST_LIMIT = 0.02  # of the packets: then it is the other end that is measured
REPEATS = 2


class Family:
    """Rows that one start of the programs serves."""

    def __init__(self, title, names, start, rows, lossy=False):
        """start: from (name, stack) to a driver; lossy: another process takes the packets off."""
        self.title = title
        self.names = names
        self.start = start
        self.rows = rows
        self.lossy = lossy
        self.rounds = []
        self.lost = []

    def weight(self):
        """How many times as long as a measurement a round takes."""
        return len(self.rows) * (len(self.names) if self.lossy else 1)

    def places(self):
        """The places of the rows in their order, each with its rows, and txonly first: what it
        sends is what the next engine finds in the buffers."""
        grouped = {}
        for row in self.rows:
            grouped.setdefault(row.place, []).append(row)
        order = ("txonly", "io", "rxonly")
        return [(place, sorted(rows, key=lambda row: order.index(row.engine)))
                for place, rows in grouped.items()]


class Pace:
    """How long a measurement takes: fixed, or such that the rounds fit into a time."""

    def __init__(self, seconds=None, budget=None, measurements=0):
        self.seconds = seconds or SHORTEST_S
        self.fixed = seconds is not None
        self.ends = None if budget is None else time.monotonic() + budget
        self.left = measurements
        self.others = 0.0  # what is not measuring, of each measurement so far
        self.done = 0

    def measured(self, whole_s):
        """One more is done, and took so long with everything around it."""
        self.left -= 1
        self.done += 1
        if self.fixed or self.ends is None:
            return
        self.others += (whole_s - self.seconds - self.others) / min(self.done, 40)
        if self.left > 0:
            fits = (self.ends - time.monotonic()) / self.left - self.others
            # Not at once: the first ones are slow.
            self.seconds = max(SHORTEST_S, 0.9 * self.seconds + 0.1 * min(fits, 2.0))


def measure_once(drivers, row, seconds, lossy=False):
    """[(ns per packet, share of packets that were refused)] of the drivers, all at once.

    None and all of them when nothing was taken off.
    """
    for driver in drivers:
        if row.engine != "txonly" and not row.feed:
            driver.fill(FILL_S)
        driver.begin(row)
    for driver in drivers:
        driver.await_traffic(row)
    time.sleep(WARM_UP_S)
    begin = [driver.look(row) for driver in drivers]
    time.sleep(seconds)
    # On a busy machine a worker may have had no CPU until now.
    limit = time.monotonic() + STARVED_S
    enough = SHARE * seconds / len(drivers)
    while time.monotonic() < limit and any(
            driver.clock.seconds() - since < enough for driver, (_, since) in zip(drivers, begin)):
        time.sleep(seconds / 4)
    end = [driver.look(row) for driver in drivers]
    found = []
    for driver, (first, since), (last, until) in zip(drivers, begin, end):
        driver.end()
        if lossy and last <= first:
            found.append((None, 1.0))
            continue
        if last <= first or until <= since:
            raise ProgramError(f"{driver.name}: {row}: no packet in {seconds:.2f} s",
                               driver.program.output())
        found.append(((until - since) * 1e9 / (last - first), driver.refused()))
    return found


def measure(drivers, row, seconds, lossy):
    """The same; where packets are taken off by another process one program after the other, again
    when that process came too late, and None when it always did."""
    if not lossy:
        return measure_once(drivers, row, seconds)
    found = []
    for driver in drivers:
        tries = []
        while not tries or (tries[-1][1] > LOST_LIMIT and len(tries) <= REPEATS):
            tries += measure_once([driver], row, seconds, lossy)
        ns, lost = min(tries, key=lambda one: one[1])
        found.append((ns if lost <= LOST_LIMIT else None, lost))
    return found


def run_round(family, drivers, pace, turn):
    """All rows once; {(program, row): ns}, {(program, row): lost}."""
    times, lost = {}, {}
    places = family.places()
    # Whoever comes first finds another machine than who comes last: take turns.
    shift = turn % len(places)
    order = drivers if turn % 2 == 0 else drivers[::-1]
    for place, rows in places[shift:] + places[:shift]:
        since = time.monotonic()
        there = [driver for driver in order if driver.knows(place)]
        for driver in there:
            driver.enter(place)
        for row in rows:
            found = measure(there, row, pace.seconds, family.lossy)
            for driver, (ns, share) in zip(there, found):
                times[driver.name, row] = ns
                lost[driver.name, row] = share
            pace.measured(time.monotonic() - since)
            since = time.monotonic()
        for driver in there:
            driver.leave()
    return times, lost


def run_family(family, rounds, pace, together, quiet=False):
    """All rounds of a family; the programs side by side, or each for itself."""
    family.rounds = [{} for _ in range(rounds)]
    family.lost = [{} for _ in range(rounds)]
    for first in range(0, rounds if together else 0, ROUNDS_PER_START):
        with running(family, family.names) as drivers:
            for turn in range(first, min(rounds, first + ROUNDS_PER_START)):
                take(family, drivers, pace, turn, quiet)
    if together:
        return
    for turn in range(rounds):
        for name in family.names if turn % 2 == 0 else family.names[::-1]:
            with running(family, [name]) as drivers:
                take(family, drivers, pace, turn, quiet)


def take(family, drivers, pace, turn, quiet):
    """One round, kept with the family."""
    times, lost = run_round(family, drivers, pace, turn)
    family.rounds[turn].update(times)
    family.lost[turn].update(lost)
    if not quiet:
        print(f"{family.title}: round {turn + 1}/{len(family.rounds)}, {pace.seconds:.2f} s each",
              file=sys.stderr)


@contextlib.contextmanager
def running(family, names):
    """The drivers of these programs, ended with the block."""
    with contextlib.ExitStack() as stack:
        drivers = [family.start(name, stack) for name in names]
        yield drivers
        for driver in drivers:
            driver.close()


def rows_of(places, engines, **dimensions):
    """The rows of these engines at these places."""
    assert set(engines) <= set(ENGINES)
    return [Row(place, engine, **dimensions) for place in places for engine in engines]
