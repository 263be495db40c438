"""A load balancer that is cut off while clients open connections to it and use them."""

import pytest

from emu.recorder.rows import ABSENT
from tests.engines.keeping import S, column

SPEC = """
duration: 200s
behaviours: [{workers: 100, serviceTime: 20ms}]
loadBalancers:
  - {name: edge, address: 192.168.1.1, listeners: [{service: default/web}]}
clients:
  - {name: c, url: "http://192.168.1.1/", arrivals: {trace: {times: [0s, 1ms]}},
     connections: {protocol: HTTP/2}}
"""


def down(lasting):
    """The balancer is cut off from the beginning, for so long."""
    return [{"at": "0s", "do": "loadBalancerDown", "loadBalancer": "edge", "for": lasting}]


@pytest.fixture(params=["http", "tcp"])
def cut_off(request, described, play):
    """Plays two requests over one connection to a balancer of either mode, cut off for so long."""

    def run(lasting, **changes):
        mode = {"loadBalancers[0].mode": request.param, "timeline": down(lasting)}
        return play(described(SPEC, **mode, **changes))

    return run


def test_who_joins_waits_for_the_syn(cut_off):
    """The SYN comes again after a second; what joins the connection meanwhile waits until it is
    open, and is there no sooner than the request that it was opened for."""
    run = cut_off("40ms")
    first, second = column(run, "lb_ns")
    assert first == second > 1 * S
    assert column(run, "new_connection")[1] & 1 == 0
    assert run.outcomes == {"ok": 2}


def test_who_joins_fails_with_the_connection(cut_off):
    """When the client gives up opening the connection, that is so for all on it, at once."""
    run = cut_off("190s")
    assert run.outcomes == {"connect_timeout": 2}
    first, second = column(run, "done_ns")
    assert first == second
    assert column(run, "lb_ns") == [ABSENT, ABSENT]


def test_over_a_connection_that_has_ended(described, play):
    """A balancer of connections answers with RST what comes over one whose other half the Pod has
    refused: what the client had sent before it knew."""
    changes = {"loadBalancers[0].mode": "tcp", "behaviours[0].appPort": 9090}
    run = play(described(SPEC, **changes, **{"clients[0].arrivals.trace.times": ["0s", "35ms"]}))
    assert run.outcomes == {"refused": 1, "reset": 1}
    assert column(run, "connection") == [0, 0]
    assert column(run, "node_ns")[1] == ABSENT
