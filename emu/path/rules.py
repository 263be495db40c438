"""The names of the rules that a packet meets at the node that translates it.

They are those of kube-proxy's iptables mode; of other modes it is said what they decided. Source:
Kubernetes, pkg/proxy/iptables (proxier.go), and `emu.hops.kubeproxy.chains`.
"""

from collections.abc import Iterator

from emu.hops.kubeproxy import chains
from emu.hops.kubeproxy.services import Entry
from emu.path.attempt import Attempt
from emu.recorder.rows import Outcome

_MARK = "KUBE-MARK-MASQ"


def arriving(attempt: Attempt) -> str:
    """The hook by which a packet comes to the rules; those of an open connection pass them by."""
    if not attempt.opened:
        at_socket = attempt.mode == "ebpf" and attempt.before_any_interface
        return "the socket: an open connection" if at_socket else "conntrack: an open connection"
    if attempt.mode == "ebpf":
        return f"ebpf: {'connect()' if attempt.before_any_interface else 'the network device'}"
    if attempt.mode == "ipvs":
        return f"ipvs LOCAL_{'OUT' if attempt.from_node_itself else 'IN'}"
    hook = "OUTPUT" if attempt.from_node_itself else "PREROUTING"
    return f"nat {hook}: KUBE-SERVICES" if _by_chains(attempt) else f"{attempt.mode} {hook}"


def returning(attempt: Attempt) -> str:
    """What translates the answer back."""
    at_socket = attempt.mode == "ebpf" and attempt.before_any_interface
    return "the socket: translated back" if at_socket else "conntrack: translated back"


def _by_chains(attempt: Attempt) -> bool:
    return attempt.mode == "iptables"


def translating(attempt: Attempt) -> list[str]:
    """The rules that chose the endpoint and wrote the addresses, in their order."""
    if not attempt.opened:
        return ["DNAT as of its first packet"]
    if _by_chains(attempt):
        return list(_chains(attempt))
    return [f"{attempt.decision.reason}; DNAT"]


def _chains(attempt: Attempt) -> Iterator[str]:
    row, ends, decision = attempt.row, attempt.ends, attempt.decision
    service = attempt.model.places.services[row["service"]]
    mark = f" {_MARK}" if decision.masquerade else ""
    if attempt.entry != Entry.CLUSTER_IP:
        if attempt.to_node_port:
            yield "KUBE-NODEPORTS"
        yield f"{chains.external_chain(service)}{mark}"
        mark = ""
    chain = (chains.local_chain if decision.local else chains.service_chain)(service)
    assert ends.endpoint is not None
    places = [(e.address, e.port) for e in decision.endpoints]
    chance = ""  # where the node's rules were others then than at first, nobody knows it
    if ends.endpoint in places:
        chance = _probability(places.index(ends.endpoint), len(places))
    yield f"{chain}{mark}{chance}"
    endpoint = f"{ends.endpoint.address}:{ends.endpoint.port}"
    hairpin = f" {_MARK}," if attempt.masqueraded and not decision.masquerade else ""
    yield f"{chains.endpoint_chain(service, endpoint)}{hairpin} DNAT"
    if attempt.masqueraded:
        yield "KUBE-POSTROUTING MASQUERADE"


def _probability(place: int, count: int) -> str:
    """How the rule for the endpoint at this place is written: the last one has no condition."""
    return f" --probability {1 / (count - place):.10f}" if place < count - 1 else ""


def stopping(attempt: Attempt) -> str:
    """What at the node kept a packet from going on."""
    if attempt.outcome == Outcome.CONNTRACK_FULL:
        return "nf_conntrack: table full, dropping packet"
    if attempt.outcome == Outcome.SNAT_EXHAUSTED:
        return "KUBE-POSTROUTING MASQUERADE: no free port, dropped"
    action = attempt.decision.action.name
    if not _by_chains(attempt):
        return f"{attempt.decision.reason}, {action}"
    outward = attempt.entry != Entry.CLUSTER_IP
    table = "KUBE-EXTERNAL-SERVICES" if outward else "KUBE-SERVICES"
    return f"filter {table}: {attempt.decision.reason}, {action}"
