"""From links to delays: which way packets take, and how long that is."""

from itertools import pairwise

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emu.distributions import table_of
from emu.errors import ScenarioError
from emu.hops.network import ANSWERED, FIRST_PACKET, NetworkTable, travel
from emu.model.delays import FABRIC, DelayTable, topology
from emu.scenario import Network

US, MS = 1_000, 1_000_000
HOSTS = ("node-1", "node-2", "edge", "internet", "office")
FIRST_CLIENT = 3


def tables(links=(), **defaults):
    """The delay tables of two nodes, a load balancer and two clients with these links."""
    fields = {"links": [link(*each) for each in links], "local": "20us", **defaults}
    network = Network.model_validate(fields)
    choices = [network.local]
    delays = DelayTable(topology(network, HOSTS, FIRST_CLIENT), HOSTS, choices)
    table, places = table_of(choices)
    delays.placed(places)
    return NetworkTable(delays.legs, delays.core, table)


def link(a, b, latency, bandwidth=None):
    """A link of a scenario."""
    more = {} if bandwidth is None else {"bandwidth": bandwidth}
    return {"between": [a, b], "latency": latency, **more}


def way(net, a, b, size=0, request=0):
    """Nanoseconds from a to b of a message of that size."""
    start, end = HOSTS.index(a), HOSTS.index(b)
    legs = ANSWERED if size else FIRST_PACKET
    ends = (end, start, start, 0, 0) if size else (start, end, end, 0, 0)
    return travel(*net, *ends, size, *legs, 0, 1, request, 0)


def test_without_links_all_hang_on_the_fabric():
    """Each host has a default link: 10 ms for clients outside, 250 us for all others."""
    net = tables()
    assert way(net, "internet", "edge") == 10 * MS + 250 * US
    assert way(net, "edge", "node-1") == way(net, "node-1", "node-2") == 500 * US
    assert way(net, "internet", "office") == 20 * MS


def test_defaults_can_be_changed():
    """network.external and network.internal are the defaults of the two kinds of host."""
    net = tables(external="7ms", internal="2us")
    assert way(net, "internet", "edge") == 7 * MS + 2 * US
    assert way(net, "node-1", "edge") == 4 * US


def test_a_link_of_ones_own_is_preferred():
    """A way over given links is taken, though the defaults would be faster."""
    net = tables([("edge", "node-1", "50ms")])
    assert way(net, "edge", "node-1") == 50 * MS
    assert way(net, "edge", "node-2") == 500 * US
    assert way(net, "node-1", "node-2") == 500 * US


def test_a_client_with_a_link_has_no_other():
    """A client's own link replaces its default one: whatever it calls, it goes by that link."""
    net = tables([("internet", "edge", "3ms")])
    assert way(net, "internet", "edge") == 3 * MS
    assert way(net, "internet", "node-1") == 3 * MS + 500 * US
    assert way(net, "office", "edge") == 10 * MS + 250 * US


def test_switches_are_places_of_their_own():
    """A name that is no host is a switch, over which ways lead."""
    net = tables([("node-1", "rack", "1us"), ("rack", "node-2", "2us"), ("rack", FABRIC, "30us")])
    assert way(net, "node-1", "node-2") == 3 * US
    assert way(net, "node-1", "edge") == 1 * US + 30 * US + 250 * US
    assert way(net, "internet", "node-2") == 10 * MS + 30 * US + 2 * US


def test_of_given_ways_the_faster_is_taken():
    """Among ways without default links the one with the least latency wins, however many hops."""
    links = [("edge", "node-1", "9ms"), ("edge", "a", "2ms"), ("a", "b", "3ms")]
    assert way(tables([*links, ("b", "node-1", "3ms")]), "edge", "node-1") == 8 * MS
    assert way(tables([*links, ("b", "node-1", "5ms")]), "edge", "node-1") == 9 * MS


def test_ways_are_chosen_by_the_mean():
    """A drawn latency counts with its mean when ways are compared."""
    links = [("edge", "node-1", {"exponential": {"mean": "5ms"}}), ("edge", "a", "2ms")]
    slow = tables([*links, ("a", "node-1", "4ms")])
    assert len({way(slow, "edge", "node-1", request=n) for n in range(5)}) == 5
    fast = tables([*links, ("a", "node-1", "2ms")])
    assert {way(fast, "edge", "node-1", request=n) for n in range(5)} == {4 * MS}


def test_every_link_transmits_anew():
    """Store and forward: size * 8 / bandwidth on each link that has a bandwidth."""
    net = tables([("internet", "hub", "1ms", "1Mbit"), ("hub", FABRIC, "1ms", "8Mbit")])
    assert way(net, "internet", "edge", 1000) == 2 * MS + 250 * US + 8 * MS + 1 * MS
    assert way(net, "edge", "internet", 1000) == way(net, "internet", "edge", 1000)
    assert way(net, "edge", "node-1", 1000) == 500 * US


@pytest.mark.parametrize(
    ("links", "names"),
    [
        ([("internet", "island", "1ms")], "internet, island"),
        ([("a", "b", "1ms"), ("internet", "office", "1ms")], "a, b, internet, office"),
    ],
)
def test_places_that_are_cut_off_are_named(links, names):
    """A place without a way to the fabric is an error that names it."""
    with pytest.raises(ScenarioError, match=f"cut off: {names}$"):
        tables(links)


def test_only_hosts_with_several_links_are_in_the_core():
    """The table of all pairs has the fabric and what has more than one link, not every host."""
    assert tables().core.shape[:2] == (1, 1)
    assert tables([("internet", "edge", "1ms")]).core.shape[:2] == (2, 2)


PLACES = [*HOSTS, FABRIC, "switch-1", "switch-2"]


@settings(deadline=None)
@given(
    links=st.dictionaries(
        st.lists(st.sampled_from(PLACES), min_size=2, max_size=2, unique=True).map(
            lambda pair: tuple(sorted(pair))
        ),
        st.integers(1, 30),
        max_size=8,
    )
)
def test_ways_are_the_best_of_all_ways(links):
    """Of all ways, listed one by one, the one with fewest default links and then least latency."""
    linked = {name for pair in links for name in pair}
    graph = nx.Graph()
    graph.add_node(FABRIC)
    for number, host in enumerate(HOSTS):
        if number < FIRST_CLIENT or host not in linked:
            latency = 250 if number < FIRST_CLIENT else 10_000
            graph.add_edge(host, FABRIC, latency=latency, default=True)
    for (a, b), latency in links.items():
        graph.add_edge(a, b, latency=latency, default=False)
    given_links = [(a, b, f"{latency}us") for (a, b), latency in links.items()]
    if not nx.is_connected(graph):
        with pytest.raises(ScenarioError):
            tables(given_links)
        return
    net = tables(given_links)
    for a in HOSTS:
        for b in HOSTS:
            if a != b:
                ways = [list(pairwise(path)) for path in nx.all_simple_paths(graph, a, b)]
                costs = [[graph.edges[step] for step in path] for path in ways]
                best = min((sum(e["default"] for e in path), sum(e["latency"] for e in path))
                           for path in costs)  # fmt: skip
                assert way(net, a, b) == way(net, b, a) == best[1] * US
