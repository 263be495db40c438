"""Source ports belong to a host, whoever on it opens the connection."""

SPEC = """
requests: 40
behaviours: [{workers: 100, serviceTime: 1ms}]
clients:
  - {name: a, node: node-1, url: "http://web:8080/", arrivals: {constant: {rate: 100/s}}}
  - {name: b, node: node-1, url: "http://web:8080/", arrivals: {constant: {rate: 100/s}}}
"""
TWO_LISTENERS = """
requests: 40
behaviours: [{workers: 100, serviceTime: 1ms}]
loadBalancers:
  - name: edge
    address: 192.168.1.1
    listeners: [{port: 80, service: web}, {port: 81, service: web}]
clients:
  - {name: a, url: "http://192.168.1.1/", arrivals: {constant: {rate: 100/s}}}
  - {name: b, url: "http://192.168.1.1:81/", arrivals: {constant: {rate: 100/s}}}
"""
LOCAL_SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  externalTrafficPolicy: Local
  selector: {app: web}
  ports: [{port: 8080, nodePort: 30001}]
---
apiVersion: v1
kind: Pod
metadata: {name: web-1, labels: {app: web}}
spec: {nodeName: node-1}
"""


def test_clients_on_one_node_share_its_ports(described, play):
    """Two clients on a node: each connection has a port, and a conntrack entry, of its own."""
    run = play(described(SPEC))
    assert sorted(run.rows["client_port"]) == list(range(32768, 32768 + 40))
    assert run.state.conntrack.live.tolist() == [40, 0]


def test_listeners_of_one_balancer_share_its_ports(described, play):
    """Two ports of a load balancer, and its address kept under Local: no entry serves two."""
    run = play(described(TWO_LISTENERS, LOCAL_SERVICE))
    assert sorted(run.rows["lb_port"]) == list(range(32768, 32768 + 40))
    assert run.state.conntrack.live.tolist() == [40, 0]
