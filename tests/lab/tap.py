# SPDX-License-Identifier: BSD-3-Clause
"""Results of the lab's scripts as TAP on standard output, for scripts/test."""

import contextlib
import sys

from netlab import LabError
from program import CommandError


class Results:
    """Cases, numbered as they come; what is wrong with one is a list of lines."""

    def __init__(self):
        self.count = self.failed = 0

    def add(self, name, differences):
        """Print one case: it passed when nothing differs."""
        self.count += 1
        self.failed += bool(differences)
        print(f"{'not ok' if differences else 'ok'} {self.count} - {name}")
        for line in differences:
            print("# " + line)
        sys.stdout.flush()

    @contextlib.contextmanager
    def case(self, name):
        """A list for differences; what goes wrong is one."""
        differences = []
        try:
            yield differences
        except (AssertionError, OSError, CommandError, LabError, LookupError) as why:
            differences += f"{type(why).__name__}: {why}".splitlines()
        self.add(name, differences)

    def plan(self):
        """Print how many cases there were; the status of the script."""
        print(f"1..{self.count}")
        return 1 if self.failed else 0
