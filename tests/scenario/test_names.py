"""Names stand for addresses, and not everywhere for the same."""

import pytest

from emu.scenario import resolve
from emu.scenario.names import known_names, service_port, target

CLIENTS = """\
  dns: {example.com: [192.168.1.1, 192.168.1.2], shop.example: [192.168.1.3]}
  clients:
    - {name: outside, arrivals: {poisson: {rate: 5/s}}}
    - {name: node, node: node-1, arrivals: {poisson: {rate: 5/s}}}
    - {name: pod, pod: prod/mine, arrivals: {poisson: {rate: 5/s}}}
"""
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: mine, namespace: prod, labels: {app: web}}
status: {conditions: [{type: Ready, status: "True"}]}
"""
UNREADY = POD.replace("mine", "ill").replace('"True"', '"False"')


def service(name, namespace, address):
    """A Service document."""
    return (
        f"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: {namespace}}}\n"
        f"spec: {{clusterIP: {address}, selector: {{app: web}}, "
        "ports: [{name: http, port: 80}]}\n"
    )


@pytest.fixture
def answers(loaded):
    """What a client gets for a name."""
    scenario = loaded(
        service("web", "prod", "10.96.0.7"), service("web", "default", "10.96.0.8"),
        service("heads", "prod", "None"), service("shop", "example", "10.96.0.9"), POD, UNREADY,
        spec=CLIENTS,
    )  # fmt: skip
    clients = {client.name: client for client in scenario.spec.clients}
    return lambda name, client: resolve(name, clients[client], scenario.spec, scenario.cluster)


@pytest.mark.parametrize(
    ("name", "outside", "node", "pod"),
    [
        ("10.1.2.3", ("10.1.2.3",), ("10.1.2.3",), ("10.1.2.3",)),
        ("example.com", ("192.168.1.1", "192.168.1.2"), ("192.168.1.1", "192.168.1.2"),
         ("192.168.1.1", "192.168.1.2")),
        ("Example.com.", ("192.168.1.1", "192.168.1.2"), ("192.168.1.1", "192.168.1.2"),
         ("192.168.1.1", "192.168.1.2")),
        ("web", None, ("10.96.0.8",), ("10.96.0.7",)),
        ("web.prod", None, ("10.96.0.7",), ("10.96.0.7",)),
        ("web.prod.svc", None, ("10.96.0.7",), ("10.96.0.7",)),
        ("web.prod.svc.cluster.local", None, ("10.96.0.7",), ("10.96.0.7",)),
        ("web.svc.cluster.local", None, None, None),
        ("web.prod.pod.cluster.local", None, None, None),
        ("heads.prod", None, ("10.244.1.2",), ("10.244.1.2",)),
        ("shop.example", ("192.168.1.3",), ("10.96.0.9",), ("10.96.0.9",)),
        ("nobody", None, None, None),
    ],
)  # fmt: skip
def test_a_name_depends_on_who_asks(answers, name, outside, node, pod):
    """Services are known inside, a bare name in the own namespace, and before the outer domains."""
    assert (answers(name, "outside"), answers(name, "node"), answers(name, "pod")) == (
        outside, node, pod,
    )  # fmt: skip


def test_known_names_are_those_that_resolve(loaded):
    """The names that a message lists are names that this client may use."""
    scenario = loaded(service("web", "prod", "10.96.0.7"), POD, spec=CLIENTS)
    for client in scenario.spec.clients:
        names = known_names(client, scenario.spec, scenario.cluster)
        assert names
        for name in names:
            assert resolve(name, client, scenario.spec, scenario.cluster) is not None


def test_a_url_has_a_host_a_port_and_a_protocol():
    """Port 80 and TCP where nothing else is said; UDP where the scheme does."""
    assert target("http://example.com") == ("example.com", 80, "TCP")
    assert target("http://web.prod.:8080/a?b") == ("web.prod", 8080, "TCP")
    assert target("udp://dns.kube-system:53") == ("dns.kube-system", 53, "UDP")


def test_a_port_of_a_service_by_number_name_or_place(loaded):
    """The first one where nothing is said."""
    (found,) = loaded(service("web", "prod", "10.96.0.7"), POD, spec=CLIENTS).cluster.services
    for wanted in (None, 80, "http"):
        assert service_port(found, wanted) is found.ports[0]
    assert service_port(found, "https") is None
