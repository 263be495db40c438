"""The Deployment controller, and its ReplicaSets': each Deployment has the Pods that it is to have.

There is no object between a Deployment and its Pods: those of one revision of its template are what
would be a ReplicaSet. Source: Kubernetes, pkg/controller/deployment/rolling.go and recreate.go.
Left out: proportional scaling while a rollout goes on (the new revision grows), pausing,
``progressDeadlineSeconds``, rolling back.
"""

from emu.control.api_server import DeploymentObject, PodObject
from emu.control.objects import delete, pods_of
from emu.control.replica_ranks import first_to_go
from emu.control.run import Run
from emu.control.work_queue import WorkQueue
from emu.scenario.placement import pod_of
from emu.units import SECOND


class Deployments:
    """All of them."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._numbers: dict[str, int] = {}
        self._rolling: dict[str, bool] = {}
        self._queue = WorkQueue(run.env, run.api, self._sync)
        run.api.watch_pods(self._pod_changed)
        run.api.watch_deployments(lambda its: self._queue.add(its.name))

    def roll_out(self, name: str) -> None:
        """From now on a Deployment's Pods are to be of a new revision."""
        self._run.api.write(lambda: self._revise(self._run.api.deployments[name]))

    def scale(self, name: str, replicas: int, cause: str) -> None:
        """From now on it is to have so many."""
        self._run.api.write(lambda: self._resize(self._run.api.deployments[name], replicas, cause))

    def _revise(self, its: DeploymentObject) -> None:
        its.revision += 1
        self._rolling[its.name] = True
        self._run.api.deployment_changed(its)

    def _resize(self, its: DeploymentObject, replicas: int, cause: str) -> None:
        if its.replicas == replicas:
            return
        self._run.tell("deployment_scaled", its.name, cause, f"{its.replicas} to {replicas}")
        its.replicas = replicas
        self._run.api.deployment_changed(its)

    def _pod_changed(self, pod: PodObject) -> None:
        if pod.owner is None:
            return
        self._queue.add(pod.owner)
        wait = self._run.api.deployments[pod.owner].spec.spec.min_ready_seconds * SECOND
        if wait and pod.ready and pod.ready_since_ns == self._run.now:
            self._queue.add_after(pod.owner, wait)

    def _sync(self, name: str) -> None:
        its = self._run.api.deployments[name]
        every = list(pods_of(self._run, name))
        pods = [pod for pod in every if not pod.terminating]
        new = [pod for pod in pods if pod.revision == its.revision]
        old = [pod for pod in pods if pod.revision != its.revision]
        if its.spec.spec.strategy.type == "RollingUpdate":
            self._roll(its, new, old)
        elif old:
            self._delete(old, len(old), "rollout")
        elif not any(pod.revision != its.revision for pod in every):
            self._fill(its, new, its.replicas)
        self._finish(its)

    def _finish(self, its: DeploymentObject) -> None:
        """Say so when a rollout is over."""
        if not self._rolling.get(its.name):
            return
        pods = [pod for pod in pods_of(self._run, its.name) if not pod.terminating]
        done = all(pod.revision == its.revision for pod in pods)
        if done and self._available(its, pods) == len(pods) == its.replicas:
            self._rolling[its.name] = False
            self._run.tell("rollout_finished", its.name, None, f"revision {its.revision}")

    def _roll(self, its: DeploymentObject, new: list[PodObject], old: list[PodObject]) -> None:
        """More of the new revision as far as maxSurge goes, fewer old ones as far as maxUnavailable
        does; of the old ones first those that are not available."""
        surge, unavailable = its.spec.spec.strategy.bounds(its.replicas)
        room = max(its.replicas + surge - len(new) - len(old), 0)
        grown = min(its.replicas, len(new) + room) if old else its.replicas
        self._fill(its, new, grown)
        if not old:
            return
        least = its.replicas - unavailable
        spare = self._available(its, new) + len(old) - least
        self._delete(old, max(spare, 0), "rollout")

    def _fill(self, its: DeploymentObject, pods: list[PodObject], wanted: int) -> None:
        """Make or end Pods of the revision until there are as many as wanted."""
        for _ in range(wanted - len(pods)):
            self._make(its)
        if len(pods) > its.replicas:
            self._delete(pods, len(pods) - its.replicas, "scale")

    def _make(self, its: DeploymentObject) -> None:
        spec, api = its.spec, self._run.api
        number = self._numbers.get(its.name, 0)
        while f"{its.name}-{number}" in api.pods:
            number += 1
        self._numbers[its.name] = number + 1
        name = f"{its.name}-{number}"
        pod = PodObject(
            name, pod_of(spec, f"{spec.name}-{number}", ""), its.name, its.revision,
            created_ns=self._run.now,
        )  # fmt: skip
        api.pods[name] = pod
        self._run.tell("pod_created", name, its.name, f"revision {its.revision}")
        api.pod_changed(pod)

    def _delete(self, pods: list[PodObject], count: int, cause: str) -> None:
        for pod in first_to_go(pods, self._run.now)[:count]:
            delete(self._run, pod, cause)

    def _available(self, its: DeploymentObject, pods: list[PodObject]) -> int:
        """How many have been ready for minReadySeconds."""
        wait = its.spec.spec.min_ready_seconds * SECOND
        return sum(pod.ready and pod.ready_since_ns + wait <= self._run.now for pod in pods)
