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
    """Three Pods; those with the label are endpoints of every Service, if they are ready."""
    found = []
    for number in range(3):
        made = document("Pod", f"pod-{number}", {
            "nodeName": draw(st.sampled_from(sorted(NODES))),
            "containers": [{"name": "c", "ports": [{"containerPort": 8080}]}],
        })  # fmt: skip
        made["metadata"]["labels"] = {"app": draw(st.sampled_from(["web", "web", "other"]))}
        ready = draw(st.sampled_from(["True", "True", "False"]))
        made["status"] = {"conditions": [{"type": "Ready", "status": ready}]}
        found.append(made)
    return found


@st.composite
def services(draw, number):
    """A Service with some of everything that rules depend on."""
    kind = draw(st.sampled_from(["ClusterIP", "NodePort", "LoadBalancer"]))
    policy = st.sampled_from(["Cluster", "Local"])
    made = document("Service", f"s{number}", {
        "type": kind, "selector": {"app": "web"}, "clusterIP": f"10.96.0.{number}",
        "ports": [{"port": 80, "targetPort": 8080,
                   "protocol": draw(st.sampled_from(["TCP", "TCP", "UDP"]))}],
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
    objects = [
        *(node(number, name) for number, name in enumerate(NODES, start=1)),
        *data.draw(pods()),
        *(data.draw(services(number)) for number in range(1, 5)),
        data.draw(proxies),
    ]
    file.write_text(yaml.safe_dump_all(objects))
    verdicts = check(load_any(file), mode)
    assert [*map(str, (verdict for verdict in verdicts if not verdict.agrees))] == []
