# SPDX-License-Identifier: BSD-3-Clause
"""The addresses of the port that a bond is joined to are the bond's, as they come and go."""

import time

from netlab import wait_for
from topology import IP_A, TAP
from watch import active, arp_of, is_announcement, nd_of, view, wait_active, wait_all_up
from wire import Captures

# Nothing is ever sent from these: only the kernel can have told of them.
QUIET, QUIET6 = "10.98.0.77", "fd98::77"


def announced(made, to):
    """The addresses announced by member @to when it becomes the active one."""
    # The program hears of a change at once, but not before this line.
    time.sleep(0.2)
    with Captures(made.topo.b, made.topo.ports) as caps:
        made.command(f"set bond bond0 active_slave net_af_packet{to}")
        wait_active(made, to)
        wait_for(lambda: view(made)["notifications_left"] == 0, "all announcements", 3.0)
        time.sleep(0.2)
        frames = caps.all()[to]
    ips = [a.sender_ip for a in map(arp_of, frames) if is_announcement(a)]
    return set(ips + [n.target for n in map(nd_of, frames) if n and n.is_advert])


def test_addresses_of_the_pair(bench):
    """Announced at a failover as long as the kernel has them, and no longer."""
    made = bench("active-backup", bond="miimon=50")
    wait_all_up(made)
    wait_for(lambda: active(made) is not None, "an active member")
    made.topo.a.sysctl(f"ipv6/conf/{TAP}/disable_ipv6", 0)
    made.topo.a.ip("address", "add", f"{QUIET}/24", "dev", TAP)
    made.topo.a.ip("-6", "address", "add", f"{QUIET6}/64", "dev", TAP, "nodad")
    assert announced(made, 1) >= {IP_A, QUIET, QUIET6}
    made.topo.a.ip("address", "del", f"{QUIET}/24", "dev", TAP)
    made.topo.a.ip("-6", "address", "del", f"{QUIET6}/64", "dev", TAP)
    seen = announced(made, 0)
    assert IP_A in seen and not seen & {QUIET, QUIET6}, seen
