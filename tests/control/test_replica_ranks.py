"""Which Pods go first."""

import pytest

from emu.control.api_server import PENDING, PodObject
from emu.control.replica_ranks import first_to_go

S = 1_000_000_000
NOW = 10_000 * S


def pod(name, node=0, ready_for=4000, age=5000):
    """A Pod that has been ready for so many seconds; None: it is not."""
    return PodObject(
        name, None, node=node, ready=ready_for is not None, created_ns=NOW - age * S,
        ready_since_ns=-1 if ready_for is None else NOW - ready_for * S,
    )  # fmt: skip


@pytest.mark.parametrize(
    "others",
    [
        {"node": PENDING, "ready_for": None},
        {"ready_for": None},
        {"node": 2},
        {"ready_for": 100},
        {"age": 100},
    ],
)
def test_one_goes_before_the_others(others):
    """On no node, not ready, on a node with another, ready for a shorter time, or newer."""
    pods = [pod("a"), pod("b", node=1), pod("its", **{"node": 3} | others), pod("c", node=2)]
    assert first_to_go(pods, NOW)[0].name in ("its", "c" if others == {"node": 2} else "its")
    assert first_to_go(pods, NOW)[0].name == ("c" if others == {"node": 2} else "its")


def test_the_order_of_the_reasons():
    """Each counts before those that follow."""
    pods = [
        pod("newer", node=3, age=100),
        pod("shorter", node=4, ready_for=100),
        pod("together", node=1, ready_for=9000),
        pod("there", node=1, ready_for=9000),
        pod("unready", node=5, ready_for=None, age=9000),
        pod("pending", node=PENDING, ready_for=None, age=9000),
    ]
    names = [its.name for its in first_to_go(pods, NOW)]
    assert names == ["pending", "unready", "there", "together", "shorter", "newer"]


def test_those_of_about_one_age_are_alike():
    """Ages of one power of two: the later in the list goes, though it is older."""
    names = [its.name for its in first_to_go([pod("a", 0, 4000), pod("b", 1, 4100)], NOW)]
    assert names == ["b", "a"]
