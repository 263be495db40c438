"""Clusters that live without requests: control loops over a model, and what they write down."""

from textwrap import indent

import pytest

from emu.control.cluster import LiveCluster
from emu.control.speeds import Speeds
from emu.engines.clock import Clock
from emu.model.build import build
from emu.model.state import State
from emu.scenario import load
from tests.control.views import checked, story

__all__ = ["checked", "story"]

S = 1_000_000_000


class Told:
    """A `Traffic` that takes notes, and a `Log` in a list."""

    def __init__(self, env):
        self.env = env
        self.asked, self.events, self.pods = [], [], []

    def reset(self, pod):
        self.asked.append((self.env.now / S, "reset", pod))

    def silence(self, pod):
        self.asked.append((self.env.now / S, "silence", pod))

    def drain(self, pod):
        self.asked.append((self.env.now / S, "drain", pod))

    def refresh(self):
        pass

    def watch_memory(self, tell):
        pass

    def write_metrics(self, *sample):
        pass

    def write_event(self, at_ns, kind, object_, cause=None, detail=None):
        self.events.append((at_ns / S, kind, object_, cause, detail))

    def add_pod(self, *pod):
        self.pods.append(pod)

    def add_endpoint(self, *endpoint):
        pass


class Life:
    """A cluster that lives from 0 on; ``at`` does something to it at a time."""

    def __init__(self, scenario):
        self.env = Clock()
        self.model = build(scenario)
        self.state, self.told = State(self.model), Told(self.env)
        self.world = LiveCluster(
            self.env, self.model, self.model.live, self.state, self.told, self.told,
            Speeds(self.state),
        )  # fmt: skip
        self.api = self.world.api
        for process in self.world.processes():
            self.env.process(process)

    def at(self, seconds, do):
        self.env.timeout(int(seconds * S)).callbacks.append(lambda _: do())

    def run(self, until):
        self.env.run(until=int(until * S))
        return self

    def story(self, *kinds):
        """The events of these kinds (where none is said, all but of rules), as (second, kind,
        object)."""
        return [
            (at, kind, object_.removeprefix("default/"))
            for at, kind, object_, _, _ in self.told.events
            if kind in kinds or not (kinds or kind == "rules_synced")
        ]

    def ready(self):
        """The names of the Pods that are ready."""
        return [pod.name.removeprefix("default/") for pod in self.api.pods.values() if pod.ready]


DEPLOYED_SPEC = """
duration: 1h
nodePools: [{name: node, nodes: 2}]
timeline: [{at: 59m, do: scale, deployment: web, replicas: 0}]
behaviours: [{selector: {app: web}, workers: 2, serviceTime: 20ms}]
clients:
  - {name: c, node: node-1, url: "http://web/", arrivals: {constant: {rate: 1/s}}}
"""
DEPLOYED = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, ports: [{containerPort: 8080}]}]}
"""
CONTAINER = "Deployment/web.spec.template.spec.containers[0]"
DEPLOYMENT = "Deployment/web.spec"


@pytest.fixture
def lived(tmp_path):
    """Makes the life of a cluster of two nodes and a Deployment ``web`` of four Pods, with further
    objects and with changes: to its container, Deployment, Pods' spec, or the Scenario's."""

    def life(objects="", container=None, deployment=None, pod=None, **scenario):
        file = tmp_path / "scenario.yaml"
        head = "apiVersion: emu/v1\nkind: Scenario\nmetadata: {name: test}\nspec:\n"
        file.write_text(head + indent(DEPLOYED_SPEC, "  ") + "---\n" + DEPLOYED + objects)
        changes = {f"{CONTAINER}.{path}": value for path, value in (container or {}).items()}
        changes |= {f"{DEPLOYMENT}.{path}": value for path, value in (deployment or {}).items()}
        changes |= {
            f"{DEPLOYMENT}.template.spec.{path}": value for path, value in (pod or {}).items()
        }
        changes |= {f"spec.{path}": value for path, value in scenario.items()}
        return Life(load(file, changes))

    return life
