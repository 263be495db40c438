"""What holds for every run, whatever the scenario: nothing is lost, nothing is left over."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emu.hops import conntrack
from emu.hops.balancer import PROBING, STRATEGIES
from emu.hops.kubeproxy import MODES
from emu.hops.kubeproxy.scheduling import SCHEDULERS
from emu.recorder.rows import ABSENT, Outcome
from tests.engines.keeping import balancing, kept

FOREVER = 10**18

BACKEND = """
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec:
  type: NodePort
  clusterIP: 10.96.0.1
  selector: {{app: {selected}}}
  externalTrafficPolicy: {external}
  internalTrafficPolicy: {internal}
  sessionAffinity: {affinity}
  ports:
    - {{name: http, port: 8080, nodePort: 30001}}
    - {{name: dns, port: 53, protocol: UDP, targetPort: 8080, nodePort: 30053}}
---
apiVersion: v1
kind: Pod
metadata: {{name: caller}}
spec: {{nodeName: node-1, containers: [{{name: caller}}]}}
---
apiVersion: v1
kind: Pod
metadata: {{name: web-1, labels: {{app: web}}}}
spec:
  nodeName: node-1
  containers: [{{name: web, ports: [{{containerPort: 8080}}], resources: {resources}}}]
---
apiVersion: v1
kind: Pod
metadata: {{name: web-2, labels: {{app: web}}}}
spec:
  nodeName: node-2
  containers: [{{name: web, ports: [{{containerPort: 8080}}], resources: {resources}}}]
status: {{podIP: 10.244.9.9}}
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: {mode}
ipvs: {{scheduler: {scheduler}}}
ebpf: {{algorithm: {algorithm}}}
conntrack: {{maxPerCore: {entries}, min: 0}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: web-1, labels: {{kubernetes.io/service-name: {sliced}}}}}
addressType: IPv4
ports: [{{name: http, protocol: TCP, port: 8080}}, {{name: dns, protocol: UDP, port: 8080}}]
endpoints: [{{addresses: [10.244.9.9]}}, {{addresses: [10.244.66.6]}}]
"""
"""Two Pods for the Service; ``sliced`` may be ``web``, which gives it one Pod and one address that
nobody has."""

OUTSIDE = [
    "http://example.com/",
    "http://192.168.1.1:81/",
    "http://192.168.1.101:30001/",
    "http://192.168.1.100:30002/",
    "http://10.96.0.1:8080/",
    "https://example.com/",
    "https://192.168.1.100:30001/",
    "udp://192.168.1.101:30053",
    "udp://192.168.1.1:80",
]
INSIDE = [
    "http://web:8080/",
    "http://10.96.0.1:9999/",
    "http://10.244.9.9:8080/",
    "http://10.244.9.9:8081/",
    "http://192.168.1.100:30001/",
    "http://example.com/",
    "udp://web:53",
    "udp://10.244.9.9:8080",
]


PLACES = [
    {"addresses": "198.51.100.0/29"},
    {"addresses": "198.51.100.9/32"},
    {"pod": "caller"},
    {"node": "node-2"},
]


def arrivals_at(rate):
    """Arrival processes of this rate, and of it in bursts and states, with less between."""
    slow = {"rate": "10/s", "lasting": "20ms"}
    return [
        {"poisson": {"rate": rate}},
        {"constant": {"rate": rate}},
        {"burst": {"rate": "0/s", "burst": rate, "every": "50ms", "lasting": "20ms"}},
        {"mmpp": {"states": [{"rate": rate, "lasting": "10ms"}, slow]}},
        {"closed_loop": {"users": 5, "thinkTime": {"exponential": {"mean": "10ms"}}}},
    ]


IDLE = ["1ms", "20ms", "1s"]
RETRIES = st.fixed_dictionaries(
    {"attempts": st.integers(2, 4)},
    optional={
        "timeout": st.sampled_from(["5ms", "20ms", "1s"]),
        "on": st.sampled_from(
            [["refused", "request_timeout"], ["ports_exhausted"], ["bad_gateway"]]
        ),
        "backoff": st.sampled_from([{"base": "0s"}, {"base": "1ms"}]),
        "budget": st.sampled_from(
            [{"minPerSecond": 1}, {"minConcurrent": 2}, {"share": 1, "minConcurrent": 0}]
        ),
    },
)
HEDGE = st.fixed_dictionaries(
    {"after": st.sampled_from(["1ms", "5ms", "20ms"]), "attempts": st.integers(2, 3)}
)
WATCHED = {"retries": RETRIES, "hedge": HEDGE}
"""What a client may do besides, each as often as not."""


PROTECTION = st.fixed_dictionaries(
    {},
    optional={
        "rateLimit": st.sampled_from([{"rate": "50/s", "burst": 3}, {"rate": "400/s", "burst": 1}]),
        "circuitBreaker": st.sampled_from([{"maxRequests": 2}, {"maxRequestsPerBackend": 1}]),
        "outlierDetection": st.fixed_dictionaries(
            {
                "consecutiveErrors": st.integers(1, 3),
                "interval": st.sampled_from(["7ms", "50ms"]),
                "baseEjectionTime": st.sampled_from(["1ms", "30ms"]),
                "maxEjectionPercent": st.sampled_from([0, 1]),
            }
        ),
    },
)
SHEDDING = st.fixed_dictionaries(
    {}, optional={"queueTimeout": st.sampled_from(["1ms", "20ms"]), "heedsDeadlines": st.just(True)}
)


@st.composite
def clients(draw):
    """One to three clients, outside, on a node or in a Pod, that send anywhere at any rate."""
    made = []
    for number in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(PLACES))
        rate = draw(st.sampled_from(["20/s", "500/s"]))
        client = {
            "name": f"client-{number}",
            "url": draw(st.sampled_from(INSIDE if "addresses" not in place else OUTSIDE)),
            "arrivals": draw(st.sampled_from(arrivals_at(rate))),
            **place,
        }
        timeout = draw(st.sampled_from([None, "30ms", "100ms", "5s"]))
        client |= {"timeout": timeout} if timeout else {}
        if not client["url"].startswith("udp"):
            client |= draw(kept(IDLE, IDLE))
        made.append(client | draw(st.fixed_dictionaries({}, optional=WATCHED)))
    return made


SCENARIOS = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**63 - 1),
        "clients": clients(),
        "strategy": st.sampled_from(
            [json.dumps({name: getattr(STRATEGIES[name], "EXAMPLE", {})}) for name in STRATEGIES]
        ),
        "target": st.sampled_from(["node", "node", "pod"]),
        "balancing": balancing(IDLE, IDLE),
        "protection": PROTECTION,
        "shedding": SHEDDING,
        "workers": st.integers(1, 3),
        "backlog": st.sampled_from([0, 2, 100]),
        "app_port": st.sampled_from([8080, 8080, 8080, 9090]),
        "discipline": st.sampled_from(["fifo", "processor_sharing"]),
        "speed": st.sampled_from([1, 0.3]),
        "resources": st.sampled_from(
            [
                "{}",
                "{}",
                "{limits: {cpu: 30m}}",
                "{limits: {cpu: 800m, memory: 100Mi}}",
                "{requests: {cpu: 1}}",
                "{limits: {memory: 100Mi}}",
            ]
        ),
        "memory": st.sampled_from(
            [
                {},
                {},
                {"memory": {"perRequest": "40Mi"}},
                {"memory": {"base": "90Mi", "perRequest": "1Mi"}},
            ]
        ),
        "latency": st.sampled_from(["0ns", "250us", "{exponential: {mean: 1ms}}"]),
        "external": st.sampled_from(["Cluster", "Local"]),
        "internal": st.sampled_from(["Cluster", "Local"]),
        "selected": st.sampled_from(["web", "web", "web", "nobody"]),
        "sliced": st.sampled_from(["web", "other"]),
        "entries": st.sampled_from([1, 5, 10_000]),
        "affinity": st.sampled_from(["None", "ClientIP"]),
        "mode": st.sampled_from(list(MODES)),
        "scheduler": st.sampled_from(list(SCHEDULERS)),
        "algorithm": st.sampled_from(["random", "maglev"]),
        "ports": st.sampled_from(["32768 60999", "40000 40004"]),
        "reuse": st.integers(0, 2),
        "linear": st.sampled_from([0, 4]),
    }
)

SPEC = """
seed: {seed}
{end}
dns: {{example.com: [192.168.1.1]}}
nodePools: [{{name: node, nodes: 2, cpu: 1}}]
loadBalancers:
  - name: edge
    address: 192.168.1.1
    listeners: [{{service: default/web}}, {{service: default/web, port: 443}}]
    strategy: {strategy}
    target: {target}
    connectTimeout: 20s
    {balancing}
    {protection}
kernel:
  snatEvictsClosing: true
  sysctls:
    net.ipv4.ip_local_port_range: "{ports}"
    net.ipv4.tcp_tw_reuse: {reuse}
    net.ipv4.tcp_syn_linear_timeouts: {linear}
network: {{internal: {latency}, external: {latency}, local: {latency}}}
behaviours:
  - selector: {{app: web}}
    workers: {workers}
    backlog: {backlog}
    discipline: {discipline}
    appPort: {app_port}
    {shedding}
    {memory}
    serviceTime: {{exponential: {{mean: 10ms}}}}
speeds: {{nodes: {{node-1: {speed}}}}}
clients: {clients}
"""


def scenario(described, made, end):
    """The scenario that hypothesis made, with this end."""
    if set(PROBING) & json.loads(made["strategy"]).keys():
        made = made | {"target": "pod"}
    protection, shedding = made["protection"], made["shedding"]
    if made["balancing"].get("mode") == "tcp":
        protection = {name: it for name, it in protection.items() if name == "outlierDetection"}
    if made["discipline"] != "fifo":
        shedding = {}
    fields = made | {"end": end, "clients": json.dumps(made["clients"])}
    fields |= {
        "balancing": _lines(made["balancing"]),
        "protection": _lines(protection),
        "shedding": _lines(shedding),
        "memory": _lines(made["memory"]),
    }
    return described(SPEC.format(**fields), BACKEND.format(**fields))


def _lines(fields):
    """So many fields of a mapping, in YAML."""
    return "\n    ".join(f"{name}: {json.dumps(it)}" for name, it in fields.items())


def settled(run):
    """Every attempt has one row with an outcome, and its moments are in order and in the run; one
    attempt of a request is answered at most, and the others are cancelled no later than that."""
    rows, end = run.rows, run.ending.end_ns
    assert len(rows) == run.ending.sent == run.state.sent
    assert len(np.unique(rows[["request", "attempt"]])) == len(rows)
    first = np.flatnonzero(rows["attempt"] == 0)
    assert len(first) == run.state.begun == len(np.unique(rows["request"]))
    for attempts in np.split(rows, first)[1:]:
        assert attempts["attempt"].tolist() == list(range(len(attempts)))
        assert len(set(attempts["intended_ns"])) == len(set(attempts["client"])) == 1
        answered = attempts["done_ns"][attempts["outcome"] == Outcome.OK]
        cancelled = attempts["done_ns"][attempts["outcome"] == Outcome.CANCELLED]
        assert len(answered) <= 1
        assert not len(cancelled) or set(cancelled) == set(answered)
    in_flight = rows["outcome"] == Outcome.IN_FLIGHT
    assert ((rows["done_ns"] == ABSENT) == in_flight).all()
    assert (rows["done_ns"][~in_flight] >= rows["intended_ns"][~in_flight]).all()
    ways = [
        ["intended_ns", "sent_ns", "lb_ns", "node_ns", "pod_ns", "service_start_ns",
         "service_end_ns", "lb_response_ns"],
    ]  # fmt: skip
    ways += [["intended_ns", "done_ns"]]
    for row in rows:
        for way in ways:
            moments = [int(row[name]) for name in way if row[name] != ABSENT]
            assert moments == sorted(moments)
        limit = end if row["outcome"] == Outcome.IN_FLIGHT else end + 1
        assert max(int(row[name]) for name in ways[0] + ways[1]) < limit


@settings(
    deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(made=SCENARIOS, milliseconds=st.integers(1, 400))
def test_sent_is_finished_and_in_flight(described, play, made, milliseconds):
    """Cut off anywhere, every attempt sent has exactly one row, finished or in flight."""
    run = play(scenario(described, made, f"duration: {milliseconds}ms"))
    settled(run)
    assert run.ending.end_ns == milliseconds * 1_000_000


def _at_rest(ports, route):
    """The ports of a route in its queue."""
    places, number = [], route["first"]
    while number:
        places.append(ports.resting[number]["place"])
        number = ports.resting[number]["next"]
    return places


def _open(run):
    """The connections that are still open."""
    return {id(it): it for it in run.emulation.kept.values() if not it.is_over}.values()


def _joined(run, number):
    """How many connections of this listener are joined to open ones of clients, by backend."""
    counts = [0] * len(run.state.listeners[number].backends)
    listener = run.emulation.listeners[number]
    for connection in _open(run):
        if connection.upstream is not None and connection.upstream.listener is listener:
            counts[connection.upstream.backend] += 1
    return counts


@settings(
    deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(made=SCENARIOS, requests=st.integers(1, 60))
def test_nothing_is_left_over_when_all_are_over(described, play, made, requests):
    """After the last request no worker is busy, nobody waits, no stream is taken but by connections
    that are joined, and what is in flight, tracked or has a port is one that is kept open."""
    run = play(scenario(described, made, f"requests: {requests}"))
    settled(run)
    left_over(run, requests)


def left_over(run, requests):
    """Fail unless all that is taken when so many requests are over belongs to what is kept open."""
    state = run.state
    assert (state.begun, state.sent, state.pending) == (requests, state.finished, 0)
    assert not state.budgets[:, -2:].any(), "attempts and retries under way"
    assert "in_flight" not in run.outcomes
    ejected = [(its.monitors["until_ns"] != 0).sum() for its in state.listeners]
    assert state.detectors["ejected"].tolist() == ejected
    assert not state.pods["busy"].any() and not state.pods["queued"].any()
    assert all(pod.idle() for pod in run.emulation.pods.values())
    joined = [it for it in _open(run) if it.upstream is not None]
    assert state.pools.connections["streams"].sum() == len(joined)
    for number, listener in enumerate(state.listeners):
        assert listener.backends["in_flight"].tolist() == _joined(run, number)
    conntrack.count(*state.conntrack, FOREVER)
    ends = list(_open(run)) + [it.upstream.connection for it in _open(run) if it.upstream]
    tracked = [it.via for it in ends if it.entry]
    nodes = range(len(state.conntrack.live))
    assert state.conntrack.live.tolist() == [tracked.count(node) for node in nodes]
    assert np.count_nonzero(state.conntrack.keys) == len(tracked)
    for number, route in enumerate(state.ports.routes):
        held = [it.port.place for it in ends if it.port.route == number]
        assert sorted(_at_rest(state.ports, route) + held) == list(range(route["had"]))
    if run.model.loads >= 0 and not tracked:
        for rule in run.model.rules[run.model.rules["server"] >= 0]:
            first = rule["server"] + run.model.loads
            assert not state.conntrack.servers[first : first + 2 * rule["count"]].any()


@pytest.mark.parametrize("seed", range(3))
def test_the_made_scenarios_meet_every_outcome(described, play, seed):
    """The choices above lead to these outcomes, so the properties are tested on all of them."""
    base = {
        "seed": seed, "strategy": '{"random": {}}', "target": "node", "balancing": {},
        "protection": {}, "shedding": {}, "memory": {},
        "workers": 1, "backlog": 2, "app_port": 8080,
        "latency": "250us", "external": "Cluster", "internal": "Cluster", "selected": "web",
        "sliced": "other", "entries": 10_000, "affinity": "None", "mode": "iptables",
        "scheduler": "rr", "algorithm": "random", "ports": "32768 60999", "reuse": 2, "linear": 0,
        "discipline": "fifo", "speed": 1, "resources": "{}",
    }  # fmt: skip
    outside = {"name": "a", "url": OUTSIDE[0], "arrivals": {"poisson": {"rate": "500/s"}}}
    met = set()
    for change in (
        {},
        {"app_port": 9090},
        {"ports": "40000 40004"},
        {"entries": 1},
        {"sliced": "web"},
        {"selected": "nobody", "external": "Local"},
        {"selected": "nobody", "target": "pod"},
        {"sliced": "web", "target": "pod"},
        {"clients": [outside | {"timeout": "30ms"}]},
        {"clients": [outside | {"hedge": {"after": "1ms"}}]},
        {"shedding": {"queueTimeout": "1ms"}},
        {"external": "Local", "sliced": "web", "clients": [outside | {"url": OUTSIDE[2]}]},
    ):  # fmt: skip
        run = play(scenario(described, base | {"clients": [outside]} | change, "requests: 60"))
        met |= set(run.outcomes)
    assert met == {
        "ok", "refused", "backlog_full", "bad_gateway", "conntrack_full", "connect_timeout",
        "request_timeout", "dropped_no_local_endpoint", "ports_exhausted", "cancelled", "shed",
    }  # fmt: skip
