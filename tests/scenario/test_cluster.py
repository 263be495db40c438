"""A cluster is completed: nodes, addresses, ports and slices that nobody gave."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu.scenario import allocation
from emu.scenario.cluster import Cluster, ExhaustedError, completed
from emu.scenario.description import NodePool
from emu.scenario.kubernetes import (
    Deployment,
    EndpointSlice,
    KubeProxyConfiguration,
    Node,
    Pod,
    Service,
)


def node(name, address=None, **spec):
    """A Node."""
    addresses = [{"type": "InternalIP", "address": address}] if address else []
    return Node.model_validate({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name},
                                "spec": spec, "status": {"addresses": addresses}})  # fmt: skip


def pod(name, ip=None, labels=None, conditions=(), deleted=None, ports=(), **spec):
    """A Pod."""
    return Pod.model_validate({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "labels": labels or {}, "deletionTimestamp": deleted},
        "spec": {"containers": [{"ports": list(ports)}], **spec},
        "status": {"podIP": ip, "conditions": list(conditions)},
    })  # fmt: skip


def service(name, ports, **spec):
    """A Service."""
    return Service.model_validate({"apiVersion": "v1", "kind": "Service",
                                   "metadata": {"name": name},
                                   "spec": {"ports": ports, **spec}})  # fmt: skip


def deployment(name, replicas):
    """A Deployment whose Pods have the label ``app``."""
    return Deployment.model_validate({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}},
                 "template": {"metadata": {"labels": {"app": name}}}},
    })  # fmt: skip


def pool(**fields):
    """A node pool."""
    return NodePool.model_validate({"name": "worker", "nodes": 3, **fields})


def test_pools_become_nodes():
    """Names count from 1, zones are dealt in turn, addresses skip those in use."""
    cluster = Cluster(nodes=(node("a", "192.168.1.101", podCIDR="10.244.1.0/24"),))
    nodes = completed(cluster, [pool(zones=("x", "y"), cpu=2)], ["192.168.1.100"]).nodes
    assert [found.name for found in nodes] == ["a", "worker-1", "worker-2", "worker-3"]
    assert [found.zone for found in nodes] == [None, "x", "y", "x"]
    assert [found.address for found in nodes] == [
        "192.168.1.101", "192.168.1.102", "192.168.1.103", "192.168.1.104",
    ]  # fmt: skip
    assert [found.pod_cidr for found in nodes] == [
        "10.244.1.0/24", "10.244.0.0/24", "10.244.2.0/24", "10.244.3.0/24",
    ]  # fmt: skip
    assert [found.cpu for found in nodes] == [4, 2, 2, 2]


def test_pod_networks_come_from_the_cluster_cidr():
    """When they are used up, the node that is left without one is named."""
    proxy = KubeProxyConfiguration.model_validate({"clusterCIDR": "10.9.0.0/23"})
    cluster = Cluster(kube_proxy=proxy)
    nodes = completed(cluster, [pool(nodes=2)], []).nodes
    assert [found.pod_cidr for found in nodes] == ["10.9.0.0/24", "10.9.1.0/24"]
    with pytest.raises(ExhaustedError) as error:
        completed(cluster, [pool(nodes=3)], [])
    assert error.value.owner.name == "worker-3"


def test_five_thousand_nodes_have_networks_and_addresses_of_their_own():
    """As many as Kubernetes itself is tested with; none ends in .0 or .255."""
    nodes = completed(Cluster(), [pool(nodes=5000)], []).nodes
    assert len({found.pod_cidr for found in nodes}) == 5000
    addresses = {found.address for found in nodes}
    assert len(addresses) == 5000
    assert not any(address.endswith((".0", ".255")) for address in addresses)


def test_pods_get_addresses_of_their_nodes_network():
    """The first is the bridge's, and those that are taken are skipped."""
    nodes = (node("a", podCIDR="10.244.0.0/24"), node("b", podCIDR="10.244.1.0/24"))
    pods = (pod("x", nodeName="b"), pod("y", "10.244.1.3", nodeName="b"), pod("z", nodeName="b"),
            pod("host", nodeName="a", hostNetwork=True))  # fmt: skip
    done = completed(Cluster(nodes=nodes, pods=pods), [], [])
    assert [found.ip for found in done.pods] == [
        "10.244.1.2", "10.244.1.3", "10.244.1.4", "192.168.1.100",
    ]  # fmt: skip


def test_services_get_cluster_ips_and_node_ports():
    """Headless ones get no address, ClusterIP ones no NodePort; given ones are skipped."""
    services = (
        service("a", [{"port": 80}], clusterIP="10.96.0.1"),
        service("b", [{"port": 80, "name": "x"}, {"port": 81, "name": "y"}], type="NodePort"),
        service("c", [{"port": 80, "nodePort": 30001}], type="LoadBalancer"),
        service("d", [{"port": 80}], clusterIP="None"),
        service("e", [{"port": 80}], type="LoadBalancer", allocateLoadBalancerNodePorts=False),
    )
    done = completed(Cluster(services=services), [], []).services
    assert [found.cluster_ip for found in done] == [
        "10.96.0.1", "10.96.0.2", "10.96.0.3", None, "10.96.0.4",
    ]  # fmt: skip
    assert [[port.node_port for port in found.ports] for found in done] == [
        [None], [30000, 30002], [30001], [None], [None],
    ]  # fmt: skip


def test_slices_are_derived_from_selectors():
    """Named ports are resolved in each Pod, so Pods that differ have slices of their own."""
    ports = ({"name": "http", "containerPort": 8080},)
    others = ({"name": "http", "containerPort": 9090},)
    pods = (
        pod("a", "10.0.0.1", {"app": "web"}, ports=ports, nodeName="n"),
        pod("b", "10.0.0.2", {"app": "web"}, ports=others, nodeName="n"),
        pod("c", "10.0.0.3", {"app": "web"}, ports=ports, nodeName="n"),
        pod("d", "10.0.0.4", {"app": "api"}, ports=ports, nodeName="n"),
    )
    web = service("web", [{"port": 80, "targetPort": "http"}], selector={"app": "web"})
    slices = completed(
        Cluster(nodes=(node("n"),), pods=pods, services=(web,)), [], []
    ).endpoint_slices
    assert [(found.service, found.ports[0].port) for found in slices] == [
        ("default/web", 8080), ("default/web", 9090),
    ]  # fmt: skip
    assert [[e.addresses[0] for e in found.endpoints] for found in slices] == [
        ["10.0.0.1", "10.0.0.3"], ["10.0.0.2"],
    ]  # fmt: skip


def test_conditions_of_endpoints():
    """Ready, not ready and terminating Pods, as the endpointslice controller writes them."""
    unready = [{"type": "Ready", "status": "False"}]
    labels = {"app": "web"}
    pods = (
        pod("a", "10.0.0.1", labels, nodeName="n"),
        pod("b", "10.0.0.2", labels, unready, nodeName="n"),
        pod("c", "10.0.0.3", labels, deleted="2024-01-01T00:00:00Z", nodeName="n"),
    )
    web = service("web", [{"port": 80}], selector=labels)
    (found,) = completed(Cluster((node("n"),), pods, (web,)), [], []).endpoint_slices
    assert [(e.ready, e.serving, e.terminating) for e in found.endpoints] == [
        (True, True, False), (False, False, False), (False, True, True),
    ]  # fmt: skip
    web = web.changed(spec={"publish_not_ready_addresses": True})
    (found,) = completed(Cluster((node("n"),), pods[1:2], (web,)), [], []).endpoint_slices
    assert found.endpoints[0].ready


@pytest.mark.parametrize(
    ("preferred", "hinted"),
    [
        (None, ([], [])),
        ("PreferSameZone", ([], ["worker-a"])),
        ("PreferClose", ([], ["worker-a"])),
        ("PreferSameNode", (["worker-1"], ["worker-a"])),
    ],
)
def test_hints_of_traffic_distribution(preferred, hinted):
    """A ready endpoint is for its own zone, or node; one that is not ready is for nobody."""
    labels, unready = {"app": "web"}, [{"type": "Ready", "status": "False"}]
    pods = (
        pod("a", "10.0.0.1", labels, nodeName="worker-1"),
        pod("b", "10.0.0.2", labels, unready, nodeName="worker-1"),
    )
    web = service("web", [{"port": 80}], selector=labels, trafficDistribution=preferred)
    zoned = [pool(zones=["worker-a"])]
    (found,) = completed(Cluster((), pods, (web,)), zoned, []).endpoint_slices
    assert [
        ([hint.name for hint in its.hints.for_nodes], [hint.name for hint in its.hints.for_zones])
        for its in found.endpoints
    ] == [hinted, ([], [])]


def test_a_slice_has_at_most_a_hundred_endpoints():
    """250 Pods make three slices; a selector without Pods makes one that is empty."""
    web = service("web", [{"port": 80}], selector={"app": "web"})
    none = service("none", [{"port": 80}], selector={"app": "none"})
    cluster = Cluster(services=(web, none), deployments=(deployment("web", 250),))
    slices = completed(cluster, [pool()], []).endpoint_slices
    assert [(found.name, len(found.endpoints)) for found in slices] == [
        ("web-1", 100), ("web-2", 100), ("web-3", 50), ("none-1", 0),
    ]  # fmt: skip


def test_slices_that_are_given_are_kept():
    """A Service with slices of its own gets no others, and one without a selector gets none."""
    web = service("web", [{"port": 80}], selector={"app": "web"})
    cluster = Cluster((node("n"),), (pod("a", "10.0.0.1", {"app": "web"}),), (web,))
    done = completed(cluster, [], [])
    (given_slice,) = done.endpoint_slices
    emptied = given_slice.model_copy(update={"endpoints": ()})
    again = completed(replace(done, endpoint_slices=(emptied,)), [], [])
    assert again.endpoint_slices == (emptied,)
    bare = service("bare", [{"port": 80}])
    assert completed(Cluster((node("n"),), services=(bare,)), [], []).endpoint_slices == ()


@given(nodes=st.integers(1, 7), replicas=st.lists(st.integers(0, 27), min_size=1, max_size=4))
def test_completing_twice_changes_nothing(nodes, replicas):
    """Whatever was completed is complete: the second time finds nothing left out."""
    deployments = tuple(deployment(f"d{i}", count) for i, count in enumerate(replicas))
    services = tuple(service(f"d{i}", [{"port": 80}], type="NodePort", selector={"app": f"d{i}"})
                     for i in range(len(replicas)))  # fmt: skip
    first = completed(Cluster(services=services, deployments=deployments), [pool(nodes=nodes)], [])
    assert completed(first, [], []) == first
    assert len(first.pods) == sum(replicas)
    assert len({found.ip for found in first.pods}) == sum(replicas)


@given(st.sets(st.integers(2, 254)))
def test_free_addresses_are_the_others(taken):
    """Of a podCIDR all addresses but the network's, the bridge's, the broadcast and the taken."""
    used = {f"10.244.3.{number}" for number in taken}
    free = set(allocation.free_pod_addresses("10.244.3.0/24", used))
    assert free.isdisjoint(used)
    assert free | used == {f"10.244.3.{number}" for number in range(2, 255)}


def test_derived_slices_have_names_of_their_own():
    """A slice given for another Service keeps its name; the derived one takes the next."""
    other = EndpointSlice.model_validate(
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": "web-1",
                "namespace": "default",
                "labels": {"kubernetes.io/service-name": "other"},
            },
            "addressType": "IPv4",
            "endpoints": [],
        }
    )
    web = service("web", [{"port": 80}], selector={"app": "web"})
    slices = completed(Cluster((node("n"),), (), (web,), (other,)), [], []).endpoint_slices
    assert [(found.name, found.service) for found in slices] == [
        ("web-1", "default/other"),
        ("web-2", "default/web"),
    ]
