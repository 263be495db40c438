"""The path on the wire: one row for each interface that a request's packets pass, both ways."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from emu.hops.kubeproxy import chains
from emu.hops.network import POD_CONNECTION, Leg, travel
from emu.model import Model
from emu.model.targets import TargetKind
from emu.path.ends import Address, Ends, ends_of, target_of
from emu.recorder.rows import ABSENT, Outcome

FORWARD, BACK = "forward", "back"


class WireStep(NamedTuple):
    """One packet at one interface.

    ``at_ns`` is simulated time: on the way forward that of the first packet at the node and of the
    request elsewhere. ``what`` names the rule or table that made the packet what it is there.
    """

    at_ns: int
    direction: str
    place: str
    src: str
    src_port: int
    dst: str
    dst_port: int
    what: str


def wire(model: Model, row: Any) -> list[WireStep]:
    """The steps of the attempt in this row of `emu.recorder.rows.ROW`, as far as it came.

    What happens at a moment that the row does not have is left out: the row of a request in
    flight tells the way so far.
    """
    return [step for step in _steps(model, row) if step.at_ns != ABSENT]


def _step(
    at_ns: int, direction: str, place: str, source: Address, destination: Address, what: str
) -> WireStep:
    return WireStep(
        int(at_ns), direction, place, source.address, source.port,
        destination.address, destination.port, what,
    )  # fmt: skip


def _steps(model: Model, row: Any) -> Iterator[WireStep]:
    ends = ends_of(model, row)
    kind = model.targets[target_of(model, row)]["kind"]
    client = model.places.clients[row["client"]][0]
    yield _step(
        row["sent_ns"], FORWARD, client, ends.client, ends.front, _resolved(model, row, ends)
    )
    if kind == TargetKind.LISTENER:
        yield from _through_balancer(model, row, ends, client)
    elif kind == TargetKind.SERVICE:
        yield from _through_node(model, row, ends)
        yield from _answered(row, client, ends.front, ends.client)
    elif kind == TargetKind.POD:
        yield from _at_pod(model, row, ends.client, ends.front)
        yield from _answered(row, client, ends.front, ends.client)
    elif kind == TargetKind.CLOSED:
        what = "nothing listens there: RST"
        yield _step(row["done_ns"], BACK, client, ends.front, ends.client, what)


def _resolved(model: Model, row: Any, ends: Ends) -> str:
    host = model.hosts[row["client"]]
    if host == ends.front.address:
        return "connect"
    return f"DNS: {host} is {ends.front.address}"


def _through_balancer(model: Model, row: Any, ends: Ends, client: str) -> Iterator[WireStep]:
    name = model.places.load_balancers[row["load_balancer"]][0]
    yield _step(
        row["lb_ns"], FORWARD, name, ends.client, ends.front, f"listener on port {ends.front.port}"
    )
    if row["node"] != ABSENT:
        listener = model.listeners[model.targets[target_of(model, row)]["listener"]]
        what = f"{listener.strategy.name} picks {model.places.nodes[row['node']][0]}"
        yield _step(row["lb_ns"], FORWARD, name, ends.sender, ends.service, what)
        yield from _through_node(model, row, ends)
        yield _step(row["lb_response_ns"], BACK, name, ends.service, ends.sender, _answer(row))
    yield _step(
        row["lb_response_ns"], BACK, name, ends.front, ends.client,
        "proxied answer" if row["outcome"] == Outcome.OK else "502 Bad Gateway",
    )  # fmt: skip
    yield from _answered(row, client, ends.front, ends.client)


def _answered(row: Any, client: str, source: Address, destination: Address) -> Iterator[WireStep]:
    """The last step, unless the client had given up or never had an answer."""
    if row["outcome"] in _ANSWERED:
        yield _step(row["done_ns"], BACK, client, source, destination, _answer(row))


_ANSWERED = frozenset({Outcome.OK, Outcome.REFUSED, Outcome.BACKLOG_FULL, Outcome.BAD_GATEWAY})


def _answer(row: Any) -> str:
    return "the answer" if row["outcome"] == Outcome.OK else "the refusal"


def _through_node(model: Model, row: Any, ends: Ends) -> Iterator[WireStep]:
    """Into the translating node, translated, to the Pod and back."""
    name = model.places.nodes[row["node"]][0]
    at, service = row["node_ns"], model.places.services[row["service"]]
    node_port = ends.service.address == model.places.nodes[row["node"]][1]
    table = "KUBE-NODEPORTS" if node_port else "KUBE-SERVICES"
    yield _step(at, FORWARD, name, ends.sender, ends.service, f"nat PREROUTING: {table}")
    if ends.translated is None or ends.endpoint is None:
        if row["outcome"] == Outcome.REFUSED:
            what = f"filter {'KUBE-EXTERNAL-SERVICES' if node_port else 'KUBE-SERVICES'}: REJECT"
            yield _step(at, BACK, name, ends.service, ends.sender, what)
        return
    what = f"{chains.service_chain(service)}: DNAT"
    if row["masquerade_port"] != ABSENT:
        what += "; KUBE-POSTROUTING: MASQUERADE"
    yield _step(at, FORWARD, name, ends.translated, ends.endpoint, what)
    if row["pod"] != ABSENT:
        yield from _at_pod(model, row, ends.translated, ends.endpoint)
        yield _step(
            _back_at_node(model, row), BACK, name, ends.service, ends.sender,
            "conntrack: translated back",
        )  # fmt: skip


def _at_pod(model: Model, row: Any, source: Address, endpoint: Address) -> Iterator[WireStep]:
    """Into the Pod, and what it answers."""
    name = model.places.pods[row["pod"]][0]
    listens = f"listens on {model.pods['app_port'][row['pod']]}"
    yield _step(row["pod_ns"], FORWARD, name, source, endpoint, f"the application {listens}")
    answers = {
        Outcome.REFUSED: (row["pod_ns"], "RST: nothing listens there"),
        Outcome.BACKLOG_FULL: (row["pod_ns"], "RST: the backlog is full"),
    }
    served = (row["service_end_ns"], "the application answers")
    at, what = answers.get(row["outcome"], served)
    yield _step(at, BACK, name, endpoint, source, what)


def _back_at_node(model: Model, row: Any) -> int:
    """When the Pod's answer or refusal passes the translating node."""
    pod = row["pod"]
    start, leg, size = row["service_end_ns"], Leg.RESPONSE, row["response_bytes"]
    if row["outcome"] == Outcome.REFUSED:
        start, leg, size = row["pod_ns"], Leg.SYN_ACK, 0
    elif row["outcome"] == Outcome.BACKLOG_FULL:
        start, size = row["pod_ns"], 0
    if start == ABSENT:
        return ABSENT
    node, vertex = int(row["node"]), int(model.pods["node"][pod])
    return int(start) + travel(
        *model.network, node, node, vertex, 0, 1, max(int(size), 0), int(leg), int(leg),
        POD_CONNECTION, model.seed, int(row["request"]), int(row["attempt"]),
    )  # fmt: skip
