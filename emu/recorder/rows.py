"""The row of one attempt of a request as engines fill it, before names and addresses are added."""

from enum import IntEnum
from typing import Final

import numpy as np

ABSENT: Final = -1
"""Stands in every field for what did not happen, and becomes null in Parquet."""


class Outcome(IntEnum):
    """How an attempt ended; the names are those of the ``outcome`` column."""

    OK = 0
    REFUSED = 1
    RESET = 2
    CONNECT_TIMEOUT = 3
    REQUEST_TIMEOUT = 4
    BAD_GATEWAY = 5
    DROPPED_NO_LOCAL_ENDPOINT = 6
    CONNTRACK_FULL = 7
    SNAT_EXHAUSTED = 8
    BACKLOG_FULL = 9
    DNS_FAILURE = 10
    SHED = 11
    PORTS_EXHAUSTED = 12
    CANCELLED = 13
    IN_FLIGHT = 14
    GATEWAY_TIMEOUT = 15


ROW = np.dtype(
    [
        ("request", "i8"),
        ("attempt", "i8"),
        ("client", "i8"),
        ("request_class", "i8"),
        ("connection", "i8"),
        ("new_connection", "i8"),
        ("lb_connection", "i8"),
        ("outcome", "i8"),
        ("intended_ns", "i8"),
        ("sent_ns", "i8"),
        ("lb_ns", "i8"),
        ("node_ns", "i8"),
        ("pod_ns", "i8"),
        ("service_start_ns", "i8"),
        ("service_end_ns", "i8"),
        ("lb_response_ns", "i8"),
        ("done_ns", "i8"),
        ("load_balancer", "i8"),
        ("service", "i8"),
        ("node", "i8"),
        ("pod", "i8"),
        ("client_port", "i8"),
        ("lb_port", "i8"),
        ("masquerade_port", "i8"),
        ("endpoint", "i8"),
        ("queue_length", "i8"),
        ("request_bytes", "i8"),
        ("response_bytes", "i8"),
    ]
)
"""``new_connection`` is 1 where the client's connection was opened for the request, plus 2 where
that of the load balancer was. ``masquerade_port`` is below -1 where the node replaced the port
alone: the port, negated. All fields are int64, so that an engine may keep rows as one
two-dimensional array. Places are indices into the model's names; times are nanoseconds of simulated
time."""
