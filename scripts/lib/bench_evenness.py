# SPDX-License-Identifier: BSD-3-Clause
"""
scripts/bench evenness: how evenly 4096 random flows are spread over 2, 3, 4 and 8 members by each
transmit policy.

A net_pcap plays one frame of each flow, over and over, to a bond of mode balance-xor; the members'
own counters tell what left by each. Ideal is that a flow has any member with the same probability:
the flows of a member are then 4096/n, with a standard deviation of sqrt(4096 * 1/n * (1 - 1/n)).
The worst member of each bond is to be within 3 of these.
"""

import math
import time

from bench_case import Place, Row
from bench_drive import null_devices, started
from bench_flows import capture, feed_of
from bench_machine import describe
from bench_options import finished, numbers, parsed, parser_of, setup_of, words
from bench_output import result_of
from bench_stats import Figure
from bench_targets import AT_MOST, Judged

POLICIES = ("layer2", "layer2+3", "layer3+4", "encap2+3", "encap3+4", "vlan+srcmac")
MEMBERS = (2, 3, 4, 8)
FLOWS = 4096
SIGMAS = 3.0
PLAYED_S = 0.2


def deviation(counts, flows):
    """The worst member's distance from the ideal, in standard deviations."""
    share = 1 / len(counts)
    sigma = math.sqrt(flows * share * (1 - share))
    total = sum(counts)
    if total == 0:
        return math.inf
    return max(abs(count / total * flows - flows * share) for count in counts) / sigma


def sent_by(driver, ports):
    """What has left by each of the ports."""
    return [driver.number(driver.run(f"show port stats {port}"), "TX-packets") for port in ports]


def spread(driver, place):
    """The packets by member of one bond."""
    ports = driver.devices.members[:place.members]
    row = Row(place, "io", feed=True)
    driver.enter(place)
    before = sent_by(driver, ports)
    driver.begin(row)
    driver.await_traffic(row)
    time.sleep(PLAYED_S)
    driver.end()
    after = sent_by(driver, ports)
    driver.leave()
    return [b - a for a, b in zip(before, after)]


def measure(args, work, policies=POLICIES, members=MEMBERS):
    """[(place, packets by member, deviation)] of vfbond's direct path."""
    path = work / "even.pcap"
    path.write_bytes(capture(FLOWS))
    devices = null_devices(max(members), feed=feed_of(path))
    driver = started("direct", args.paths, devices, setup_of(args, FLOWS), work / "even")
    found = []
    with driver.program:
        for policy in policies:
            for count in members:
                place = Place(2, policy, count)
                counts = spread(driver, place)
                found.append((place, counts, deviation(counts, FLOWS)))
        driver.close()
    return found


def judged(found):
    """As targets; what was counted has no interval."""
    return [
        Judged("evenness, sigma from ideal", place, Figure(sigma, sigma, sigma, 1), AT_MOST, SIGMAS,
               sigma <= SIGMAS)
        for place, _, sigma in found
    ]


def arguments(argv):
    parser = parser_of("evenness", __doc__)
    parser.add_argument("--policies", type=words(POLICIES), default=",".join(POLICIES),
                        help="default %(default)s")
    parser.add_argument("--members", type=numbers(2, 16), default="2,3,4,8",
                        help="default %(default)s")
    parser.set_defaults(programs=["direct"])
    return parsed(parser, argv)


def run(args, work):
    """Every bond; the result."""
    machine = describe(args)
    found = measure(args, work, args.policies, args.members)
    result = result_of("evenness", [], judged(found), machine, {}, 1)
    result["packets"] = {str(place): counts for place, counts, _ in found}
    return result


def main(argv):
    """Measure, write, print."""
    return finished(run, arguments(argv))
