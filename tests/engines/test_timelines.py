"""Whatever is done to a cluster while a run goes on, nothing is lost and nothing is left over."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engines.keeping import kept
from tests.engines.test_conservation import left_over, settled

SPEC = """
seed: {seed}
{end}
record: {{interval: {interval}}}
nodePools: [{{name: node, nodes: 3, zones: [a, b]}}]
propagation: {{watch: 20ms, syncBase: 10ms, registration: 30ms}}
nodeLifecycle: {{heartbeat: 100ms, grace: 300ms, monitor: 50ms, toleration: 500ms}}
loadBalancers:
  - name: edge
    address: 192.168.1.1
    listeners: [{{service: default/web}}]
    target: {target}
    strategy: {strategy}
    connectTimeout: 3s
    responseTimeout: 2s
    healthCheck: {{interval: 100ms, timeout: 50ms, healthy: 1, unhealthy: 2}}
    {balancing}
behaviours:
  - workers: 1
    backlog: 3
    discipline: {discipline}
    creation: 50ms
    startup: {{exponential: {{mean: 50ms}}}}
    serviceTime: {{exponential: {{mean: 10ms}}}}
    onSigterm: {on_sigterm}
timeline: {timeline}
faults: {faults}
clients: {clients}
"""

OBJECTS = """
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec:
  type: NodePort
  clusterIP: 10.96.0.1
  selector: {{app: web}}
  externalTrafficPolicy: {policy}
  ports: [{{port: 80, targetPort: 8080, nodePort: 30080}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: web}}}}
  strategy: {{rollingUpdate: {{maxSurge: 1, maxUnavailable: {unavailable}}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{{name: web, ports: [{{containerPort: 8080}}]}}]
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: {mode}
iptables: {{minSyncPeriod: 50ms}}
"""

NODES, PODS = ["node-1", "node-2", "node-3"], [f"default/web-{n}" for n in range(3)]
LINKS = [[node, "fabric"] for node in NODES] + [["edge", "fabric"], ["out", "fabric"]]


def about(**fields):
    """Actions with these fields drawn."""
    return st.fixed_dictionaries(fields)


LASTING = {
    "nodeDown": about(node=st.sampled_from(NODES)),
    "nodePartition": about(node=st.sampled_from(NODES)),
    "podSlow": about(pod=st.sampled_from(PODS), speed=st.sampled_from([0.1, 3])),
    "linkDelay": about(between=st.sampled_from(LINKS), add=st.just("7ms")),
    "linkLoss": about(between=st.sampled_from(LINKS), share=st.just("30%")),
    "linkDown": about(between=st.sampled_from(LINKS)),
    "loadBalancerDown": about(loadBalancer=st.just("edge")),
    "dnsFailure": about(),
    "apiServerDown": about(),
    "drainNode": about(node=st.sampled_from(NODES)),
    "surge": about(client=st.just("out"), factor=st.sampled_from([0.5, 4])),
}
MOMENTARY = {
    "podCrash": about(pod=st.sampled_from(PODS)),
    "rollout": about(deployment=st.just("default/web")),
    "scale": about(deployment=st.just("web"), replicas=st.integers(0, 5)),
    "changeStrategy": about(
        loadBalancer=st.just("edge"), strategy=st.sampled_from(["random", "maglev", "peak_ewma"])
    ),
}


@st.composite
def actions(draw):
    """One action, which does not last for longer than 600 ms."""
    name = draw(st.sampled_from([*LASTING, *MOMENTARY]))
    its = draw((LASTING | MOMENTARY)[name])
    its |= {"at": f"{draw(st.integers(0, 900))}ms", "do": name}
    if name in LASTING:
        its["for"] = f"{draw(st.integers(1, 600))}ms"
    return its


@st.composite
def timelines(draw):
    """Some actions, of which no two do the same at once."""
    found = draw(st.lists(actions(), min_size=1, max_size=5))
    return list({_of_what(it): it for it in found}.values())


def _of_what(action):
    """What of it may be done once at a time."""
    name = "node" if action["do"] in ("nodeDown", "nodePartition") else action["do"]
    return name, action.get("node"), str(action.get("between"))


FAULTS = [
    {"do": "podCrash", "pod": "default/web-0", "mtbf": "1s"},
    {"do": "nodePartition", "node": "node-2", "mtbf": "1s", "mttr": "100ms"},
]
ADDRESSES = ["http://example.com/", "http://192.168.1.1/", "http://192.168.1.100:30080/"]


@st.composite
def clients(draw):
    """One outside, and one on a node."""
    ways = kept([None, "50ms"], [None, "100ms"])
    out = {"name": "out", "url": draw(st.sampled_from(ADDRESSES)), **draw(ways)}
    inside = {"name": "in", "node": "node-1", "url": "http://web/", **draw(ways)}
    out["arrivals"] = {"poisson": {"rate": "150/s"}}
    inside["arrivals"] = {"poisson": {"rate": "40/s"}}
    for client in (out, inside):
        if draw(st.booleans()):
            client["timeout"] = "300ms"
        if draw(st.booleans()):
            client["retries"] = {"attempts": 2, "timeout": "100ms"}
    return [out, inside]


SCENARIOS = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 9),
        "target": st.sampled_from(["node", "pod"]),
        "strategy": st.sampled_from(["round_robin", "least_request", "ring_hash"]),
        "balancing": st.sampled_from(["mode: http", "mode: tcp", "connections: {}"]),
        "discipline": st.sampled_from(["fifo", "fifo", "processor_sharing"]),
        "on_sigterm": st.sampled_from(["drain", "exit", "ignore"]),
        "policy": st.sampled_from(["Cluster", "Local"]),
        "replicas": st.integers(3, 4),
        "unavailable": st.integers(0, 1),
        "mode": st.sampled_from(["iptables", "nftables", "ipvs", "ebpf"]),
        "timeline": timelines(),
        "faults": st.sampled_from([[], [], FAULTS[:1], FAULTS[1:]]),
        "clients": clients(),
    }
)


def scenario(described, made, end, interval):
    """The scenario that Hypothesis made."""
    fields = made | {"end": f"{end}\ndns: {{example.com: [192.168.1.1]}}", "interval": interval}
    for name in ("timeline", "faults", "clients"):
        fields[name] = json.dumps(fields[name])
    return described(SPEC.format(**fields), OBJECTS.format(**fields))


ANY = settings(
    deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@ANY
@given(made=SCENARIOS, milliseconds=st.integers(901, 1500))
def test_sent_is_finished_and_in_flight_on_any_timeline(described, play, made, milliseconds):
    """Cut off anywhere, every attempt has one row, in one state; both engines agree on all."""
    settled(play(scenario(described, made, f"duration: {milliseconds}ms", "100ms")))


@ANY
@given(made=SCENARIOS, requests=st.integers(50, 250))
def test_nothing_is_left_over_on_any_timeline(described, play, made, requests):
    """When the last request is over, no worker, port or place is taken but by what is open."""
    run = play(scenario(described, made | {"faults": []}, f"requests: {requests}", "1h"))
    settled(run)
    left_over(run, requests)
