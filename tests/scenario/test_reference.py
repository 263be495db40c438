"""What a partial description is completed with."""

NODE = "apiVersion: v1\nkind: Node\nmetadata: {name: alpha}\n"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: mine, labels: {app: web}}\n"
OTHER_POD = POD.replace("app: web", "app: other")
INSIDE = """\
  clients:
    - {name: c, node: node-1, url: http://10.96.0.1:8080/, arrivals: {poisson: {rate: 5/s}}}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {type: NodePort, selector: {app: shop}, ports: [{port: 80}]}
"""


def names(objects):
    """The names of objects."""
    return [found.name for found in objects]


def test_a_scenario_with_nothing_but_clients_is_the_reference_path(loaded):
    """Nodes, Service, Pods, load balancer, domain and the client's address are filled in."""
    scenario = loaded()
    cluster, spec = scenario.cluster, scenario.spec
    assert names(cluster.nodes) == ["node-1", "node-2"]
    assert names(cluster.pods) == ["web-1", "web-2"]
    assert [pod.ip for pod in cluster.pods] == ["10.244.1.2", "10.244.1.3"]
    assert cluster.services[0].ports[0].node_port == 30001
    assert [(b.name, str(b.address), b.listeners[0].port) for b in spec.load_balancers] == [
        ("edge", "192.168.1.1", 80)
    ]
    assert spec.dns == {"example.com": (spec.load_balancers[0].address,)}
    assert str(spec.clients[0].address) == "203.0.113.10"
    assert spec.duration == 60 * 10**9


def test_given_nodes_carry_the_reference_pods(loaded):
    """The Pods are placed and addressed anew, for the reference nodes are not there."""
    cluster = loaded(NODE).cluster
    assert names(cluster.nodes) == ["alpha"]
    assert [(pod.name, pod.node_name, pod.ip) for pod in cluster.pods] == [
        ("web-1", "alpha", "10.244.0.2"), ("web-2", "alpha", "10.244.0.3"),
    ]  # fmt: skip


def test_given_pods_get_the_reference_service_if_it_selects_them(loaded):
    """Pods labelled ``app: web`` are behind it; others are not, and then there is none."""
    assert names(loaded(POD).cluster.services) == ["web"]
    cluster = loaded(OTHER_POD, spec=INSIDE).cluster
    assert cluster.services == ()
    assert names(cluster.pods) == ["mine"]


def test_a_given_service_gets_no_pods(loaded):
    """A Service without endpoints is something to look at, not something to repair."""
    cluster = loaded(SERVICE).cluster
    assert cluster.pods == ()
    assert names(cluster.nodes) == ["node-1", "node-2"]


def test_services_of_type_load_balancer_have_their_own(loaded):
    """At the address of their status, or of their spec, or a free one; with all their TCP ports."""
    balanced = SERVICE.replace("NodePort", "LoadBalancer")
    status = balanced + "status: {loadBalancer: {ingress: [{ip: 198.51.100.7}]}}\n"
    wanted = balanced.replace("name: shop", "name: want").replace(
        "{type", "{loadBalancerIP: 192.168.1.1, type"
    )
    free = balanced.replace("name: shop", "name: free")
    spec = loaded(status, wanted, free).spec
    assert [(b.name, str(b.address), b.listeners[0].port) for b in spec.load_balancers] == [
        ("shop-lb", "198.51.100.7", 80), ("want-lb", "192.168.1.1", 80),
        ("free-lb", "192.168.1.2", 80),
    ]  # fmt: skip
    assert [str(address) for address in spec.dns["example.com"]] == ["198.51.100.7"]


def test_load_balancers_of_services_that_share_a_name(loaded):
    """The namespace tells them apart, and an address that a client has is left to it."""
    balanced = SERVICE.replace("NodePort", "LoadBalancer")
    other = balanced.replace("name: shop", "name: shop, namespace: two")
    spec = "  clients: [{name: c, address: 192.168.1.1, arrivals: {poisson: {rate: 5/s}}}]\n"
    balancers = loaded(balanced, other, spec=spec).spec.load_balancers
    assert [(b.name, str(b.address)) for b in balancers] == [
        ("shop-default-lb", "192.168.1.2"), ("shop-two-lb", "192.168.1.3"),
    ]  # fmt: skip


def test_clients_outside_have_addresses_of_their_own(loaded):
    """Those given are skipped, and clients inside have none."""
    arrivals = "arrivals: {poisson: {rate: 5/s}}"
    spec = (
        f"  clients:\n    - {{name: a, {arrivals}}}\n    - {{name: b, node: node-1, {arrivals}}}\n"
        f"    - {{name: c, address: 203.0.113.10, {arrivals}}}\n    - {{name: d, {arrivals}}}\n"
    )
    clients = loaded(spec=spec).spec.clients
    assert [client.address and str(client.address) for client in clients] == [
        "203.0.113.11", None, "203.0.113.10", "203.0.113.12",
    ]  # fmt: skip
