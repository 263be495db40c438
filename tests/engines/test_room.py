"""Tables are enlarged before an event that needs more of them, however much that is."""

import numpy as np
import pytest

from emu.hops import pool, ports
from tests.conftest import same
from tests.engines.deployment import deployed

GUARD = 300
"""More elements than one event could take beyond a table's end."""

PODS = 24
SPEC = f"""
nodePools: [{{name: node, nodes: 1}}]
duration: 4s
loadBalancers:
  - name: edge
    address: 192.168.1.1
    target: pod
    listeners: [{{service: web}}]
behaviours:
  - workers: 1
    serviceTime: {{mixture: {{components: [{{weight: 9, of: 1s}}, {{weight: 1, of: 1ms}}]}}}}
clients:
  - name: users
    arrivals: {{trace: {{times: [0s, 1ms, 2ms, 3ms, 1500ms, 1501ms]}}}}
    hedge: {{after: 20us, attempts: {PODS}}}
    timeout: 1s
    connections: {{maxConnections: {PODS}}}
"""
OBJECTS = deployed(PODS)
"""Every request asks all Pods, over all connections that there may be; the first answer gives up on
the others, whose connections are closed and opened anew, all at once, for the next in line."""


class Guarded:
    """Makes arrays that stand in larger ones, and looks whether something was written beyond."""

    def __init__(self):
        self._wholes = []

    def zeros(self, count, kind=float):
        whole = np.zeros(count + GUARD, kind)
        self._wholes.append((whole, count))
        return whole[:count]

    def untouched(self):
        return not any(whole[count:].view("u1").any() for whole, count in self._wholes)


class Guarding:
    """numpy, but for `zeros`."""

    def __init__(self, guarded):
        self.zeros = guarded.zeros

    def __getattr__(self, name):
        return getattr(np, name)


@pytest.mark.parametrize("room", [2, 24, 25, 26, 47, 48, 49, 50])
def test_nothing_is_written_beyond_the_room_there_is(described, play, monkeypatch, room):
    """With little room for connections and ports at first, the rows are the same, and what lies
    beyond the tables is untouched."""
    scenario = described(SPEC, OBJECTS)
    wanted = play(scenario)
    guarded = Guarded()
    for table in (pool, ports):
        monkeypatch.setattr(table, "_FIRST_ROOM", room)
        monkeypatch.setattr(table, "np", Guarding(guarded))
    found = play(scenario)
    same(found, wanted)
    assert (wanted.rows["new_connection"] != 0).sum() > 2 * PODS
    assert guarded.untouched()
