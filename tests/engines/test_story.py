"""One request, hop by hop, with constant delays: every field of its row, worked out by hand."""

from emu.recorder.rows import ABSENT, ROW, Outcome

US, MS = 1_000, 1_000_000

SPEC = """
requests: 2
behaviours: [{workers: 1, serviceTime: 20ms}]
clients: [{name: internet, arrivals: {constant: {rate: 1/s}}}]
"""
"""The reference cluster: both Pods on node-1, round robin over node-1 and node-2. By default a
client is 10 ms from the fabric, a load balancer or node 250 us, a Pod 20 us from its node."""

CLIENT_TO_LB = 10 * MS + 250 * US
LB_TO_NODE = 500 * US
NODE_TO_NODE = 500 * US
LOCAL = 20 * US


def test_a_request_over_the_pods_own_node(described, play):
    """By node-1 to a Pod on node-1: DNS, three ways to the load balancer, three to the Pod."""
    row = play(described(SPEC)).rows[0]
    lb = MS + 3 * CLIENT_TO_LB
    node = lb + LB_TO_NODE
    pod = node + LOCAL + (LOCAL + LB_TO_NODE) + (LB_TO_NODE + LOCAL)
    response = pod + 20 * MS + LOCAL + LB_TO_NODE
    assert (lb, node, pod, response) == (31_750_000, 32_250_000, 33_310_000, 53_830_000)
    assert 1024 <= row["masquerade_port"] <= 65535
    assert row["pod"] == row["endpoint"]
    assert row["pod"] in (0, 1)
    assert dict(zip(ROW.names, row.tolist(), strict=True)) == {
        "request": 0, "attempt": 0, "client": 0, "request_class": 0,
        "connection": 0, "new_connection": 3,
        "lb_connection": 1, "outcome": Outcome.OK,
        "intended_ns": 0, "sent_ns": MS, "lb_ns": lb, "node_ns": node, "pod_ns": pod,
        "service_start_ns": pod, "service_end_ns": pod + 20 * MS, "lb_response_ns": response,
        "done_ns": response + CLIENT_TO_LB,
        "load_balancer": 0, "service": 0, "node": 0, "pod": row["pod"],
        "client_port": 32768, "lb_port": 32768, "masquerade_port": row["masquerade_port"],
        "endpoint": row["endpoint"], "queue_length": 0,
        "request_bytes": 512, "response_bytes": 2048,
    }  # fmt: skip


def test_a_request_over_another_node(described, play):
    """By node-2 the packets cross to node-1 and come back the same way; the name is known now."""
    run = play(described(SPEC))
    row = run.rows[1]
    start = 1000 * MS
    lb = start + 3 * CLIENT_TO_LB
    node = lb + LB_TO_NODE
    onward = NODE_TO_NODE + LOCAL
    pod = node + 3 * onward + 2 * LB_TO_NODE
    response = pod + 20 * MS + onward + LB_TO_NODE
    assert (lb, node, pod, response) == (1030_750_000, 1031_250_000, 1033_810_000, 1054_830_000)
    times = {name: row[name] for name in ROW.names if name.endswith("_ns")}
    assert times == {
        "intended_ns": start, "sent_ns": start, "lb_ns": lb, "node_ns": node, "pod_ns": pod,
        "service_start_ns": pod, "service_end_ns": pod + 20 * MS, "lb_response_ns": response,
        "done_ns": response + CLIENT_TO_LB,
    }  # fmt: skip
    assert (row["node"], row["client_port"], row["lb_port"]) == (1, 32769, 32768)
    assert run.model.pods["node"][row["pod"]] == 0
    assert run.ending.end_ns == row["done_ns"]
    assert (run.ending.sent, run.ending.interrupted) == (2, False)


LINKED = """
requests: 1
behaviours: [{workers: 1, serviceTime: 20ms}]
clients:
  - name: internet
    url: http://192.168.1.1/
    requestSize: 1000
    responseSize: 50000
    arrivals: {constant: {rate: 1/s}}
network:
  links:
    - {between: [internet, edge], latency: 4ms, bandwidth: 1Mbit}
    - {between: [edge, node-1], latency: 1ms, bandwidth: 10Mbit}
"""


def test_links_and_bandwidth(described, play):
    """Request and answer take 8 bits a byte over each link; handshakes take no such time."""
    row = play(described(LINKED)).rows[0]
    lb = 3 * 4 * MS + 8 * MS
    node = lb + 1 * MS
    pod = node + LOCAL + (LOCAL + 1 * MS) + (1 * MS + 800 * US + LOCAL)
    response = pod + 20 * MS + LOCAL + (1 * MS + 40 * MS)
    found = [row[f"{name}_ns"] for name in ("sent", "lb", "node", "pod", "lb_response", "done")]
    assert found == [0, lb, node, pod, response, response + 4 * MS + 400 * MS]


def test_drawn_delays_do_not_change_the_draws_of_others(described, play):
    """A link that is drawn moves the moments, while the service time stays what it was."""
    spec = SPEC.replace("serviceTime: 20ms", "serviceTime: {exponential: {mean: 20ms}}")
    drawn = spec + "network: {internal: {exponential: {mean: 250us}}}\n"
    plain, moved = (play(described(text)).rows for text in (spec, drawn))
    assert (plain["pod_ns"] != moved["pod_ns"]).all()
    served = [rows["service_end_ns"] - rows["service_start_ns"] for rows in (plain, moved)]
    assert served[0].tolist() == served[1].tolist()


def test_the_found_port_may_be_the_senders_own(described, play):
    """A masqueraded connection whose new port is the old one is masqueraded all the same.

    With this seed the node finds 32768, which is the load balancer's own port.
    """
    run = play(described(SPEC, requests=1, seed=25369))
    row = run.rows[0]
    assert row["lb_port"] == row["masquerade_port"] == 32768
    assert row["outcome"] == Outcome.OK
    assert ABSENT not in (row["masquerade_port"], row["done_ns"])
