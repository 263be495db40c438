"""iptables mode: each endpoint with probability 1/n, independent of all before.

kube-proxy writes one rule an endpoint, ``-m statistic --mode random --probability 1/(n-i)`` for
rule i from 0 and an unconditional last one, which together give each 1/n. Source: Kubernetes,
pkg/proxy/iptables. Left out: the rounding of the probabilities to 31 bits.
"""

from emu.kernel import kernel
from emu.random_streams import ENDPOINT, uniform


@kernel
def pick(endpoints: int, seed: int, request: int, attempt: int) -> int:
    """A uniformly drawn place."""
    return int(uniform(seed, ENDPOINT, request, attempt) * endpoints)
