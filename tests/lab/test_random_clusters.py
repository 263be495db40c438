"""A sample of random small clusters in the kernel."""

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from emu.lab import check
from emu.scenario import load_any

NODES = {"node-1": "192.168.1.100", "node-2": "192.168.1.101"}


def document(kind, name, spec, api="v1", **more):
    """A Kubernetes object."""
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name}, "spec": spec, **more}


def node(number, name):
    """A Node with a network for its Pods."""
    addresses = [{"type": "InternalIP", "address": NODES[name]}]
    return document("Node", name, {"podCIDR": f"10.244.{number}.0/24"},
                    status={"addresses": addresses})  # fmt: skip


@st.composite
def pods(draw):
    """Three Pods, each on one of the nodes."""
    found = []
    for number in range(3):
        where = draw(st.sampled_from(sorted(NODES)))
        container = {"name": "c", "ports": [{"containerPort": 8080}]}
        found.append(document(
            "Pod", f"pod-{number}", {"nodeName": where, "containers": [container]},
            status={"podIP": f"10.244.{where[-1]}.{10 + number}"},
        ))  # fmt: skip
    return found


@st.composite
def slices(draw, service, pods):
    """Which Pods are endpoints of a Service, and in which state; the first is always ready."""
    endpoints = [
        {
            "addresses": [pod["status"]["podIP"]], "nodeName": pod["spec"]["nodeName"],
            "conditions": {
                "ready": pod is pods[0] or draw(st.booleans()),
                "serving": draw(st.booleans()), "terminating": draw(st.booleans()),
            },
        }
        for pod in pods[: draw(st.integers(1, 3))]
    ]  # fmt: skip
    name, (port,) = service["metadata"]["name"], service["spec"]["ports"]
    served = draw(st.sampled_from([True, True, True, False]))
    made = document("EndpointSlice", f"{name}-x", {}, "discovery.k8s.io/v1", addressType="IPv4",
                    ports=[{"port": 8080, "protocol": port["protocol"]}],
                    endpoints=endpoints if served or name == "s1" else [])  # fmt: skip
    del made["spec"]
    made["metadata"]["labels"] = {"kubernetes.io/service-name": name}
    return made


@st.composite
def services(draw, number):
    """A Service with some of everything that rules depend on."""
    kind = draw(st.sampled_from(["ClusterIP", "NodePort", "LoadBalancer"]))
    policy = st.sampled_from(["Cluster", "Local"])
    made = document("Service", f"s{number}", {
        "type": kind, "clusterIP": f"10.96.0.{number}",
        "ports": [{"port": 80, "targetPort": 8080,
                   "protocol": draw(st.sampled_from(["TCP", "TCP", "UDP"])),
                   "nodePort": 0 if kind == "ClusterIP" else 30000 + number}],
        "internalTrafficPolicy": draw(policy),
        "externalIPs": draw(st.sampled_from([[], [f"198.51.100.{number}"]])),
        "sessionAffinity": draw(st.sampled_from(["None", "ClientIP"])),
    })  # fmt: skip
    if kind != "ClusterIP":
        made["spec"]["externalTrafficPolicy"] = draw(policy)
    if kind == "LoadBalancer":
        ranges = [[], ["203.0.113.0/24"], ["10.0.0.0/8", "192.168.1.100/32"], ["0.0.0.0/0"]]
        made["spec"]["loadBalancerSourceRanges"] = draw(st.sampled_from(ranges))
        made["status"] = {"loadBalancer": {"ingress": [{"ip": f"198.51.101.{number}"}]}}
    return made


proxies = st.builds(
    lambda **fields: {"apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
                      "kind": "KubeProxyConfiguration", **fields},
    clusterCIDR=st.sampled_from(["", "10.244.0.0/16", "0.0.0.0/0"]),
    nodePortAddresses=st.sampled_from([[], ["192.168.1.100/32"], ["0.0.0.0/0"]]),
    iptables=st.fixed_dictionaries(
        {"masqueradeAll": st.booleans(), "localhostNodePorts": st.booleans()}
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """Where a cluster is written."""
    return tmp_path_factory.mktemp("clusters") / "cluster.yaml"


@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_the_kernel_does_what_the_mode_decides(file, mode, data):
    """Every source to every destination: endpoints, addresses, refused or silent, and entries."""
    there = data.draw(pods())
    reached = [data.draw(services(number)) for number in range(1, 5)]
    objects = [
        *(node(number, name) for number, name in enumerate(NODES, start=1)),
        *there, *reached, *(data.draw(slices(service, there)) for service in reached),
        data.draw(proxies),
    ]  # fmt: skip
    file.write_text(yaml.safe_dump_all(objects))
    verdicts = check(load_any(file), mode)
    assert [*map(str, (verdict for verdict in verdicts if not verdict.agrees))] == []
    assert any(":" in verdict.seen for verdict in verdicts)
