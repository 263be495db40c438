"""The objects of the API server: those of the description, and how a Pod is deleted."""

from collections.abc import Iterator

from emu.control.api_server import (
    PENDING,
    ApiServer,
    DeploymentObject,
    NodeObject,
    PodObject,
)
from emu.control.run import Run
from emu.scenario import Cluster
from emu.scenario.kubernetes import Deployment, Pod
from emu.scenario.placement import owns


def register(api: ApiServer, cluster: Cluster) -> None:
    """Put a cluster's nodes, Deployments and Pods there, as they are described."""
    for number, node in enumerate(cluster.nodes):
        joined = node.provisioning is None
        api.nodes[node.name] = NodeObject(
            node.name, number, node, joined, not node.spec.unschedulable, joined
        )
    for deployment in cluster.deployments:
        replicas = deployment.spec.replicas
        api.deployments[deployment.key] = DeploymentObject(deployment.key, deployment, replicas)
    for number, pod in enumerate(cluster.pods):
        owner = _owner(cluster.deployments, pod)
        api.pods[pod.key] = PodObject(
            pod.key, pod, None if owner is None else owner.key, number=number,
            node=api.nodes[pod.node_name].number, address=pod.ip, ready=pod.ready,
            terminating=pod.terminating, ready_since_ns=0 if pod.ready else -1,
        )  # fmt: skip


def _owner(deployments: tuple[Deployment, ...], pod: Pod) -> Deployment | None:
    """The first Deployment whose Pod it is."""
    for found in deployments:
        if found.namespace == pod.namespace and owns(found, pod):
            return found
    return None


def delete(
    run: Run, pod: PodObject, cause: str, kind: str = "pod_terminating", detail: str | None = None
) -> None:
    """Within a change: a Pod is to end, unless it is ending; one that is on no node is gone at
    once. It is written down as an event of this kind."""
    if pod.terminating:
        return
    pod.terminating = True
    run.tell(kind, pod.name, cause, detail)
    if pod.node == PENDING:
        del run.api.pods[pod.name]
        run.tell("pod_deleted", pod.name)
    run.api.pod_changed(pod)


def pods_of(run: Run, deployment: str) -> Iterator[PodObject]:
    """The Pods of a Deployment, those that are ending included."""
    return (pod for pod in run.api.pods.values() if pod.owner == deployment)
