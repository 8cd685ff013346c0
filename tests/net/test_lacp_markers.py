# SPDX-License-Identifier: BSD-3-Clause
"""Marker PDUs (IEEE 802.1AX-2014, 6.5) at a bond in mode 802.3ad: answered byte for byte, a flood
of them within limits.
"""

import struct

from scapy.contrib.lacp import MarkerProtocol
from scapy.contrib.slowprot import SlowProtocol
from scapy.layers.l2 import Ether

from lacp import SlowCapture, SLOW_MAC, machines, ping_ok, wait_both
from netlab import wait_for
from wire import Injector

REQUESTER = "02:0d:00:00:00:07"
PER_SECOND_MAX = 100


def marker(port, transaction):
    """A Marker PDU as scapy writes it."""
    return bytes(Ether(dst=SLOW_MAC, src=REQUESTER) / SlowProtocol(subtype=2) / MarkerProtocol(
        requester_port=port, requester_system=REQUESTER, requester_transaction_id=transaction))


def response_to(request):
    """What the standard wants back: the same with another type, from somebody else."""
    return request[16:17].replace(b"\x01", b"\x02") + request[17:]


def responses(cap, requester=REQUESTER):
    """Marker PDUs that came back: what is behind the version."""
    system = bytes.fromhex(requester.replace(":", ""))
    return [f[16:] for f in cap.poll() if f[14:16] == b"\x02\x01" and system in f[16:28]]


def test_marker_is_answered(bench):
    """Each request once, on the member that it came to, unchanged but for the type of its TLV."""
    made = bench("802.3ad", bond="lacp_rate=fast")
    topo = made.topo
    wait_both(made)
    for i, port in enumerate(topo.ports):
        cap, other = SlowCapture(topo.b, port), SlowCapture(topo.b, topo.ports[1 - i])
        with Injector(topo.b, port) as out:
            for n in range(8):
                request = marker(1 + n, 0xA0B0C0D0 + n)
                assert len(request) == 124
                out.send(request)
                wait_for(lambda n=n, cap=cap: len(responses(cap)) > n, "a response")
                answer = responses(cap)[n]
                assert answer[:len(request) - 16] == response_to(request), answer.hex()
        frame = next(f for f in cap.poll() if f[14:16] == b"\x02\x01")
        assert frame[:6] == bytes.fromhex(SLOW_MAC.replace(":", ""))
        assert frame[6:12] != request[6:12]
        assert len(responses(cap)) == 8 and not responses(other)
        counters = machines(made, i)["counters"]
        assert (counters["marker_rx"], counters["marker_tx"], counters["marker_limited"]) == \
            (8, 8, 0)
        cap.close()
        other.close()


def test_flood_of_markers(bench):
    """Of many at once a part is answered, no more than so many a second; each is counted, a
    response is none, and LACP does not suffer.
    """
    made = bench("802.3ad", bond="lacp_rate=fast")
    topo = made.topo
    wait_both(made)
    sent = 0
    cap = SlowCapture(topo.b, topo.ports[0])

    def all_counted():
        c = machines(made, 0)["counters"]
        return c["marker_rx"] + c["rx_not_read"] >= sent and \
            c["marker_tx"] + c["marker_limited"] == c["marker_rx"] and \
            len(responses(cap)) == c["marker_tx"]

    with Injector(topo.b, topo.ports[0]) as out:
        for _ in range(20):
            # As many as the member's ring takes at once.
            for _ in range(100):
                out.send(marker(1, sent))
                sent += 1
            wait_for(all_counted, f"{sent} markers answered or counted", 10)
    times = [t for t, f in cap.timed() if f[14:16] == b"\x02\x01"]
    counters = machines(made, 0)["counters"]
    assert counters["marker_limited"] > 0, counters
    seconds = times[-1] - times[0]
    assert len(times) <= PER_SECOND_MAX * (2 + int(seconds)), f"{len(times)} in {seconds:.1f} s"
    transactions = [struct.unpack("!I", f[10:14])[0] for f in responses(cap)]
    assert len(set(transactions)) == len(transactions), "an answer twice"
    expired = [machines(made, i)["counters"]["expired"] for i in range(2)]
    # Nobody answers an answer.
    answered = counters["marker_tx"]
    with Injector(topo.b, topo.ports[0]) as out:
        for n in range(10):
            request = marker(1, n)
            out.send(request[:16] + response_to(request))
    wait_for(lambda: machines(made, 0)["counters"]["marker_rx"] >= counters["marker_rx"] + 10,
             "ten responses read")
    assert machines(made, 0)["counters"]["marker_tx"] == answered
    assert topo.switch.ready() and ping_ok(made)
    assert [machines(made, i)["counters"]["expired"] for i in range(2)] == expired
    cap.close()
