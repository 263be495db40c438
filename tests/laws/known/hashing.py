"""Hashing: how even, and what moves when a backend goes

A request from each of 59,400 addresses in a row, a hundred Pods; then the same without one of
them, for ten Pods in turn: the share of the addresses that get another Pod. Its own hundredth must
move. Ring hash and rendezvous hash move nobody else, Maglev few: with a table of 65,537 fewer than
one in a hundred of the others (D. E. Eisenbud et al., NSDI'16). An address modulo n moves
(n - 1) / n, exactly where their number is a multiple of n (n - 1), as here. Maglev's table is even
to 1 % from a hundred entries a backend on; addresses fall on entries by chance, so that the busiest
Pod has about 1 + 2.5 sqrt(n / addresses) = 1.10 of the mean. A ring's points are fewer: with one
for each Pod its arcs are like those between random points of a circle, of which the longest is
H_n = 5.19 times the mean, give or take two.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.hops.maglev import table
from emu.hops.xxhash import xxhash64
from tests.laws.emulation import model, rows_of
from tests.laws.row import Claim, Row, row

ADDRESSES = 59_400
PODS = 100
TABLE = 65_537
GONE = range(0, PODS, PODS // 10)
RING = "{{ring_hash: {{minimumRingSize: {}}}}}"
HUNDRED_POINTS = RING.format(100 * PODS)


def pods_of(strategy: str, without: int | None = None) -> NDArray[Any]:
    """The Pod of each address."""
    of = model(0.5, ADDRESSES, pods=PODS, strategy=strategy, addresses="198.51.0.0/16")
    if without is not None:
        name = of.places.pods[without][0]
        of = model(
            0.5, ADDRESSES, pods=PODS, strategy=strategy, addresses="198.51.0.0/16",
            balancer=f"availableFrom: {{{name}: 24h}}",
        )  # fmt: skip
    found: NDArray[Any] = rows_of(of, 1)["pod"]
    return found


def rows() -> Iterator[Row]:
    """The busiest Pod over the mean, then what moves."""
    entries = np.bincount(_table(), minlength=PODS)
    even = entries.max() / entries.mean()
    yield row("Maglev: entries of the largest / mean", 1.01, [even] * 2, Claim.IS_AT_MOST)
    for name, strategy, most in (
        ("Maglev", "maglev", 1.15),
        ("ring hash, 100 points a Pod", HUNDRED_POINTS, 1.6),
        ("ring hash, 10 points a Pod", RING.format(10 * PODS), 3),
        ("ring hash, 1 point a Pod", RING.format(PODS), 10),
    ):
        counts = np.bincount(pods_of(strategy), minlength=PODS)
        busiest = counts.max() / counts.mean()
        yield row(f"{name}: busiest / mean", most, [busiest] * 2, Claim.IS_AT_MOST)
    for name, strategy in (("ring hash", HUNDRED_POINTS), ("rendezvous hash", "rendezvous_hash")):
        _, others = _moved(strategy)
        yield row(f"{name}: moved though their Pod stayed", 0, others, Claim.IS_EXACTLY)
    _, others = _moved("maglev")
    yield row("Maglev: moved though their Pod stayed", 0.01, others, Claim.IS_AT_MOST)
    moved, _ = _moved("source_ip_hash")
    yield row("source IP hash: moved", (PODS - 1) / PODS, moved, Claim.IS_EXACTLY)


def _table() -> NDArray[Any]:
    """Maglev's table of as many backends."""
    numbers = np.arange(PODS, dtype=np.uint64)
    offsets, skips = (
        np.array([int(xxhash64(number, np.uint64(seed))) for number in numbers]) for seed in (0, 1)
    )
    return table(
        (offsets % TABLE).astype(np.int64), (skips % (TABLE - 1) + 1).astype(np.int64), TABLE
    )


def _moved(strategy: str) -> tuple[list[float], list[float]]:
    """The share that moves, and that of those whose Pod is still there, for each that goes."""
    before, moved, others = pods_of(strategy), [], []
    for gone in GONE:
        after = pods_of(strategy, gone)
        if (after == gone).any():
            raise AssertionError("a Pod that is away gets nothing")
        moved.append(float((before != after).mean()))
        others.append(float(((before != after) & (before != gone)).mean()))
    return moved, others
