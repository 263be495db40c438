"""Source ports of clients and load balancers: who runs out of them, and when they come back."""

import numpy as np

from emu.recorder.rows import ABSENT

S = 1_000_000_000
FEW_PORTS = {"sysctls": {"net.ipv4.ip_local_port_range": "40000 40009"}}
"""Ten source ports for each route."""

SPEC = """
duration: 130s
behaviours: [{workers: 100, serviceTime: 1ms}]
clients: [{name: c, node: node-1, url: "http://web:8080/", arrivals: {constant: {rate: 1/s}}}]
"""


def sent_and_refused(run):
    """How many requests had a port, and how many had none."""
    had = run.rows["client_port"] != ABSENT
    return int(had.sum()), int((~had).sum())


def test_a_client_runs_out_of_ports(described, play):
    """Ten ports, each kept for 60 s: ten connections at 0 to 9 s, 60 to 69 s, 120 to 129 s."""
    run = play(described(SPEC, kernel=FEW_PORTS))
    rows = run.rows[np.argsort(run.rows["request"])]
    had = [second for second in range(130) if rows["client_port"][second] != ABSENT]
    # The first connection ends a moment after 0 s, so its port is free a moment after 60 s.
    assert had == [*range(10), *range(61, 71), *range(122, 130)]
    assert run.outcomes == {"ok": 28, "ports_exhausted": 102}
    lacking = rows[rows["client_port"] == ABSENT]
    assert (lacking["done_ns"] == lacking["sent_ns"]).all()
    assert set(lacking["node"]) == {ABSENT}


def test_reuse_of_time_wait_is_a_setting(described, play):
    """With tcp_tw_reuse 1 a port is free after a second: ten ports serve ten clients a second."""
    reused = {"sysctls": FEW_PORTS["sysctls"] | {"net.ipv4.tcp_tw_reuse": 1}}
    run = play(described(SPEC, kernel=reused))
    assert sent_and_refused(run) == (130, 0)


def test_a_refused_connection_keeps_no_port(described, play):
    """An RST frees the port at once: nobody is in TIME_WAIT."""
    refusing = [{"appPort": 9090}]
    run = play(described(SPEC, kernel=FEW_PORTS, behaviours=refusing))
    assert run.outcomes == {"refused": 130}
    assert sorted(set(run.rows["client_port"])) == list(range(40000, 40010))


def test_each_route_has_ports_of_its_own(described, play):
    """Two addresses of one Service from one node: twice as many connections."""
    spec = SPEC.replace("clients: [", """clients: [
      {name: d, node: node-1, url: "http://192.168.1.101:30001/",
       arrivals: {constant: {rate: 1/s}}},
    """)  # fmt: skip
    run = play(described(spec, kernel=FEW_PORTS))
    assert run.outcomes == {"ok": 2 * 28, "ports_exhausted": 2 * 102}


def test_addresses_of_a_client_have_ports_of_their_own(described, play):
    """Fourteen addresses in turn have fourteen times as many ports as one."""
    client = {
        "name": "users", "addresses": "198.51.100.0/28", "url": "http://192.168.1.101:30001/",
        "arrivals": {"constant": {"rate": "10/s"}},
    }  # fmt: skip
    run = play(described(SPEC, kernel=FEW_PORTS, clients=[client]))
    sent = run.rows["client_port"] != ABSENT
    turns = run.rows["request"] % 14
    assert np.bincount(turns[sent & (run.rows["intended_ns"] < 59 * S)]).tolist() == [10] * 14


BALANCED = """
duration: 50s
behaviours: [{workers: 100, serviceTime: 1ms}]
loadBalancers:
  - {name: edge, address: 192.168.1.1, listeners: [{service: web}], strategy: %s}
clients:
  - {name: a, addresses: 198.51.100.0/26, url: "http://192.168.1.1/",
     arrivals: {constant: {rate: 2/s}}}
"""


def test_a_load_balancer_runs_out_of_ports(described, play):
    """To each of two nodes it has ten ports; what it cannot pass on, it answers itself."""
    run = play(described(BALANCED % "round_robin", kernel=FEW_PORTS))
    assert run.outcomes == {"ok": 20, "ports_exhausted": 80}
    lacking = run.rows[run.rows["lb_port"] == ABSENT]
    assert (lacking["lb_response_ns"] == lacking["lb_ns"]).all()
    assert (lacking["client_port"] != ABSENT).all()
    assert run.state.backends["in_flight"].tolist() == [0, 0]


def test_many_sources_do_not_run_out_of_ports(described, play):
    """The same load straight to the nodes comes from 62 addresses, and none runs out."""
    direct = (BALANCED % "round_robin").replace(
        "http://192.168.1.1/", "http://192.168.1.100:30001/"
    )
    run = play(described(direct, kernel=FEW_PORTS))
    assert run.outcomes == {"ok": 100}


def test_a_port_used_again_takes_the_entry_of_its_last_connection(described, play):
    """However fast ports come round, a client has one conntrack entry for each at a node."""
    reused = {"sysctls": FEW_PORTS["sysctls"] | {"net.ipv4.tcp_tw_reuse": 1}}
    run = play(described(SPEC, kernel=reused))
    assert run.state.conntrack.live.tolist() == [10, 0]


TWO_SERVICES = """
apiVersion: v1
kind: Service
metadata: {name: one}
spec: {clusterIP: 10.96.0.1, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: two}
spec: {clusterIP: 10.96.0.2, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web-1, labels: {app: web}}
spec: {containers: [{name: web, ports: [{containerPort: 8080}]}]}
"""


def test_a_taken_tuple_costs_a_connection_its_port(described, play):
    """Two Services with one Pod, from one node, from the same port: the node replaces one port."""
    run = play(
        described(
            """
            requests: 2
            nodePools: [{name: node, nodes: 1}]
            behaviours: [{workers: 100, serviceTime: 100ms}]
            clients:
              - {name: a, node: node-1, url: "http://one/", arrivals: {constant: {rate: 1/s}}}
              - {name: b, node: node-1, url: "http://two/", arrivals: {constant: {rate: 1/s}}}
            """,
            TWO_SERVICES,
        )
    )
    assert run.outcomes == {"ok": 2}
    assert run.rows["client_port"].tolist() == [32768, 32768]
    kept, replaced = run.rows["masquerade_port"]
    assert kept == ABSENT
    assert -replaced >= 1024
    assert run.state.conntrack.live.tolist() == [2]
