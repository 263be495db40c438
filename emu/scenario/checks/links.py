"""The links of the network."""

from collections import Counter
from collections.abc import Iterator

from emu.errors import Mistake
from emu.scenario.checks.subject import Subject
from emu.scenario.checks.uniqueness import FABRIC
from emu.scenario.names import is_inside
from emu.scenario.text import listed, printable


def mistakes(subject: Subject) -> Iterator[Mistake]:
    """Ends that are nothing, two links between the same ends, and places that are cut off.

    A name that stands for no place is a switch of the user's own, if two links end there.
    """
    links = subject.spec.network.links
    hosts = _hosts(subject)
    known = [*hosts, FABRIC]
    ends = Counter(end for link in links for end in set(link.between))
    pairs: set[frozenset[str]] = set()
    unknown = False
    for number, link in enumerate(links):
        path = ("spec", "network", "links", number, "between")
        for index, end in enumerate(link.between):
            if end not in known and ends[end] < 2:
                unknown = True
                rule = f"unknown place (a switch needs two links); known: {listed(end, known)}"
                yield subject.place.mistake((*path, index), rule)
        if frozenset(link.between) in pairs:
            yield subject.place.missing(path, "is the same as that of another link")
        pairs.add(frozenset(link.between))
    if not unknown:
        yield from _cut_off(subject, hosts)


def _hosts(subject: Subject) -> dict[str, bool]:
    """The places of the network; whether each has a default link though it has links of its own."""
    hosts = {node.name: True for node in subject.cluster.nodes}
    hosts |= {balancer.name: True for balancer in subject.spec.load_balancers}
    hosts |= {client.name: False for client in subject.spec.clients if not is_inside(client)}
    return hosts


def _cut_off(subject: Subject, hosts: dict[str, bool]) -> Iterator[Mistake]:
    """Places from which no way leads to the fabric: clients and switches linked to one another."""
    neighbours: dict[str, set[str]] = {}
    for link in subject.spec.network.links:
        for end, other in (link.between, link.between[::-1]):
            neighbours.setdefault(end, set()).add(other)
    reached: set[str] = set()
    waiting = [end for end in neighbours if end == FABRIC or hosts.get(end, False)]
    while waiting:
        end = waiting.pop()
        if end not in reached:
            reached.add(end)
            waiting.extend(neighbours[end])
    if lost := sorted(neighbours.keys() - reached):
        rule = f"must leave a way to the fabric; cut off: {printable(', '.join(lost), 200)}"
        yield subject.place.missing(("spec", "network", "links"), rule)
