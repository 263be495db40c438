"""Tracing one request: who sends, where to, and what is shown of it."""

import io
import json

import pytest
from rich.console import Console

import emu

SPEC = """
dns: {{example.com: [192.168.1.1], edge: [192.168.1.100], web: [192.168.1.101]}}
loadBalancers: [{{name: edge, address: 192.168.1.1, listeners: [{{port: 8443, service: web}}]}}]
record: {{interval: 1us}}
clients: [{clients}]
"""
INTERNET = (
    "{name: internet, url: 'http://example.com:8443/', arrivals: {poisson: {rate: 0.01/h}},"
    " timeout: 20s}"
)
OPS = "{name: ops, node: node-1, url: 'http://web/', arrivals: {constant: {rate: 9/s}}}"
OBJECTS = """
apiVersion: v1
kind: Node
metadata: {name: node-1}
status: {addresses: [{type: InternalIP, address: 192.168.1.100}]}
---
apiVersion: v1
kind: Node
metadata: {name: node-2}
status: {addresses: [{type: InternalIP, address: 192.168.1.101}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec: {nodeName: node-1}
"""


@pytest.fixture
def scenario(described):
    """A client outside and one on a node; names that mean several things."""
    return described(SPEC.format(clients=f"{INTERNET}, {OPS}"), OBJECTS)


def ends(trace):
    """Where the first packet comes from and goes to."""
    first = trace.wire[0]
    return first.place, first.src, f"{first.dst}:{first.dst_port}"


@pytest.mark.parametrize(
    ("source", "to", "first"),
    [
        (None, None, ("internet", "203.0.113.10", "192.168.1.1:8443")),
        ("outside", None, ("internet", "203.0.113.10", "192.168.1.1:8443")),
        ("ops", None, ("ops", "192.168.1.100", "10.96.0.1:80")),
        ("node-2", None, ("node-2", "192.168.1.101", "192.168.1.1:8443")),
        ("web", None, ("default/web", "10.244.0.2", "192.168.1.1:8443")),
        ("default/web", "example.com", ("default/web", "10.244.0.2", "192.168.1.1:8443")),
        (None, "192.168.1.1", ("internet", "203.0.113.10", "192.168.1.1:8443")),
        (None, "http://example.com/a", ("internet", "203.0.113.10", "192.168.1.1:80")),
        (None, "http://example.com:8443/a", ("internet", "203.0.113.10", "192.168.1.1:8443")),
        (None, "https://example.com/a", ("internet", "203.0.113.10", "192.168.1.1:443")),
        (None, "udp://node-1:53", ("internet", "203.0.113.10", "192.168.1.100:53")),
        (None, "node-1", ("internet", "203.0.113.10", "192.168.1.100:30000")),
        (None, "192.168.1.101:30000", ("internet", "203.0.113.10", "192.168.1.101:30000")),
        ("node-1", "10.244.0.2", ("node-1", "192.168.1.100", "10.244.0.2:8080")),
    ],
)
def test_ends(scenario, source, to, first):
    """A client keeps its URL, a place takes the first client's; the port is the usual one."""
    assert ends(emu.trace(scenario, source, to)) == first


def test_a_name_that_means_several_things(scenario):
    """A domain comes before a load balancer; inside, a Service before a domain, then a Pod."""
    assert ends(emu.trace(scenario, "outside", "edge"))[2] == "192.168.1.100:30000"
    assert ends(emu.trace(scenario, "outside", "web"))[2] == "192.168.1.101:30000"
    assert ends(emu.trace(scenario, "ops", "web"))[2] == "10.96.0.1:80"
    assert ends(emu.trace(scenario, "ops", "default/web"))[2] == "10.96.0.1:80"


def test_a_sender_outside_where_there_is_none(described):
    """Outside somebody new sends, under a name and address that nothing else has."""
    links = (
        "loadBalancers: [{name: edge, address: 203.0.113.10, listeners: [{service: web}]}]\n"
        "network: {links: [{between: [outside, edge]}, {between: [outside, fabric]}]}\n"
    )
    spec = SPEC.replace("loadBalancers:", "x:").replace("{{", "{").replace("}}", "}")
    spec = "\n".join(line for line in spec.splitlines() if not line.startswith("x:")) + "\n" + links
    trace = emu.trace(described(spec.replace("{clients}", OPS), OBJECTS), "outside", "203.0.113.10")
    assert trace.outcome == "ok"
    assert ends(trace)[0] == "outside-2"
    assert ends(trace)[1] == "203.0.113.11"


@pytest.mark.parametrize(
    ("source", "to", "message"),
    [
        ("nobody", None, "unknown source 'nobody'; known: outside, internet, ops, node-1, node-2, "
                         "default/web"),
        ("outside", "nix", "unknown destination 'nix'; known: example.com, edge, web, edge, node-1,"
                           " node-2, default/web"),
        ("node-1", "nix", "unknown destination 'nix'; known: web, example.com, edge, web, edge, "
                          "node-1, node-2, default/web"),
        (None, "", "unknown destination ''"),
        (None, "edge:0", "destination = edge:0: must have a port between 1 and 65535"),
        (None, "edge:65536", "destination = edge:65536: must have a port between 1 and 65535"),
        (None, "edge:", "destination = edge:: must have a port between 1 and 65535"),
        (None, "udp://edge", "destination = udp://edge: must have a port between 1 and 65535"),
        (None, "ftp://edge", "destination = ftp://edge: must begin with one of http://, "),
        (None, "edge:²", "destination = edge:²: must have a port between 1 and 65535"),
    ],
)  # fmt: skip
def test_what_is_unknown(scenario, source, to, message):
    """An unknown name lists the known ones, a port that is none says what it must be."""
    with pytest.raises(emu.EmuError) as error:
        emu.trace(scenario, source, to)
    assert str(error.value).startswith(message)


def test_a_url_that_means_nothing_elsewhere(described):
    """The first client's Service name is no name outside the cluster."""
    ops = OPS.replace("http://web/", "http://web.default/")
    scenario = described(SPEC.format(clients=ops), OBJECTS)
    with pytest.raises(emu.UnknownNameError, match=r"unknown destination 'web\.default'"):
        emu.trace(scenario, "outside")


def test_what_others_do_is_left_out(scenario):
    """Arrivals, other clients and samples a microsecond apart make no difference and no delay."""
    slow = emu.trace(scenario, "internet", "10.96.0.1")
    assert (slow.outcome, slow.latency_seconds) == ("connect_timeout", 20.0)
    assert emu.trace(scenario, "ops", "10.9.9.9").latency_seconds == 127.0
    assert emu.trace(scenario) == emu.trace(scenario)


def shown(trace, **options):
    """The lines of a trace in a terminal of 80 columns."""
    console = Console(file=io.StringIO(), width=80)
    console.print(trace.view(**options))
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_how_it_ends_is_said(scenario):
    """The last line tells an answer from a failure and from silence."""
    ends = {
        "node-1:81": "The failure was known after 20.5 ms.",
        "example.com": "The answer was there after ",
        "10.96.0.1": "No answer came: the client gave up after 20 s.",
    }
    for to, start in ends.items():
        assert shown(emu.trace(scenario, "internet", to))[-1].startswith(start)


def test_a_name_without_an_address(described):
    """A headless Service without endpoints: nothing is sent, and no table is shown empty."""
    headless = """
    apiVersion: v1
    kind: Service
    metadata: {name: none}
    spec: {clusterIP: None, ports: [{port: 80}]}
    """
    spec = """
    nodePools: [{name: node, nodes: 1}]
    clients: [{name: c, node: node-1, url: "http://none/", arrivals: {constant: {rate: 1/s}}}]
    """
    trace = emu.trace(described(spec, headless))
    assert (trace.outcome, trace.logical, trace.wire) == ("dns_failure", (), ())
    assert shown(trace)[-1] == "The name stands for no address: nothing was sent."


def test_the_wire_in_a_terminal(scenario):
    """Arrows say which way, each rule has its line, and nothing is wider than 80 columns."""
    lines = shown(emu.trace(scenario), on_the_wire=True)
    assert max(map(len, lines)) <= 80
    assert lines[0] == "From internet to http://example.com:8443/: ok"
    assert [line.split()[1] for line in lines if line[:3].strip().isdigit()][:7] == [">"] * 6 + [
        "<"
    ]
    assert any(line.strip().startswith("KUBE-SVC-") for line in lines)
    assert any(line.strip() == "KUBE-POSTROUTING MASQUERADE" for line in lines)


def test_the_document(scenario):
    """What --json prints: both lists, with the same keys, and JSON's own types."""
    document = json.loads(json.dumps(emu.trace(scenario).document()))
    assert list(document) == [
        "source", "destination", "outcome", "latency_seconds", "logical", "wire",
    ]  # fmt: skip
    steps = ["src", "src_port", "dst", "dst_port", "what"]
    assert {tuple(step) for step in document["logical"]} == {tuple(steps)}
    assert {tuple(step) for step in document["wire"]} == {("at_ns", "direction", "place", *steps)}


def test_a_client_that_keeps_connections_opens_one(described):
    """With TLS it takes a round trip longer; a datagram takes none of its connections."""
    keeping = INTERNET.replace("timeout:", "connections: {protocol: HTTP/2}, timeout:")
    scenario = described(SPEC.format(clients=keeping), OBJECTS)
    plain, over_tls, datagram = (
        emu.trace(scenario, None, f"{scheme}://192.168.1.101:30000").latency_seconds
        for scheme in ("http", "https", "udp")
    )
    assert over_tls - plain == pytest.approx(0.0215, abs=0.001)
    assert datagram < plain


def test_jupyter(scenario):
    """The logical table as text and as HTML, for a trace and for its table."""
    shown_there = emu.trace(scenario)._repr_mimebundle_(include=None, exclude=None)
    assert set(shown_there) == {"text/plain", "text/html"}
    assert "the client resolves" in shown_there["text/plain"]
    assert shown_there["text/html"].startswith("<pre")
