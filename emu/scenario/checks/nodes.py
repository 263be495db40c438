"""Nodes, and the Pods on them."""

from collections.abc import Iterator
from ipaddress import IPv4Network, ip_address, ip_network
from itertools import pairwise

from emu.errors import Mistake
from emu.scenario.checks.subject import Subject
from emu.scenario.text import listed


def mistakes(subject: Subject) -> Iterator[Mistake]:
    """podCIDRs that overlap, Pods on nodes that are not there, Deployments that miss their Pods."""
    cluster, place_of = subject.cluster, subject.objects.place_of
    networks = sorted(
        (IPv4Network(node.pod_cidr), node.name, node) for node in cluster.nodes if node.pod_cidr
    )
    for (first, name, _), (second, _, node) in pairwise(networks):
        if first.overlaps(second):
            rule = f"must not overlap with {first}, the podCIDR of node {name}"
            yield place_of(node).mistake(("spec", "podCIDR"), rule)
    names = {node.name: node for node in cluster.nodes}
    for pod in cluster.pods:
        if pod.node_name not in names:
            rule = f"unknown node; known: {listed(pod.node_name, names)}"
            yield place_of(pod).mistake(("spec", "nodeName"), rule)
    for deployment in cluster.deployments:
        labels = deployment.spec.template.metadata.labels
        if not deployment.spec.selector.matches(labels):
            path = ("spec", "template", "metadata", "labels")
            yield place_of(deployment).missing(path, "must be what spec.selector selects")


def warnings(subject: Subject) -> Iterator[str]:
    """Pods whose address is none of their node's podCIDR."""
    networks = {
        node.name: [ip_network(text) for text in node.pod_networks]
        for node in subject.cluster.nodes
    }
    strangers = [
        pod.key
        for pod in subject.cluster.pods
        if not pod.spec.host_network
        and not any(ip_address(pod.ip) in network for network in networks[pod.node_name])
    ]
    if strangers:
        yield f"addresses outside their node's podCIDR: Pods {listed('', strangers, 5)}"
