"""The EndpointSlice controller: which endpoints each Service has, as its Pods come, change and go.

Source: Kubernetes, staging/src/k8s.io/endpointslice (``podToEndpoint``): an endpoint is serving
while its Pod is ready, and ready while it is serving and not terminating.
"""

from collections.abc import Callable, Iterator

from emu.control.api_server import PodObject
from emu.control.run import Run
from emu.control.work_queue import WorkQueue
from emu.hops.endpoints import Endpoint, Endpoints
from emu.hops.kubeproxy.services import ServicePort
from emu.model.proxies import Proxies
from emu.scenario import Cluster
from emu.scenario.kubernetes import Service
from emu.scenario.kubernetes import ServicePort as Port
from emu.scenario.slices import hints, target_port

Told = Callable[[ServicePort], None]


class EndpointSlices:
    """The endpoints of each Service port at the API server, an `Endpoints` each, made anew when
    somebody asks for them after a change; what changes in one instant is one change.

    Endpoints of slices that belong to no Pod of the cluster stay as they are.
    """

    def __init__(self, run: Run) -> None:
        api, self._cluster = run.api, run.live.cluster
        self._ports = list(_selecting(self._cluster, run.live.rules.proxies))
        self._entries = {
            known: {str(its): its for its in known.endpoints.everywhere}
            for _, _, known in self._ports
        }
        self._current = {known: known.endpoints for known in self._entries}
        self._watchers: list[Told] = []
        self._queue = WorkQueue(run.env, api, self._tell)
        api.watch_pods(self._pod_changed)
        self._api = api

    def watch(self, tell: Told) -> None:
        """Hear of each Service port whose endpoints change."""
        self._watchers.append(tell)

    def of(self, port: ServicePort) -> Endpoints:
        """The endpoints of a Service port."""
        if port not in self._entries:
            return port.endpoints
        if port not in self._current:
            self._current[port] = Endpoints(self._entries[port].values())
        return self._current[port]

    def _pod_changed(self, pod: PodObject) -> None:
        if not pod.address:
            return
        for service, port, known in self._ports:
            if not service.selects(pod.spec.namespace, pod.spec.labels):
                continue
            number = target_port(port, pod.spec)
            if number is not None:
                self._set(known, pod, self._endpoint(service, pod, number))

    def _endpoint(self, service: Service, pod: PodObject, port: int) -> Endpoint:
        serving = pod.ready or service.spec.publish_not_ready_addresses
        ready = serving and not pod.terminating
        node = self._cluster.nodes[pod.node]
        for_nodes, for_zones = hints(service, ready, node.name, node.zone)
        return Endpoint(
            pod.address, port, node.name, ready, serving, pod.terminating,
            frozenset(for_nodes), frozenset(for_zones), pod.spec.spec.host_network,
        )  # fmt: skip

    def _set(self, known: ServicePort, pod: PodObject, endpoint: Endpoint) -> None:
        entries, key = self._entries[known], str(endpoint)
        gone = pod.name not in self._api.pods
        if gone:
            if entries.pop(key, None) is None:
                return
        elif entries.get(key) == endpoint:
            return
        else:
            entries[key] = endpoint
        self._current.pop(known, None)
        self._queue.add(known)

    def _tell(self, known: ServicePort) -> None:
        for tell in self._watchers:
            tell(known)


def _selecting(cluster: Cluster, proxies: Proxies) -> Iterator[tuple[Service, Port, ServicePort]]:
    """The ports of the Services that select Pods."""
    for service in cluster.services:
        if service.selector:
            for port in service.ports:
                yield service, port, proxies.port(service, port)
