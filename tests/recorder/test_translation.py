"""Engine rows as columns with names."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu.recorder.columns import schema
from emu.recorder.places import Places
from emu.recorder.rows import ABSENT, ROW, Outcome
from emu.recorder.translation import Translation


def one_row(places, **fields):
    """The one row with these fields, translated, as a dictionary."""
    row = np.full(1, ABSENT, dtype=ROW)
    required = {"request": 0, "attempt": 0, "client": 0, "outcome": 0, "intended_ns": 0}
    for name, value in (required | fields).items():
        row[name] = value
    (translated,) = Translation(places).batch(row).to_pylist()
    return translated


def test_places_become_names_and_addresses(synthetic):
    """Each index stands as the name and the addresses of its place."""
    row = one_row(
        synthetic.places, client=1, load_balancer=0, node=1, service=0, pod=0, endpoint=1,
        masquerade_port=2000, outcome=Outcome.BACKLOG_FULL,
    )  # fmt: skip
    assert row["client"] == "office"
    assert row["client_address"] == "203.0.113.11"
    assert row["load_balancer"] == "edge"
    assert row["load_balancer_address"] == "192.168.1.1"
    assert row["node"] == "node-2"
    assert row["node_zone"] == "zone-b"
    assert row["masquerade_address"] == "192.168.1.101"
    assert row["masquerade_port"] == 2000
    assert row["service"] == "default/web:http"
    assert row["pod"] == "default/web-1"
    assert (row["endpoint_address"], row["endpoint_port"]) == ("10.244.2.2", 8080)
    assert row["pod_node"] == "node-1"
    assert row["outcome"] == "backlog_full"


def test_absent_becomes_null_in_every_nullable_column(synthetic):
    """A row that has only what every row has is null everywhere else."""
    row = one_row(synthetic.places)
    present = {name for name, value in row.items() if value is not None}
    assert present == {field.name for field in schema("requests") if not field.nullable}


def test_no_masquerade_address_without_masquerade(synthetic):
    """Where the source address was kept, the node's address does not stand in its place."""
    assert one_row(synthetic.places, node=0)["masquerade_address"] is None


@pytest.mark.parametrize(
    ("node", "pod", "cross_node", "cross_zone"),
    [
        (0, 0, False, False),
        (0, 1, True, True),
        (0, 2, True, None),  # node-3 has no zone
        (2, 2, False, None),
        (0, ABSENT, None, None),
        (ABSENT, 0, None, None),
    ],
)
def test_crossings(synthetic, node, pod, cross_node, cross_zone):
    """A request crosses where the Pod's node or zone is not the translating node's."""
    row = one_row(synthetic.places, node=node, pod=pod)
    assert (row["cross_node"], row["cross_zone"]) == (cross_node, cross_zone)


def test_a_row_without_its_intended_time_is_refused(synthetic):
    """An engine that leaves out what every row must have is told so."""
    with pytest.raises(ValueError, match="intended_ns is absent"):
        one_row(synthetic.places, intended_ns=ABSENT)


def test_places_with_one_name_share_it():
    """Two clients behind one address are two clients with that address."""
    places = Places(clients=[("a", ("203.0.113.10",)), ("b", ("203.0.113.10",))])
    assert [one_row(places, client=i)["client_address"] for i in (0, 1)] == ["203.0.113.10"] * 2


def test_a_client_with_several_addresses_takes_them_in_turn():
    """Request 0 comes from the first address of its client, its next request from the second."""
    places = Places(clients=[("a", ("10.0.0.1", "10.0.0.2")), ("b", ("10.0.0.9",))])
    drawn = [one_row(places, client=n % 2, request=n)["client_address"] for n in range(6)]
    assert drawn == ["10.0.0.1", "10.0.0.9", "10.0.0.2", "10.0.0.9", "10.0.0.1", "10.0.0.9"]


def test_a_port_may_be_replaced_and_the_address_stay(synthetic):
    """A port below -1 in a row: the node replaced the port alone."""
    row = one_row(synthetic.places, node=1, masquerade_port=-2000)
    assert (row["masquerade_address"], row["masquerade_port"]) == (None, 2000)


@given(
    st.lists(st.tuples(st.integers(-1, 2**62), st.integers(-1, 2), st.integers(-1, 2)), max_size=50)
)
def test_translation_keeps_every_value(values):
    """Times and places come back as they were, -1 as null, whatever stands beside them."""
    places = Places(
        clients=[("c", "203.0.113.1")],
        nodes=[(f"n{i}", f"192.168.1.{i}", "z") for i in range(3)],
        pods=[(f"p{i}", f"10.0.0.{i}", 2 - i) for i in range(3)],
    )
    rows = np.zeros(len(values), dtype=ROW)
    for row, (done, node, pod) in zip(rows, values, strict=True):
        row["done_ns"], row["node"], row["pod"] = done, node, pod
        row["load_balancer"] = row["service"] = ABSENT
    batch = Translation(places).batch(rows)
    batch.validate(full=True)
    assert batch["done_ns"].to_pylist() == [None if v[0] < 0 else v[0] for v in values]
    assert batch["node"].to_pylist() == [None if v[1] < 0 else f"n{v[1]}" for v in values]
    assert batch["pod_node"].to_pylist() == [None if v[2] < 0 else f"n{2 - v[2]}" for v in values]
