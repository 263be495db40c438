"""What is odd is said, what can be built is built, and nothing but mistakes is ever raised."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from emu.errors import ScenarioError
from emu.scenario import load

SCENARIOS = Path(__file__).parents[2] / "scenarios"
CLIENT = "  clients: [{name: internet, arrivals: {poisson: {rate: 5/s}}}]\n"
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, ports: [{port: 80, targetPort: http}]}
"""
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web-1, labels: {app: web}}
spec: {containers: [{name: web, ports: [{name: https, containerPort: 443}]}]}
"""
SLICE = """\
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: s, labels: {kubernetes.io/service-name: gone}}
endpoints: [{addresses: [10.9.9.9]}]
ports: [{port: 80}]
"""


def test_a_named_port_that_no_pod_has_is_said(loaded):
    """The Service then has no endpoint at that port, though Pods are selected."""
    assert loaded(SERVICE, POD).warnings == (
        "Service default/web: no Pod has a container port called http",
    )


def test_endpoints_and_slices_that_belong_to_nothing_are_said(loaded):
    """Exports that leave out Services or Pods are told so."""
    assert loaded(SLICE, spec="  dns: {example.com: [192.168.1.1]}\n" + CLIENT).warnings == (
        "EndpointSlice default/s: there is no Service default/gone",
        "EndpointSlice default/s: no Pod has 10.9.9.9; connections there time out",
        "client internet: nothing has 192.168.1.1; connections there time out",
    )


def test_slow_start_of_nobody_is_said(loaded):
    """Backends that are there from the start have their whole weight."""
    slow = "  loadBalancers:\n    - {name: edge, address: 192.168.1.1, target: pod,\n"
    slow += "       listeners: [{service: web}], strategy: weighted_random, slowStart: {window: 9s}"
    pod, service = POD.replace("https", "http"), SERVICE
    said = ("load balancer edge: slowStart is of no use where no backend has a time in "
            "availableFrom",)  # fmt: skip
    assert loaded(service, pod, spec=f"{slow}}}\n{CLIENT}").warnings == said
    joins = f"{slow}, availableFrom: {{web-1: 3s}}}}\n{CLIENT}"
    assert loaded(service, pod, spec=joins).warnings == ()


def test_a_node_port_out_of_its_range_is_said(loaded):
    """An API server would refuse it; kube-proxy copes with it."""
    outside = SERVICE.replace("http}]", "80}]").replace("port: 80,", "port: 80, nodePort: 8080,")
    assert loaded(outside, POD).warnings == (
        "Service default/web: NodePort 8080 is outside 30000-32767",
    )


def test_an_address_that_opens_too_many_connections_is_said(loaded):
    """28,232 ports, each kept for 60 s, are 471/s from one address to one place, and no more."""
    client = "  clients: [{name: busy, %sarrivals: {poisson: {rate: %s/s}}}]\n"
    assert loaded(spec=client % ("", 470)).warnings == ()
    assert loaded(spec=client % ("", 500)).warnings == (
        "client busy: opens 500 connections/s from one address to one place, and has ports for"
        " 471/s; addresses: 198.51.100.0/24 would stand for more clients",
    )
    assert loaded(spec=client % ("addresses: 198.51.100.0/30, ", 900)).warnings == ()
    reuse = "  kernel: {sysctls: {net.ipv4.tcp_tw_reuse: 1}}\n"
    assert loaded(spec=reuse + client % ("", 500)).warnings == ()


def test_a_trace_of_another_length_than_the_run_is_said(loaded):
    """Cut off, or over before; not where it repeats, or takes nearly all of the run."""
    spec = "  %s\n  clients: [{name: c, arrivals: {trace: {times: [0s, %s]%s}}}]\n"
    cases = {
        ("duration: 60s", "3600s", ""): "takes 3600 s, and is cut off after 60 s",
        ("duration: 60s", "60s", ""): "takes 60 s, and is cut off after 60 s",
        ("duration: 60s", "59s", ""): "",
        ("duration: 60s", "59s", ", speed: 2"): "takes 29.5 s of the run's 60 s; what the load"
        " implies is that of the time until then",
        ("duration: 60s", "59s", ", speed: 2, repeat: true"): "",
        ("requests: 2", "59s", ", speed: 2"): "",
    }
    for written, said in cases.items():
        expected = (f"client c: its trace {said}",) if said else ()
        assert loaded(spec=spec % written).warnings == expected, written


def test_behaviours_that_hold_for_no_pod_are_said(loaded):
    """Most often a label is misspelt."""
    spec = "  behaviours: [{selector: {app: wbe}}, {namespace: shop}, {selector: {app: web}}]\n"
    assert loaded(spec=spec + CLIENT).warnings == (
        "spec.behaviours[0] selects no Pod",
        "spec.behaviours[1] selects no Pod",
    )


def test_addresses_outside_the_podcidr_are_said(loaded):
    """Right with some network plugins, a slip with others."""
    stranger = POD.replace("https", "http") + "status: {podIP: 10.9.9.9}\n"
    assert loaded(SERVICE, stranger).warnings == (
        "addresses outside their node's podCIDR: Pods default/web-1",
    )


def test_a_switch_of_ones_own_joins_two_links(loaded):
    """It needs no declaration, only a second link."""
    spec = "  network:\n    links: [{between: [internet, isp]}, {between: [isp, fabric]}]\n"
    links = loaded(spec=spec + CLIENT).spec.network.links
    assert [link.between for link in links] == [("internet", "isp"), ("isp", "fabric")]


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of everything in a value."""
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield (*path, key)
            yield from _places(value[key], (*path, key))


FILES = sorted(SCENARIOS.glob("*.yaml"))
DOCUMENTS = [list(yaml.safe_load_all(file.read_text())) for file in FILES]
ODD = st.sampled_from(
    [None, True, 0, -1, 65536, 2**70, 1.5, float("inf"), float("nan"), "", "x", "node-1", "../..",
     "\x1b[31m", "10.0.0.1", "10.244.0.0/24", "20ms", "-5/s", [], [1], {}, {"a": 1}, "None", "::1",
     "default/web", "a" * 300, [[]], {"x": {"y": [None]}}, "http://web/", {"random": {}}]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_is_put_anywhere_is_taken_or_refused_with_a_message(tmp_path_factory, data):
    """A shipped scenario with something odd in it loads as itself again, or breaks a rule."""
    documents = yaml.safe_load(yaml.safe_dump(data.draw(st.sampled_from(DOCUMENTS))))
    *way, last = data.draw(st.sampled_from(list(_places(documents))))
    holder = documents
    for step in way:
        holder = holder[step]
    holder[last] = data.draw(ODD)
    file = tmp_path_factory.getbasetemp() / "odd.yaml"
    file.write_text(yaml.safe_dump_all(documents))
    try:
        scenario = load(file)
    except ScenarioError as error:
        for mistake in error.mistakes:
            assert mistake.rule
            assert str(mistake).isprintable()
    else:
        file.write_text(scenario.resolved())
        assert load(file) == scenario


def test_values_in_messages_are_short(loaded):
    """However long what stands in the file is, and the name of the strategy in the rule too."""
    long = "x" * 10_000
    spec = (
        "  loadBalancers: [{name: edge, address: 192.168.1.1, listeners: [{service: web}], "
        f"strategy: {long}}}]\n"
    )
    with pytest.raises(ScenarioError) as refusal:
        loaded(spec=spec + CLIENT, overrides={"spec.duration": long})
    assert [len(mistake.value) for mistake in refusal.value.mistakes] == [60, 60]
    assert len(str(refusal.value)) < 800


def test_what_kube_proxy_copes_with_is_a_warning(loaded):
    """A NodePort of a ClusterIP Service, and one outside the range: said, and taken as it is."""
    service = """
apiVersion: v1
kind: Service
metadata: {name: odd}
spec: {ports: [{port: 80, nodePort: 20001}]}
"""
    warnings = loaded(service, spec="  dns: {example.com: [192.168.1.100]}\n" + CLIENT).warnings
    assert warnings[:2] == (
        "Service default/odd: has a NodePort, and its type is ClusterIP",
        "Service default/odd: NodePort 20001 is outside 30000-32767",
    )
