"""A client that keeps connections straight to a NodePort; and any way of keeping them."""

from hypothesis import strategies as st

US, MS, S = 1_000, 1_000_000, 1_000_000_000

SPEC = """
duration: 20s
behaviours: [{workers: 100, serviceTime: 20ms}]
clients: [{name: c, url: "http://192.168.1.100:30001/", arrivals: {trace: {times: [0s, 1s]}}}]
"""
"""The reference cluster, straight to node-1's NodePort: 10.25 ms to the node, 20 us to the Pod."""

CLIENT_TO_NODE = 10_250 * US
ONE_WAY = CLIENT_TO_NODE + 20 * US
ROUND_TRIP = 2 * ONE_WAY
OPEN_TO_ANSWER = 3 * ONE_WAY + 20 * MS + ONE_WAY
"""What a request takes that opens its connection; over an open one, a round trip less."""

HTTP2 = {"protocol": "HTTP/2"}


def sending(times, connections, **more):
    """The client that means to send then, and keeps connections so, as a change of the spec."""
    client = {"name": "c", "url": "http://192.168.1.100:30001/", "connections": connections}
    return {"clients": [client | {"arrivals": {"trace": {"times": times}}} | more]}


def column(run, name):
    """A column of the rows as a list."""
    return run.rows[name].tolist()


TWO_PORTS = {"sysctls": {"net.ipv4.ip_local_port_range": "40000 40001"}}
"""A kernel with two source ports for each route."""


def at(*moments):
    """These nanoseconds as a trace has them."""
    return [f"{moment}ns" for moment in moments]


@st.composite
def kept(draw, idle, age):
    """Any way of keeping connections with one of these idle times and ages, or no keeping."""
    if draw(st.booleans()):
        return {}
    connections = {"idleTimeout": draw(st.sampled_from([None, *idle]))}
    if draw(st.booleans()):
        connections |= {"protocol": "HTTP/2", "streams": draw(st.sampled_from([1, 2, 100]))}
    for field, values in (
        ("maxConnections", [1, 2]),
        ("maxRequests", [1, 2, 5]),
        ("maxAge", age),
        ("maxAgeJitter", [0, 1]),
    ):
        if draw(st.booleans()):
            connections[field] = draw(st.sampled_from(values))
    return {"connections": connections}


@st.composite
def balancing(draw, idle, age):
    """Any way in which a load balancer may have connections to nodes."""
    if draw(st.booleans()):
        return {"mode": "tcp"}
    tls = draw(st.sampled_from([{}, {"tls": "1.2"}, {"tls": "1.3"}]))
    return draw(kept(idle, age)) | tls
