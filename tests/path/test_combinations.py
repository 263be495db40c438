"""Who sends and where to: each way as kube-proxy's iptables rules lead it."""

from pathlib import Path

import pytest

import emu

SCENARIO = Path(__file__).with_name("everything.yaml")
N1, N2, EDGE = "192.168.1.100", "192.168.1.101", "192.168.1.1"
FRONT, WEB, SICK = "10.244.0.2", "10.244.0.3", "10.244.1.2"
WEB_IP, LOCAL_IP, INLOCAL_IP, NONE_IP, SELF_IP, OTHER_IP = (f"10.96.0.{i}" for i in range(1, 7))


@pytest.fixture(scope="session")
def scenario():
    """A little of everything."""
    return emu.load(SCENARIO)


# source, destination -> outcome; the rules that choose, each by its first words; the packet behind
# them: who the Pod takes for its peer, and the Pod.
WAYS = [
    ("internet", "example.com", "ok", "NODEPORTS EXT+ SVC SEP POSTROUTING", N1, WEB),
    ("outside", "node-2:30001", "ok", "NODEPORTS EXT+ SVC SEP POSTROUTING", N2, WEB),
    ("front", "web", "ok", "SVC SEP", FRONT, WEB),
    ("front", "web.default.svc.cluster.local", "ok", "SVC SEP", FRONT, WEB),
    ("front", WEB_IP, "ok", "SVC SEP", FRONT, WEB),
    ("front", "node-1:30001", "ok", "NODEPORTS EXT+ SVC SEP POSTROUTING", N1, WEB),
    ("front", "node-2:30001", "ok", "NODEPORTS EXT+ SVC SEP POSTROUTING", N2, WEB),
    ("node-1", "web", "ok", "SVC+ SEP POSTROUTING", N1, WEB),
    ("node-2", "web", "ok", "SVC+ SEP POSTROUTING", N2, WEB),
    ("outside", "node-1:30002", "ok", "NODEPORTS EXT SVL SEP", "203.0.113.10", WEB),
    ("node-2", "node-2:30002", "ok", "NODEPORTS EXT+ SVC SEP POSTROUTING", N2, WEB),
    ("node-2", "node-1:30002", "ok", "NODEPORTS EXT SVL SEP", N2, WEB),
    ("front", "inlocal", "ok", "SVL SEP", FRONT, WEB),
    ("node-1", "inlocal", "ok", "SVL+ SEP POSTROUTING", N1, WEB),
    ("front", "self", "ok", "SVC SEP+ POSTROUTING", N1, FRONT),
    ("front", "web.other", "refused", "SVC SEP", FRONT, SICK),
    ("other/sick", "web", "refused", "SVC SEP+ POSTROUTING", N2, SICK),
]


def rules(step):
    """The names of the chains, with ``+`` where one marks for masquerading."""
    return " ".join(
        part.split("-")[1].split()[0] + "+" * ("KUBE-MARK-MASQ" in part)
        for part in step.what.split("; ")
        if not part.startswith("nat ")
    )


@pytest.mark.parametrize(("source", "to", "outcome", "chains", "peer", "pod"), WAYS)
def test_translated(scenario, source, to, outcome, chains, peer, pod):
    """The rules met, whether the source is masqueraded, and that the reply is translated back."""
    trace = emu.trace(scenario, source, to)
    assert trace.outcome == outcome
    (chosen,) = (step for step in trace.wire if "KUBE-SEP-" in step.what)
    assert (rules(chosen), chosen.src, chosen.dst) == (chains, peer, pod)
    assert "DNAT" in chosen.what
    there = [(s.src, s.src_port, s.dst, s.dst_port) for s in trace.wire if s.direction == "forward"]
    back = [(s.dst, s.dst_port, s.src, s.src_port) for s in trace.wire if s.direction == "back"]
    assert set(there) == set(back)
    assert len(set(there)) >= 2


def test_the_same_name_in_two_namespaces(scenario):
    """A bare Service name is that of the sender's own namespace, as DNS has it."""
    assert emu.trace(scenario, "front", "web").wire[0].dst == WEB_IP
    assert emu.trace(scenario, "other/sick", "web").wire[0].dst == OTHER_IP
    assert emu.trace(scenario, "front", "other/web").wire[0].dst == OTHER_IP
    assert emu.trace(scenario, "other/sick", "default/web").wire[0].dst == WEB_IP


def test_a_headless_service(scenario):
    """Its name is the Pods' addresses: nothing is translated."""
    trace = emu.trace(scenario, "front", "bare.other:9999")
    assert trace.outcome == "ok"
    assert {(step.src, step.dst) for step in trace.wire} == {(FRONT, SICK), (SICK, FRONT)}
    assert [step.what for step in trace.logical] == [
        "the client resolves bare.other and sends the request to the Pod",
        "the Pod's container, listening on 9999, answers",
    ]


def test_straight_to_a_pod(scenario):
    """From a Pod or a node, by name or address, over the Pod's node's interface or not."""
    places = {
        source: [step.place for step in emu.trace(scenario, source, to).wire]
        for source, to in (("front", "web-1"), ("ops", WEB))
    }
    assert places == {
        "front": ["front", "default/web-1", "default/web-1", "front"],
        "ops": ["ops", "node-1 eth0", "default/web-1", "default/web-1", "node-1 eth0", "ops"],
    }


@pytest.mark.parametrize(
    ("source", "to", "words"),
    [
        ("outside", "edge:81", ["connect", "nothing listens on 81", "RST", "connection refused"]),
        ("front", "node-1:31000", ["connect", "nothing listens on 31000", "RST",
                                   "connection refused"]),
        ("front", "web-1:81", ["connect", "the application listens on 8080",
                               "RST: nothing listens on 81", "connection refused"]),
        ("front", "none", ["DNS: none is 10.96.0.4; connect", "nat PREROUTING: KUBE-SERVICES",
                           "filter KUBE-SERVICES: default/none has no endpoints, REJECT",
                           "connection refused"]),
        ("node-1", "none", ["DNS: none is 10.96.0.4; connect, before any interface",
                            "filter KUBE-SERVICES: default/none has no endpoints, REJECT",
                            "connection refused"]),
    ],
)  # fmt: skip
def test_refused(scenario, source, to, words):
    """A closed port answers with RST, a Service without endpoints with REJECT: at once."""
    trace = emu.trace(scenario, source, to)
    assert trace.outcome == "refused"
    assert [step.what for step in trace.wire] == words
    assert trace.latency_seconds < 0.1
    assert trace.logical[-1].dst_port == "any"


@pytest.mark.parametrize(
    ("source", "to", "outcome", "words"),
    [
        ("outside", WEB_IP, "connect_timeout", []),
        ("outside", "default/web", "connect_timeout", []),
        ("outside", WEB, "connect_timeout", []),
        ("front", f"{WEB_IP}:99", "connect_timeout", []),
        ("front", "10.0.0.1", "connect_timeout", []),
        ("outside", "node-2:30002", "dropped_no_local_endpoint",
         ["filter KUBE-EXTERNAL-SERVICES: default/local has no local endpoints, DROP"]),
        ("node-1", "node-2:30002", "dropped_no_local_endpoint",
         ["filter KUBE-EXTERNAL-SERVICES: default/local has no local endpoints, DROP"]),
        ("node-2", "inlocal", "dropped_no_local_endpoint",
         ["filter KUBE-SERVICES: default/inlocal:http has no local endpoints, DROP"]),
    ],
)  # fmt: skip
def test_silence(scenario, source, to, outcome, words):
    """What nobody answers ends all the same, when TCP gives up, and names who dropped it."""
    trace = emu.trace(scenario, source, to)
    assert (trace.outcome, trace.latency_seconds) == (outcome, pytest.approx(127, abs=0.01))
    assert [step.what for step in trace.wire[1:]] == words
    assert all(step.direction == "forward" for step in trace.wire)
    assert trace.logical[-1].dst_port != "any"
