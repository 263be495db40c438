"""The numbers that stand for the scenario's places in the model."""

from emu.scenario import Client, Cluster, Pod, ScenarioSpec
from emu.scenario.names import is_inside


class Numbers:
    """Which index a node or Pod has, and which vertex a host is.

    Hosts are vertices of the network: the nodes first, then the load balancers, then the clients
    outside.
    """

    def __init__(self, spec: ScenarioSpec, cluster: Cluster) -> None:
        self._nodes = {node.name: i for i, node in enumerate(cluster.nodes)}
        self._pods = {pod.key: i for i, pod in enumerate(cluster.pods)}
        self._cluster = cluster
        outside = [client.name for client in spec.clients if not is_inside(client)]
        balancers = [balancer.name for balancer in spec.load_balancers]
        self.hosts = (*self._nodes, *balancers, *outside)
        self.first_client = len(self.hosts) - len(outside)
        self._clients = {name: self.first_client + i for i, name in enumerate(outside)}

    def node(self, name: str | None) -> int:
        """The node's number; -1 for none."""
        return -1 if name is None else self._nodes[name]

    def pod(self, reference: str | None) -> int:
        """The number of the Pod that a client names; -1 for none."""
        pod = self.pod_named(reference)
        return -1 if pod is None else self._pods[pod.key]

    def pod_named(self, reference: str | None) -> Pod | None:
        """The Pod that a client names."""
        return None if reference is None else self._cluster.pod(reference)

    def node_of(self, client: Client) -> int:
        """The node that a client is on; -1 outside."""
        pod = self.pod_named(client.pod)
        return self.node(pod.node_name if pod is not None else client.node)

    def addresses_of(self, client: Client) -> tuple[str, ...]:
        """The source addresses of what a client sends, which its requests take in turn."""
        pod = self.pod_named(client.pod)
        if pod is not None:
            return (pod.ip,)
        if client.addresses is not None:
            return tuple(map(str, client.addresses.hosts()))
        node = None if client.node is None else self._cluster.node(client.node)
        return (str(client.address) if node is None else node.address,)

    def vertex_of(self, client: Client) -> int:
        """The client's vertex: its node's where it is inside."""
        return self.node_of(client) if is_inside(client) else self._clients[client.name]

    def balancer_vertex(self, number: int) -> int:
        """The vertex of a load balancer."""
        return len(self._nodes) + number
