"""Overrides: paths into the Scenario and into objects, and the values put there."""

import pytest

from emu.errors import ScenarioError
from emu.scenario import parse_overrides

EDGE = """\
  loadBalancers:
    - {name: edge, address: 192.168.1.1, listeners: [{service: web}], strategy: round_robin}
  clients: [{name: internet, arrivals: {poisson: {rate: 5/s}}}]
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web.v1, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}}
"""


def test_values_are_yaml():
    """What stands after the first equals sign is read as in a file."""
    assert parse_overrides(["spec.seed=7", "a=[1, x]", "b={k: 1=2}", "c=", 'd="7"']) == {
        "spec.seed": 7, "a": [1, "x"], "b": {"k": "1=2"}, "c": None, "d": "7",
    }  # fmt: skip


def test_all_mistakes_in_overrides_are_reported():
    """What is no PATH=VALUE, or no YAML, or more than one value."""
    with pytest.raises(ScenarioError) as refusal:
        parse_overrides(["spec.seed", "=3", "a=[", "b=1\n--- 2"])
    assert str(refusal.value).split("\n") == [
        "override: spec.seed: must be PATH=VALUE",
        "override: =3: must be PATH=VALUE",
        "override: a=[: is not YAML: did not find expected node content",
        "override: b=1\\n--- 2: must have one value",
    ]


def test_a_choice_is_overridden_by_its_name(loaded):
    """The strategy of nodeport can be set as the documentation shows it."""
    scenario = loaded(spec=EDGE, overrides={"spec.loadBalancers[0].strategy": "random"})
    assert scenario.spec.load_balancers[0].strategy.name == "random"


def test_what_is_missing_on_the_way_is_made(loaded):
    """Blocks and list items that the file leaves out can be set all the same."""
    overrides = {
        "spec.network.external": "1ms",
        "spec.behaviours[0].workers": 3,
        'spec.dns["example.com"][0]': "192.168.1.1",
        "spec.clients[1]": {"name": "b", "arrivals": {"constant": {"rate": "1/s"}}},
    }
    spec = loaded(spec=EDGE, overrides=overrides).spec
    assert spec.network.external.options.value == 1_000_000
    assert spec.behaviours[0].workers == 3
    assert list(spec.dns) == ["example.com"]
    assert [client.name for client in spec.clients] == ["internet", "b"]


def test_an_object_is_named_by_kind_namespace_and_name(loaded):
    """Dots in a name are no steps of the path."""
    overrides = {
        "Deployment/shop/web.v1.spec.replicas": 3,
        "spec.dns": {"a": ["192.168.1.1"]},
        "spec.clients[0].url": "http://a/",
    }
    scenario = loaded(DEPLOYMENT, overrides=overrides)
    assert [pod.key for pod in scenario.cluster.pods] == [
        "shop/web.v1-0", "shop/web.v1-1", "shop/web.v1-2",
    ]  # fmt: skip


def test_the_namespace_default_may_be_left_out(loaded):
    """As with kubectl."""
    plain = DEPLOYMENT.replace(", namespace: shop", "")
    for name in ("Deployment/web.v1", "Deployment/default/web.v1"):
        scenario = loaded(plain, overrides={f"{name}.spec.replicas": 2})
        assert len(scenario.cluster.pods) == 2


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (
            "Deployment/wbe.spec.replicas",
            "Deployment/wbe.spec.replicas: leads to nothing; known: Deployment/shop/web.v1",
        ),
        ("sepc.seed", "sepc.seed: leads to nothing; known: spec"),
        ("spec.loadBalancers[7]", "spec.loadBalancers[7]: cannot be set: the list has 1 items"),
        (
            "spec.loadBalancers.edge",
            "spec.loadBalancers.edge: cannot be set: edge would stand in no mapping",
        ),
        ("spec.seed[0]", "spec.seed[0]: cannot be set: [0] would stand in no list"),
        ("spec..seed", "spec..seed: must be a path such as spec.clients[0].url"),
        (
            "spec.clients[0].arrivals.poisson.rate",
            "spec.clients[0].arrivals.poisson.rate = -1: must be a rate such as 200/s, 30/m or 5/h",
        ),
    ],
)
def test_an_override_that_leads_nowhere_is_a_mistake(loaded, path, message):
    """With the path as it was given, and what there is instead."""
    spec = "  seed: 1\n" + EDGE
    with pytest.raises(ScenarioError) as refusal:
        loaded(DEPLOYMENT, spec=spec, overrides={path: -1})
    assert str(refusal.value) == f"override: {message}"


def test_the_file_is_not_changed_by_an_override(write):
    """Values are put into copies: what aliases share stays what it was."""
    from emu.scenario import load

    file = write(
        "  behaviours: [&b {selector: {app: web}, workers: 2}, *b]\n"
        "  clients: [{name: internet, arrivals: {poisson: {rate: 5/s}}}]\n"
    )
    first, second = load(file, {"spec.behaviours[1].workers": 5}).spec.behaviours
    assert (first.workers, second.workers) == (2, 5)
