"""The names of the rules that a packet meets at the node that translates it.

They are those of kube-proxy's iptables mode. Source: Kubernetes, pkg/proxy/iptables (proxier.go,
``writeServiceToEndpointRules``), and `emu.hops.kubeproxy.chains`.
"""

from collections.abc import Iterator

from emu.hops.kubeproxy import chains
from emu.hops.node import Entry, Source, local_only, rule_number
from emu.path.attempt import Attempt
from emu.recorder.rows import Outcome

_MARK = "KUBE-MARK-MASQ"


def arriving(attempt: Attempt) -> str:
    """The hook by which a packet comes to the nat rules."""
    hook = "OUTPUT" if attempt.source == Source.NODE else "PREROUTING"
    return f"nat {hook}: KUBE-SERVICES"


def translating(attempt: Attempt) -> list[str]:
    """The rules that chose the endpoint and wrote the addresses, in their order."""
    return list(_translating(attempt))


def _translating(attempt: Attempt) -> Iterator[str]:
    row, model, ends = attempt.row, attempt.model, attempt.ends
    service, policy = model.places.services[row["service"]], model.policies[row["service"]]
    entry = Entry.NODE_PORT if attempt.to_node_port else Entry.CLUSTER_IP
    number = rule_number(
        len(model.places.services), row["node"], row["service"], entry, attempt.source
    )
    rule = model.rules[number]
    mark = f" {_MARK}" if rule["masquerade"] else ""
    if entry == Entry.NODE_PORT:
        yield "KUBE-NODEPORTS"
        yield f"{chains.external_chain(service)}{mark}"
        mark = ""
    local = local_only(entry, attempt.source, policy)
    chain = (chains.local_chain if local else chains.service_chain)(service)
    members = model.members[rule["first"] : rule["first"] + rule["count"]].tolist()
    yield f"{chain}{mark}{_probability(members.index(row['endpoint']), len(members))}"
    assert ends.endpoint is not None
    endpoint = f"{ends.endpoint.address}:{ends.endpoint.port}"
    hairpin = f" {_MARK}," if attempt.masqueraded and not rule["masquerade"] else ""
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
    service = attempt.model.places.services[attempt.row["service"]]
    table = "KUBE-EXTERNAL-SERVICES" if attempt.to_node_port else "KUBE-SERVICES"
    if attempt.outcome == Outcome.REFUSED:
        return f"filter {table}: {service} has no endpoints, REJECT"
    return f"filter {table}: {service} has no local endpoints, DROP"
