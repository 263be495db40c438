"""What the compiled loop works on: slots that grow, and listeners laid out one after another."""

import numpy as np
import pytest

from emu.engines.compiled.layout import (
    CALL,
    FREE,
    fixed,
    moving,
    with_more_calls,
    with_more_slots,
)
from emu.model.build import build
from emu.model.state import State
from emu.recorder.rows import ABSENT, Outcome

SPEC = """
requests: 100
nodePools: [{name: node, nodes: 3}]
loadBalancers:
  - {name: one, address: 192.168.1.1, listeners: [{service: default/web}], strategy: random}
  - name: two
    address: 192.168.1.2
    listeners: [{service: default/web}, {port: 81, service: default/web}]
    strategy: round_robin
    connectTimeout: 3s
clients:
  - {name: a, url: "http://192.168.1.1/", arrivals: {poisson: {rate: 1/s}}}
  - {name: b, url: "http://192.168.1.2/", arrivals: {poisson: {rate: 1/s}}}
"""


@pytest.fixture
def model(described):
    """A model of two clients, three listeners and three nodes."""
    return build(described(SPEC))


def free_slots(state):
    """The slots that the chain of free ones names, in its order."""
    slots, slot = [], int(state.counters[FREE])
    while slot < len(state.rows):
        slots.append(slot)
        slot = int(state.journeys["next"][slot])
    return slots


def numbered(array, start):
    """Fill an array with distinct numbers, field by field."""
    for place, field in enumerate(array.dtype.names):
        array[field] = start + place * len(array) + np.arange(len(array))


def test_the_first_slots_are_all_free(model):
    """Before the first event every slot is free, once, and there is room for all events."""
    state = moving(model, State(model))
    assert free_slots(state) == list(range(len(state.rows)))
    assert len(state.journeys) == len(state.rows) > 0
    assert len(state.events.heap) >= len(state.rows) + len(model.clients)


def test_growing_keeps_everything(model):
    """Twice the slots: every row, journey and counter stays, only the new ones are free."""
    before = moving(model, State(model))
    slots = len(before.rows)
    numbered(before.rows, 1)
    numbered(before.journeys, 1000)
    numbered(before.jobs, 2000)
    numbered(before.attempts, 3000)
    numbered(before.fates, 4000)
    before.counters[:] = np.arange(100, 100 + len(before.counters))
    before.counters[FREE] = slots  # none is free
    slotted = ("rows", "journeys", "jobs", "attempts", "fates")
    expected = {name: getattr(before, name).copy() for name in slotted}
    counters = before.counters.copy()
    after = with_more_slots(before)
    assert {len(getattr(after, name)) for name in slotted} == {2 * slots}
    for name, array in expected.items():
        assert (getattr(after, name)[: len(array)] == array).all(), name
    assert free_slots(after) == list(range(slots, 2 * slots))
    assert len(after.events.heap) >= 2 * slots + len(model.clients)
    assert (np.delete(after.counters, FREE) == np.delete(counters, FREE)).all()
    for name in set(after._fields) - {*expected, "events"}:
        assert getattr(after, name) is getattr(before, name), name


def test_more_calls_keep_those_that_there_are(model):
    """Twice the room: the calls stay, and the chain of free ones leads to the new places."""
    before = moving(model, State(model))
    places = len(before.calls)
    numbered(before.calls, 1)
    before.counters[CALL] = places  # none is free
    calls, after = before.calls.copy(), with_more_calls(before)
    assert (after.calls[:places] == calls).all()
    free, place = [], int(after.counters[CALL])
    while place < len(after.calls):
        free.append(place)
        place = int(after.calls[place]["next"])
    assert free == list(range(places, 2 * places))


def test_a_blank_row_is_in_flight_and_knows_nothing(model):
    """A request begins in flight, attempt 0, and has no connection yet; all else is absent."""
    (row,) = moving(model, State(model)).blank
    stated = {"outcome": int(Outcome.IN_FLIGHT), "attempt": 0, "new_connection": 0}
    assert {name: int(row[name]) for name in row.dtype.names} == (
        dict.fromkeys(row.dtype.names, ABSENT) | stated
    )


def test_listeners_share_out_backends_and_memory(model):
    """Each listener's part of the backends and of the memory is its own array."""
    state = State(model)
    listeners = fixed(model, state).net.listeners
    assert len(listeners) == 3
    for listener, its in zip(listeners, state.listeners, strict=True):
        backends = state.backends[listener["first_backend"] : listener["end_backend"]]
        memory = state.memory[listener["first_memory"] : listener["end_memory"]]
        its.backends["in_flight"] += 1
        its.memory += 1
        assert np.array_equal(backends, its.backends)
        assert np.array_equal(memory, its.memory)
    assert (state.backends["in_flight"] == 1).all()
    assert listeners["end_backend"][-1] == len(state.backends) == 9
    assert listeners["end_memory"][-1] == len(state.memory)
    assert listeners["load_balancer"].tolist() == [0, 1, 1]


def test_senders_are_clients_and_then_listeners(model):
    """A client tries for 127 s, as Linux does; a listener for its own time, from its vertex."""
    senders = fixed(model, State(model)).net.senders
    seconds = [127, 127, 60, 3, 3]
    assert senders["patience_ns"].tolist() == [patience * 10**9 for patience in seconds]
    assert senders["vertex"].tolist() == senders["number"].tolist()
    assert len(set(senders["vertex"].tolist())) == 4
