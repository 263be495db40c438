"""What a proxy mode keeps for Services at each node, and what a first packet costs there."""

import numpy as np
import pytest

from emu.hops.kubeproxy import MODES
from emu.hops.kubeproxy.view import Packet
from emu.model.proxies import Proxies
from emu.model.services import RuleTable

SPEC = """
requests: 1
nodePools: [{name: node, nodes: 2}]
clients: [{name: c, node: node-1, url: "%s", arrivals: {constant: {rate: 1/s}}}]
"""
POD = """
apiVersion: v1
kind: Pod
metadata: {name: web-%d, labels: {app: web}}
spec: {containers: [{name: web, ports: [{containerPort: 8080}]}]}
---"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: s%d}
spec:
  type: %s
  clusterIP: 10.96.0.%d
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
---"""
MODE = """
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: %s
"""


def objects(mode, services=100, pods=3):
    """So many Services, each third with a NodePort, over the same Pods."""
    made = [POD % number for number in range(1, pods + 1)]
    for number in range(1, services + 1):
        kind = "NodePort" if number % 3 == 0 else "ClusterIP"
        made.append(SERVICE % (number, kind, number))
    return "".join(made) + MODE % mode


@pytest.fixture
def table(described):
    """The rules of a cluster in a mode."""

    def made(mode, configuration="", cost=20, **sizes):
        text = objects(mode, **sizes) + configuration
        cluster = described(SPEC % "http://s1/", text).cluster
        return RuleTable(cluster, Proxies(cluster), cost)

    return made


def cost(rules, destination, port=80):
    """What a first packet from node-1 to there costs, in nanoseconds."""
    packet = Packet("TCP", "192.168.1.100", destination, port)
    number = rules.about("node-1", packet)
    return int(rules.rules["cost_ns"][number])


def test_iptables_compares_a_packet_with_one_rule_after_the_other(table):
    """The first Service costs nothing more, the hundredth the 99 rules before it."""
    rules = table("iptables")
    assert [cost(rules, f"10.96.0.{number}") for number in (1, 2, 100)] == [0, 20, 99 * 20]


def test_node_ports_come_behind_all_cluster_ips(table):
    """The first NodePort costs the rules of the 99 other Services, the last 32 NodePorts more."""
    rules = table("iptables")
    assert cost(rules, "192.168.1.100", 30000) == 99 * 20
    assert cost(rules, "192.168.1.100", 30032) == (99 + 32) * 20


@pytest.mark.parametrize("mode", sorted(set(MODES) - {"iptables"}))
def test_other_modes_look_a_packet_up(table, mode):
    """Whatever the number of Services, a first packet costs the same."""
    rules = table(mode)
    assert {cost(rules, f"10.96.0.{number}") for number in (1, 100)} == {0}
    assert cost(rules, "192.168.1.100", 30032) == 0


@pytest.mark.parametrize("mode", ["iptables", "nftables"])
def test_the_cost_is_time_on_the_way(described, play, mode):
    """The hundredth Service's Pod sees the request 99 rules later than the first one's would."""
    times = []
    for url in ("http://s1/", "http://s100/"):
        run = play(described(SPEC % url, objects(mode, pods=1)))
        times.append(int(run.rows["pod_ns"][0] - run.rows["node_ns"][0]))
    assert times[1] - times[0] == (99 * 20 if mode == "iptables" else 0)


def test_the_cost_of_a_rule_is_a_setting(described, play):
    """ruleCost 1us makes it 99 us."""
    scenario = described(SPEC % "http://s100/", objects("iptables", pods=1))
    slow = described(
        SPEC % "http://s100/", objects("iptables", pods=1), **{"kernel.ruleCost": "1us"}
    )
    taken = [int(run.rows["pod_ns"][0]) for run in (play(scenario), play(slow))]
    assert taken[1] - taken[0] == 99 * (1000 - 20)


def test_virtual_servers_have_states_of_their_own_and_share_tables(table):
    """With mh each address at each node has its state; their table of 4,093 entries is one."""
    rules = table("ipvs", "ipvs: {scheduler: mh}\n")
    packets = [
        (node, Packet("TCP", "10.244.0.9", f"10.96.0.{number}", 80))
        for node in ("node-1", "node-2")
        for number in (1, 2)
    ]
    numbers = [rules.about(*each) for each in packets]
    made = rules.rules[numbers]
    assert len(set(made["server"])) == 4
    assert len(set(made["table"])) == 1
    assert len(rules.servers) == 4 * (2 + 2 * 3) + 4093
    assert rules.loads == 2


def test_sources_share_a_virtual_server(table):
    """Two senders to one address at one node take turns together."""
    rules = table("ipvs")
    numbers = [
        rules.about("node-1", Packet("TCP", source, "10.96.0.1", 80))
        for source in ("10.244.0.9", "10.244.0.8")
    ]
    assert len(set(numbers)) == 2
    assert len(np.unique(rules.rules["server"][numbers])) == 1


def test_sockets_look_nothing_up_in_cilium(table):
    """With maglev, traffic from outside has a table of 16,381 entries; a Pod's socket draws."""
    rules = table("ebpf", "ebpf: {algorithm: maglev}\n", services=3)
    outside = rules.about("node-1", Packet("TCP", "203.0.113.9", "192.168.1.100", 30000))
    inside = rules.about("node-1", Packet("TCP", "192.168.1.100", "10.96.0.3", 80))
    assert rules.rules["table"][[outside, inside]].tolist() == [0, -1]
    assert len(rules.servers) == 16381
    assert rules.loads == -1
