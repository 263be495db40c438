"""Loading: files, overrides, what is left out, and the scenario written out again."""

from pathlib import Path

import pytest

from emu.errors import ScenarioError
from emu.scenario import load
from emu.scenario.kubernetes import Node, Service

SCENARIOS = Path(__file__).parents[2] / "scenarios"
CLIENT = "  clients: [{name: internet, arrivals: {poisson: {rate: 5/s}}}]\n"
NODE = """\
apiVersion: v1
kind: Node
metadata: {name: alpha, creationTimestamp: 2024-01-01T00:00:00Z, managedFields: [{a: {}}]}
spec: {podCIDR: 10.244.7.0/24, taints: null}
status: {addresses: [{type: InternalIP, address: 10.0.0.7}, {type: Hostname, address: alpha}]}
"""


def shipped():
    """The scenarios that come with the emulator."""
    return sorted(SCENARIOS.glob("*.yaml"))


@pytest.mark.parametrize("file", shipped(), ids=lambda file: file.stem)
def test_a_resolved_scenario_loads_as_itself(file, tmp_path):
    """What a run leaves is the same scenario, with the same digest, and resolves to itself."""
    scenario = load(file)
    copy = tmp_path / "resolved.yaml"
    copy.write_text(scenario.resolved())
    again = load(copy)
    assert again == scenario
    assert again.digest == scenario.digest
    assert again.resolved() == scenario.resolved()


@pytest.mark.parametrize("file", shipped(), ids=lambda file: file.stem)
def test_a_shipped_scenario_is_named_as_its_file_and_begins_with_its_idea(file):
    """Each file says first what it shows, and where editors find its schema."""
    assert load(file).name == file.stem
    lines = file.read_text().splitlines()
    assert lines[0].startswith("# ")
    assert "# yaml-language-server: $schema=../emu/scenario/schema.json" in lines
    assert load(file).warnings == ()


def test_the_reference_path_is_the_one_every_reader_knows():
    """The addresses and ports of nodeport.yaml are those of the reference path."""
    scenario = load(SCENARIOS / "nodeport.yaml")
    (balancer,) = scenario.spec.load_balancers
    (service,) = scenario.cluster.services
    assert {name: list(map(str, found)) for name, found in scenario.spec.dns.items()} == {
        "example.com": ["192.168.1.1"]
    }
    assert (str(balancer.address), balancer.listeners[0].port) == ("192.168.1.1", 80)
    nodes = [node.address for node in scenario.cluster.nodes]
    assert nodes == ["192.168.1.100", "192.168.1.101"]
    assert service.cluster_ip == "10.96.0.1"
    assert [(p.port, p.target_port, p.node_port) for p in service.ports] == [(8080, 8080, 30001)]
    assert [pod.ip for pod in scenario.cluster.pods] == ["10.244.1.2", "10.244.1.3"]
    assert {port.container_port for pod in scenario.cluster.pods for port in pod.container_ports} \
        == {8080}  # fmt: skip


def test_the_seed_is_no_part_of_the_digest(write):
    """Runs of one scenario under many seeds share a digest; any other change makes another."""
    file = write()
    scenario = load(file)
    assert load(file, seed=7).spec.seed == 7
    assert load(file, seed=7).digest == scenario.digest
    assert load(file, {"spec.warmup": "1s"}).digest != scenario.digest
    assert len(scenario.digest) == 12


def test_names_of_files_are_no_part_of_the_scenario(write, tmp_path):
    """A scenario whose objects come from a manifest is the same as one that holds them."""
    (tmp_path / "cluster.yaml").write_text(NODE)
    apart = load(write("  manifests: [cluster.yaml]\n" + CLIENT))
    assert apart == load(write(CLIENT, NODE))
    assert apart.spec.manifests == ()


def test_fields_that_are_not_read_are_accepted_in_kubernetes_objects(loaded):
    """Output of kubectl is taken as it is, nulls and bookkeeping included."""
    (node,) = loaded(NODE).cluster.nodes
    assert (node.name, node.address, node.pod_cidr) == ("alpha", "10.0.0.7", "10.244.7.0/24")


def test_lists_are_unrolled(loaded):
    """``kind: List`` and typed lists give the same objects as documents of their own."""
    body = NODE.replace("\n", "\n    ").rstrip()
    listed = f"apiVersion: v1\nkind: List\nitems:\n  - {body}\n"
    bare = "\n".join([*listed.splitlines()[:3], "  -", *listed.splitlines()[5:]])
    typed = bare.replace("kind: List", "kind: NodeList")
    assert loaded(listed).cluster == loaded(NODE).cluster
    assert loaded(typed).cluster == loaded(NODE).cluster


def test_kinds_that_are_not_modelled_are_passed_over_with_a_warning(loaded):
    """One warning a kind says how many; a Service of another API group is another kind."""
    other = "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: a}\n"
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
    assert loaded(config, config, other).warnings == (
        "2 x ConfigMap (v1), which is not modelled: passed over",
        "1 x Service (serving.knative.dev/v1), which is not modelled: passed over",
    )


def test_a_mistake_in_a_manifest_names_the_manifest(write, tmp_path):
    """File and line are those of the file in which the mistake stands."""
    (tmp_path / "cluster.yaml").write_text(NODE.replace("10.244.7.0/24", "all"))
    with pytest.raises(ScenarioError) as refusal:
        load(write("  manifests: [cluster.yaml]\n" + CLIENT))
    (mistake,) = refusal.value.mistakes
    assert (Path(mistake.file).name, mistake.line) == ("cluster.yaml", 4)
    assert mistake.path == "Node/alpha.spec.podCIDR"


def test_a_scenario_is_frozen(loaded):
    """Two runs cannot disturb one another through their description."""
    scenario = loaded()
    for part in (scenario.spec, scenario.spec.clients[0], scenario.cluster.nodes[0]):
        with pytest.raises(ValueError, match="frozen"):
            part.name = "other"
    with pytest.raises(AttributeError):
        scenario.name = "other"


def test_python_names_are_not_yaml_names():
    """Objects are made with Kubernetes' names of fields, and read with Python's."""
    node = Node.model_validate({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "a"},
                                "spec": {"podCIDR": "10.244.0.0/24"}})  # fmt: skip
    assert node.pod_cidr == "10.244.0.0/24"
    dumped = node.model_dump(by_alias=True, exclude_defaults=True)
    assert dumped["spec"] == {"podCIDR": "10.244.0.0/24"}


def test_a_service_has_the_defaults_of_kubernetes():
    """targetPort is port, TCP is the protocol, ClusterIP the type, Cluster the policies."""
    service = Service.model_validate(
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
         "spec": {"ports": [{"port": 80}, {"port": 81, "targetPort": "http"}]}}
    )  # fmt: skip
    assert [port.target_port for port in service.ports] == [80, "http"]
    assert service.ports[0].protocol == "TCP"
    assert service.type == "ClusterIP"
    assert service.external_traffic_policy == service.internal_traffic_policy == "Cluster"
    assert not service.headless
