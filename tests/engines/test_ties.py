"""Both engines order events of one instant alike."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emu.hops.balancer import PROBING, STRATEGIES
from emu.hops.kubeproxy import MODES
from emu.hops.kubeproxy.scheduling import SCHEDULERS
from tests.engines.keeping import balancing, kept

TIMES = st.sampled_from(["0ns", "1ns", "2ns", "5ns"])

SPEC = """
seed: {seed}
requests: {requests}
dns: {{example.com: [192.168.1.1, 192.168.1.2]}}
nodePools: [{{name: node, nodes: 2, cpu: 2}}]
resolver: {{latency: {resolver}, ttl: {ttl}}}
record: {{interval: 20ns}}
loadBalancers: {balancers}
network: {{internal: {internal}, external: {external}, local: {local}}}
kernel: {{sysctls: {{net.ipv4.ip_local_port_range: {ports}}}}}
behaviours:
  - workers: {workers}
    backlog: {backlog}
    serviceTime: {service}
    discipline: {discipline}
clients: {clients}
"""

OBJECTS = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  sessionAffinity: AFFINITY
  selector: {app: web}
  ports: [{port: 8080, nodePort: 30001}]
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: MODE
ipvs: {scheduler: SCHEDULER}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, ports: [{containerPort: 8080}], resources: RESOURCES}]}
"""

CHOSEN = st.sampled_from([{name: getattr(STRATEGIES[name], "EXAMPLE", {})} for name in STRATEGIES])
RATES = st.sampled_from(["100000000/s", "50000000/s", "33333333/s"])


URLS = [
    "http://example.com/",
    "http://192.168.1.100:30001/",
    "https://example.com:80/",
    "https://192.168.1.100:30001/",
    "http://192.168.1.100:81/",
]
SHORT = ["1ns", "2ns", "10ns", "50ns"]


@st.composite
def balancers(draw):
    """Two load balancers with the same backends."""
    return [
        {
            "name": f"balancer-{number}",
            "address": f"192.168.1.{number}",
            "listeners": [{"service": "default/web"}],
            "strategy": strategy,
            "target": "pod" if set(PROBING) & strategy.keys() else "node",
            **draw(balancing(SHORT, SHORT)),
        }
        for number, strategy in enumerate([draw(CHOSEN), draw(CHOSEN)], start=1)
    ]


@st.composite
def clients(draw):
    """Clients that all send at multiples of ten nanoseconds, or thereabouts."""
    return [
        {
            "name": f"client-{number}",
            "url": draw(st.sampled_from(URLS)),
            "arrivals": {draw(st.sampled_from(["constant", "poisson"])): {"rate": draw(RATES)}},
            **draw(kept(SHORT, SHORT)),
            **draw(st.sampled_from([{}, {}, {"timeout": "5ns"}, {"timeout": "50ns"}])),
        }
        for number in range(draw(st.integers(1, 3)))
    ]


@settings(
    deadline=None, max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    made=st.fixed_dictionaries(
        {
            "seed": st.integers(0, 2**63 - 1),
            "requests": st.integers(1, 60),
            "clients": clients(),
            "balancers": balancers(),
            "workers": st.integers(1, 2),
            "backlog": st.sampled_from([0, 1, 50]),
            "discipline": st.sampled_from(["fifo", "processor_sharing"]),
            "ports": st.sampled_from(["32768 60999", "40000 40004"]),
            **dict.fromkeys(["resolver", "ttl", "internal", "external", "local", "service"], TIMES),
        }
    ),
    affinity=st.sampled_from(["None", "ClientIP"]),
    mode=st.sampled_from(list(MODES)),
    scheduler=st.sampled_from(list(SCHEDULERS)),
    resources=st.sampled_from(["{}", "{limits: {cpu: 500m}}", "{requests: {cpu: 1}}"]),
)
def test_engines_agree_when_everything_happens_at_once(
    described, play, made, affinity, mode, scheduler, resources
):
    """With delays of 0, 1, 2 and 5 ns, where ties abound, the engines give the same rows."""
    spec = SPEC.format(**{name: json.dumps(value) for name, value in made.items()})
    objects = OBJECTS.replace("AFFINITY", affinity).replace("MODE", mode)
    objects = objects.replace("SCHEDULER", scheduler).replace("RESOURCES", resources)
    run = play(described(spec, objects))
    assert run.ending.sent == made["requests"]
