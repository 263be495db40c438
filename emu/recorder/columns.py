"""Every column of a run's Parquet files: name, type, unit, meaning, and whether it may be null.

The unit and the meaning go into each file's field metadata (``unit``, ``description``), and
`describe` lists them for people. Times are int64 nanoseconds of simulated time in columns named
``..._ns``; numbers that Parquet can hold in 32 bits do; names are dictionaries.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import pyarrow as pa

SCHEMA_VERSION: Final = 1
"""Of the columns below; it goes up when one of them changes its meaning or goes away."""

NAME: Final = pa.dictionary(pa.int32(), pa.string())
"""One of few names or addresses: written once a row group, referred to by number in each row."""


class Column(NamedTuple):
    """One column of one file; ``unit`` is empty for what has none."""

    name: str
    type: pa.DataType
    unit: str
    meaning: str
    nullable: bool = True


def _name(name: str, meaning: str, nullable: bool = True) -> Column:
    return Column(name, NAME, "", meaning, nullable)


def _time(name: str, meaning: str, nullable: bool = True) -> Column:
    return Column(name, pa.int64(), "ns", meaning, nullable)


def _number(name: str, meaning: str, nullable: bool = True) -> Column:
    return Column(name, pa.int32(), "", meaning, nullable)


def _long(name: str, meaning: str, nullable: bool = True, unit: str = "") -> Column:
    return Column(name, pa.int64(), unit, meaning, nullable)


def _flag(name: str, meaning: str) -> Column:
    return Column(name, pa.bool_(), "", meaning)


REQUESTS: Final = (
    _long("request", "number of the request, from 0", nullable=False),
    _number("attempt", "which attempt of the request this is, from 0", nullable=False),
    _name("client", "who sent it", nullable=False),
    _name("client_address", "source address as the client sends it", nullable=False),
    _number("client_port", "source port as the client sends it"),
    _name("class", "of which of the client's classes it is"),
    _long("connection", "number of the client's connection that carried it"),
    _flag("new_connection", "the connection was opened for this request"),
    _long("lb_connection", "number of the load balancer's connection that carried it"),
    _flag("lb_new_connection", "that connection was opened for this request"),
    _name("outcome", "how it ended; in_flight when the run ended first", nullable=False),
    _time("intended_ns", "when the client meant to send it; latency counts from here", False),
    _time("sent_ns", "when the client sent it, its name resolved"),
    _time("lb_ns", "when it was at the load balancer"),
    _time("node_ns", "when it was at the node that translates its connection"),
    _time("pod_ns", "when it was at the Pod"),
    _time("service_start_ns", "when its service at the Pod began"),
    _time("service_end_ns", "when its service was done, or cut short by an RST"),
    _time("lb_response_ns", "when the answer was back at the load balancer"),
    _time("done_ns", "when the client had its answer, or gave up"),
    _name("load_balancer", "the external load balancer"),
    _name("load_balancer_address", "its address, the source that the backend sees"),
    _number("lb_port", "the load balancer's source port towards its backend"),
    _name("service", "the Service and its port"),
    _name("node", "the node that translates the connection"),
    _name("node_zone", "that node's zone"),
    _name("masquerade_address", "the node's address where it replaced the source address"),
    _number("masquerade_port", "the source port that replaced the sender's"),
    _name("pod", "the Pod that kube-proxy or the load balancer chose"),
    _name("endpoint_address", "the destination address at the Pod, after any translation"),
    _number("endpoint_port", "the destination port at the Pod, after any translation"),
    _name("pod_node", "the node that the Pod runs on"),
    _flag("cross_node", "the Pod runs on another node than the translating one"),
    _flag("cross_zone", "the Pod's node is in another zone than the translating one"),
    _number("queue_length", "requests at the Pod beyond its workers when this one came"),
    _long("request_bytes", "size of the request", unit="byte"),
    _long("response_bytes", "size of the answer", unit="byte"),
)

HOPS: Final = (
    _long("request", "number of the request, from 0", nullable=False),
    _number("attempt", "which attempt of the request this is, from 0", nullable=False),
    _number("step", "place in the way of this attempt, from 1", nullable=False),
    _time("at_ns", "when the packet was there", nullable=False),
    _name("direction", "forward (to the Pod) or back", nullable=False),
    _name("place", "where the packet is seen", nullable=False),
    _name("src", "source address there"),
    _number("src_port", "source port there"),
    _name("dst", "destination address there"),
    _number("dst_port", "destination port there"),
    _name("what", "the rule or table that did it", nullable=False),
)

METRICS: Final = (
    _time("at_ns", "when it was sampled", nullable=False),
    _name("metric", "what was sampled", nullable=False),
    _name("object", "of which object", nullable=False),
    Column("value", pa.float64(), "", "the sample, in the metric's own unit", False),
)

EVENTS: Final = (
    _time("at_ns", "when it happened", nullable=False),
    _name("kind", "what happened", nullable=False),
    _name("object", "to which object", nullable=False),
    _name("cause", "why"),
    Column("detail", pa.string(), "", "more about it", True),
)

TABLES: Final[Mapping[str, tuple[Column, ...]]] = {
    "requests": REQUESTS,
    "hops": HOPS,
    "metrics": METRICS,
    "events": EVENTS,
}
"""The columns of each file, in order; ``requests`` stands in ``requests.parquet``, and so on."""


def schema(table: str) -> pa.Schema:
    """The Arrow schema of a run's file, with each field's ``unit`` and ``description``."""
    return schema_of(TABLES[table])


def schema_of(columns: Iterable[Column]) -> pa.Schema:
    """The Arrow schema of these columns, with each field's ``unit`` and ``description``."""
    return pa.schema(
        pa.field(
            column.name,
            column.type,
            nullable=column.nullable,
            metadata={"unit": column.unit, "description": column.meaning},
        )
        for column in columns
    )


def describe(
    tables: Mapping[str, Sequence[Column]] = TABLES,
) -> list[tuple[str, str, str, str, str]]:
    """Every column as (table, column, type, unit, meaning), in the order of the files."""
    return [
        (table, column.name, type_name(column), column.unit, column.meaning)
        for table, columns in tables.items()
        for column in columns
    ]


def type_name(column: Column) -> str:
    """The column's type in a word: ``int64``, ``name`` for a dictionary of strings, ``?`` if null
    is allowed.
    """
    name = "name" if column.type == NAME else str(column.type)
    return f"{name}?" if column.nullable else name
