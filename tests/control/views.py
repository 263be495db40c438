"""Clusters without requests, whose control loops run by themselves."""

import pytest

from emu.control.cluster import LiveCluster
from emu.control.speeds import Speeds
from emu.engines.clock import Clock
from emu.model.build import build
from emu.model.state import State

S = 1_000_000_000

SPEC = """
duration: 100s
nodePools: [{name: node, nodes: 3}]
timeline: [{at: 99s, do: linkDelay, between: [node-1, fabric], add: 1ms}]
clients: [{name: c, node: node-1, url: "http://10.96.0.1/", arrivals: {constant: {rate: 1/s}}}]
"""
OBJECTS = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: 10.96.0.1, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
""" + "".join(
    f"""---
apiVersion: v1
kind: Pod
metadata: {{name: web-{number}, labels: {{app: web}}}}
spec: {{nodeName: node-{number}, containers: [{{name: web}}]}}
status: {{podIP: 10.244.{number}.2}}
"""
    for number in (1, 2, 3)
)


class Story:
    """A cluster without requests: its clock, and the log of what happens to it."""

    def __init__(self, scenario):
        model = build(scenario)
        self.env, self.state, self.log, self.samples = Clock(), State(model), [], []
        self.model = model
        self.cluster = LiveCluster(
            self.env, model, model.live, self.state, self, self, Speeds(self.state)
        )

    def refresh(self, *_):
        pass

    reset = silence = drain = add_pod = watch_memory = refresh

    def write_event(self, at_ns, kind, object_, cause=None, detail=None):
        self.log.append((at_ns, kind, object_, cause, detail))

    def add_endpoint(self, *_):
        pass

    def at(self, seconds, do, *arguments):
        """Do something at a time."""

        def wait():
            yield self.env.timeout(int(seconds * S))
            do(*arguments)

        self.env.process(wait())

    def unready(self, number, ready=False):
        """The API server hears that a Pod is not ready."""
        pod = self.cluster.api.pods[f"default/web-{number}"]

        def change():
            pod.ready = ready
            self.cluster.api.pod_changed(pod)

        self.cluster.api.write(change)

    def run(self, seconds):
        """Let time pass; what happened, without what the scenario's timeline does."""
        self.env.run(until=int(seconds * S))
        return [(at / S, *event) for at, *event in self.log]

    def synced(self, seconds):
        """When the nodes' rules were others, by name."""
        events = self.run(seconds)
        return [(at, name) for at, kind, name, *_ in events if kind == "rules_synced"]


@pytest.fixture
def story(described):
    """Makes the story of a scenario with changes."""

    def made(spec=SPEC, objects=OBJECTS, more="", **changes):
        return Story(described(spec, objects + more, **changes))

    return made


BALANCED = """
duration: 1000s
nodePools: [{{name: node, nodes: {nodes}}}]
timeline: [{{at: 999s, do: linkDelay, between: [node-1, fabric], add: 1ms}}]
propagation: {{sync: 0s, watch: 0s}}
nodeLifecycle: {{grace: 1h}}
loadBalancers:
  - name: edge
    address: 192.168.1.1
    target: {target}
    listeners: [{{service: default/web}}]
clients: [{{name: c, url: "http://192.168.1.1/", arrivals: {{constant: {{rate: 1/s}}}}}}]
"""
PODS = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
""" + "".join(
    f"""---
apiVersion: v1
kind: Pod
metadata: {{name: web-{number}, labels: {{app: web}}}}
spec: {{nodeName: node-{number}, containers: [{{name: web}}]}}
status: {{podIP: 10.244.{number}.2}}
"""
    for number in (1, 2)
)


DEPLOYED = (
    PODS.split("---")[0]
    + """---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, ports: [{containerPort: 8080}]}]}
"""
)


@pytest.fixture
def checked(story):
    """A story with a load balancer before two nodes, or two Pods, which a Deployment may have
    made."""

    def made(target="node", nodes=2, deployed=False, **changes):
        prefixed = {f"loadBalancers[0].{field}": value for field, value in changes.items()}
        local = prefixed.pop("loadBalancers[0].local", False)
        objects = DEPLOYED if deployed else PODS
        if local:
            objects = PODS.replace("selector", "externalTrafficPolicy: Local, selector")
        return story(BALANCED.format(target=target, nodes=nodes), objects, **prefixed)

    return made
