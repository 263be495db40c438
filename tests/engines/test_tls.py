"""TLS: one round trip more at opening with 1.3, two with 1.2, and none on an open connection."""

import pytest

from tests.engines.keeping import HTTP2, MS, US, column

CLIENT_TO_LB, LB_TO_POD = 10_250 * US, 520 * US
CLIENT_TO_POD = 10_270 * US
DIRECT, BALANCED = "https://192.168.1.100:30001/", "https://192.168.1.1/"

SPEC = """
duration: 5s
loadBalancers:
  - name: edge
    address: 192.168.1.1
    listeners: [{service: web, port: 443}, {service: web, port: 80}]
    weights: {node-2: 0}
behaviours: [{workers: 100, serviceTime: 20ms}]
clients: [{name: c, url: "https://192.168.1.1/", arrivals: {trace: {times: [0s, 1s]}}}]
"""


def taken(run):
    """How long each request took."""
    return (run.rows["done_ns"] - run.rows["intended_ns"]).tolist()


def played(described, play, url, **changes):
    """A run with this URL."""
    return play(described(SPEC, **{"clients[0].url": url} | changes))


@pytest.mark.parametrize(("version", "round_trips"), [("1.3", 1), ("1.2", 2), (1.3, 1), (1.2, 2)])
@pytest.mark.parametrize("connections", [{}, HTTP2])
def test_straight_to_a_node_port(described, play, version, round_trips, connections):
    """End to end with the Pod, once a connection."""
    kept = {"clients[0].connections": connections, "clients[0].tls": version}
    run = played(described, play, DIRECT, **kept)
    plain = played(described, play, DIRECT.replace("https", "http"), **kept)
    more = [one - other for one, other in zip(taken(run), taken(plain), strict=True)]
    assert more == [round_trips * 2 * CLIENT_TO_POD, 0]
    assert run.rows["node_ns"].tolist() == plain.rows["node_ns"].tolist()


def test_each_connection_of_its_own_pays(described, play):
    """Where none is kept, every request has the whole handshake before it."""
    run = played(described, play, DIRECT)
    assert taken(run) == [2 * 2 * CLIENT_TO_POD + 2 * CLIENT_TO_POD + 20 * MS] * 2


@pytest.mark.parametrize(("version", "round_trips"), [("1.3", 1), ("1.2", 2)])
def test_a_balancer_of_requests_ends_tls(described, play, version, round_trips):
    """The client's handshake goes as far as the load balancer, and no farther."""
    run = played(described, play, BALANCED, **{"clients[0].tls": version})
    plain = played(described, play, "http://192.168.1.1/")
    assert taken(run)[0] - taken(plain)[0] == round_trips * 2 * CLIENT_TO_LB
    behind = [made.rows["lb_response_ns"] - made.rows["lb_ns"] for made in (run, plain)]
    assert behind[0].tolist() == behind[1].tolist()


@pytest.mark.parametrize(("version", "round_trips"), [("1.3", 1), ("1.2", 2)])
def test_a_balancer_may_speak_tls_to_the_nodes(described, play, version, round_trips):
    """Its own handshake is with the Pod, once for each connection that it opens."""
    url = "http://192.168.1.1/"
    kept = {"loadBalancers[0].connections": {}}
    run = played(described, play, url, **kept, **{"loadBalancers[0].tls": version})
    plain = played(described, play, url, **kept)
    more = [one - other for one, other in zip(taken(run), taken(plain), strict=True)]
    assert more == [round_trips * 2 * LB_TO_POD, 0]


@pytest.mark.parametrize(("version", "round_trips"), [("1.3", 1), ("1.2", 2)])
@pytest.mark.parametrize("connections", [None, {}])
def test_a_balancer_of_connections_passes_it_on(described, play, version, round_trips, connections):
    """Under the mode tcp the client's handshake is with the Pod: over both parts of the way."""
    changes = {"loadBalancers[0].mode": "tcp", "clients[0].tls": version}
    if connections is not None:
        changes["clients[0].connections"] = connections
    run = played(described, play, BALANCED, **changes)
    plain = played(described, play, "http://192.168.1.1/", **changes)
    more = [one - other for one, other in zip(taken(run), taken(plain), strict=True)]
    whole = round_trips * 2 * (CLIENT_TO_LB + LB_TO_POD)
    assert more == [whole, whole if connections is None else 0]


def test_https_goes_to_port_443(described, play):
    """By default, as a browser does."""
    assert column(played(described, play, BALANCED), "load_balancer") == [0, 0]
    only_80 = {"loadBalancers[0].listeners": [{"service": "web", "port": 80}]}
    assert played(described, play, BALANCED, **only_80).outcomes == {"refused": 2}


def test_handshakes_of_tls_take_no_bandwidth(described, play):
    """Only requests and answers are as long as they are; and draws of TLS change no other draw."""
    drawn = {"network": {"internal": {"exponential": {"mean": "250us"}}}}
    run = played(described, play, DIRECT, **drawn)
    plain = played(described, play, DIRECT.replace("https", "http"), **drawn)
    assert run.rows["node_ns"].tolist() == plain.rows["node_ns"].tolist()
    assert (run.rows["pod_ns"] > plain.rows["pod_ns"]).all()
    back = [made.rows["done_ns"] - made.rows["service_end_ns"] for made in (run, plain)]
    assert back[0].tolist() == back[1].tolist()
