# SPDX-License-Identifier: BSD-3-Clause
"""Each of the seven modes means what its name says, and the checks can tell when it does not."""

import pytest

from modes import CHECKS, warm_up
from program import MODES


# The bond PMD's own path, where it differs from ours: 802.3ad is its own in either case.
BY_PMD = [(mode, 2, "pmd") for mode in MODES if mode != "802.3ad"]


@pytest.mark.parametrize("mode, members, io_path",
                         [(mode, n, "direct") for mode in MODES for n in (2, 3)] + BY_PMD)
def test_mode_meaning(bench, mode, members, io_path):
    """Counted at the peer's ports."""
    made = bench(mode, members, io_path=io_path)
    warm_up(made)
    CHECKS[mode](made)


@pytest.mark.parametrize("mode", MODES)
def test_check_fails_with_a_cable_out(bench, mode):
    """The same check, one member unplugged from the start: it must complain."""
    made = bench(mode, 2, unplugged=[1])
    warm_up(made)
    with pytest.raises(AssertionError) as complaint:
        CHECKS[mode](made)
    print(f"{mode} complained as it should: {complaint.value}")
