"""Pods that come, crash and go while requests are under way, with both engines."""

from emu.recorder.rows import Outcome

S = 1_000_000_000

SPEC = """
duration: 60s
nodePools: [{name: node, nodes: 2}]
behaviours: [{workers: 2, serviceTime: {exponential: {mean: 100ms}}}]
clients:
  - {name: c, node: node-1, url: "http://10.96.0.9/", timeout: 5s,
     arrivals: {poisson: {rate: 40/s}}}
"""
OBJECTS = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: 10.96.0.9, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          ports: [{containerPort: 8080}]
          resources: {requests: {cpu: "2"}}
          readinessProbe: {tcpSocket: {port: 8080}, periodSeconds: 2}
          lifecycle: {preStop: {sleep: {seconds: 3}}}
"""
HPA = """
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {kind: Deployment, name: web}
  maxReplicas: 20
  metrics: [{type: Resource, resource: {name: cpu, target: {averageUtilization: 25}}}]
"""


def kinds(played):
    """The kinds of what happened, each with how often."""
    counts = {}
    for _, kind, *_ in played.events:
        counts[kind] = counts.get(kind, 0) + 1
    return counts


def test_a_crash_resets_what_is_there(described, play):
    """Requests that were in service end with RST at that moment; while it waits to be started
    again others are refused, and afterwards it serves."""
    crashes = [{"at": f"{at}s", "do": "podCrash", "pod": "web-1"} for at in (10, 15)]
    played = play(described(SPEC, OBJECTS, timeline=crashes))
    rows = played.rows
    reset = rows[rows["outcome"] == Outcome.RESET]
    assert set(reset["pod"]) == {1}
    assert len(reset)
    assert kinds(played)["container_restarted"] == 2
    served = rows[(rows["pod"] == 1) & (rows["outcome"] == Outcome.OK)]["service_start_ns"]
    assert not ((served > 15 * S) & (served < 26 * S)).any()
    assert (served > 27 * S).any()


def test_a_rollout_answers_what_it_has(described, play):
    """With drain, and a preStop hook that outlasts what is known late, nothing is lost, and every
    Pod is replaced."""
    played = play(described(SPEC, OBJECTS, timeline=[{"at": "10s", "do": "rollout",
                                                      "deployment": "web"}]))  # fmt: skip
    assert set(played.outcomes) <= {"ok", "in_flight"}
    assert kinds(played)["pod_deleted"] == kinds(played)["pod_created"] == 4
    assert [name for name, _, _ in played.pods] == [f"default/web-{n}" for n in (4, 5, 6, 7)]


def test_a_rollout_without_pre_stop_loses_connections(described, play):
    """Those that nodes still send to a process that listens no longer, or to an address that is
    gone; nothing that had come is cut off."""
    hasty = OBJECTS.replace("{seconds: 3}", "{seconds: 0}")
    changes = {"timeline": [{"at": "10s", "do": "rollout", "deployment": "web"}]}
    changes["clients[0].arrivals.poisson.rate"] = "200/s"
    changes["behaviours[0].serviceTime"] = "10ms"
    outcomes = play(described(SPEC, hasty, **changes)).outcomes
    assert outcomes["refused"] + outcomes["connect_timeout"] > 0
    assert outcomes["reset"] == 0


def test_a_load_that_grows_the_deployment(described, play):
    """40 requests/s of 100 ms are four busy workers: half of what four Pods request, twice the
    target; so there are eight after the first look, and none are taken away."""
    played = play(described(SPEC, OBJECTS + HPA))
    scaled = [event for event in played.events if event[1] == "deployment_scaled"]
    first = int(scaled[0][4].split()[-1])
    assert 7 <= first <= 10
    assert 15 * S < scaled[0][0] <= 30 * S


def test_a_node_that_is_down_and_back(described, play):
    """Requests to its Pods are not answered meanwhile, and are when it is back."""
    down = [{"at": "10s", "do": "nodeDown", "node": "node-2", "for": "10s"}]
    played = play(described(SPEC, OBJECTS, timeline=down))
    served = played.rows[(played.rows["pod"] % 2 == 1) & (played.rows["pod"] < 4)]
    began = served["service_start_ns"]
    assert not ((began > 10 * S) & (began < 21 * S)).any()
    assert (began > 23 * S).any()
    assert played.outcomes["request_timeout"] + played.outcomes["connect_timeout"] > 0
