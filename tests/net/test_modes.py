# SPDX-License-Identifier: BSD-3-Clause
"""Each of the seven modes means what its name says, and the checks can tell when it does not."""

import pytest

from modes import CHECKS, warm_up
from program import MODES


@pytest.mark.parametrize("members", (2, 3))
@pytest.mark.parametrize("mode", MODES)
def test_mode_meaning(bench, mode, members):
    """Counted at the peer's ports."""
    made = bench(mode, members)
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
