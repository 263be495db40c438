"""HorizontalPodAutoscalers, and what they scale."""

from collections.abc import Iterator

from emu.errors import Mistake
from emu.scenario.checks.subject import Subject
from emu.scenario.text import listed


def mistakes(subject: Subject) -> Iterator[Mistake]:
    """Deployments that are not there or scaled twice, and use in percent of no request."""
    cluster, place_of = subject.cluster, subject.objects.place_of
    deployments = {found.key: found for found in cluster.deployments}
    scaled: dict[str, str] = {}
    for its in cluster.autoscalers:
        path, key = ("spec", "scaleTargetRef", "name"), its.deployment
        if key not in deployments:
            rule = f"unknown Deployment; known: {listed(key, deployments) or 'none'}"
            yield place_of(its).mistake(path, rule)
            continue
        if key in scaled:
            yield place_of(its).mistake(path, f"is scaled by {scaled[key]} already")
        scaled[key] = its.key
        containers = deployments[key].spec.template.spec.containers
        if any(target.average_utilization for target in its.targets) and not (
            containers and all(container.cpu_request for container in containers)
        ):
            rule = "must scale Pods of which every container has resources.requests.cpu"
            yield place_of(its).mistake(path, rule)
