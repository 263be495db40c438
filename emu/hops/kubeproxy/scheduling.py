"""How IPVS chooses an endpoint: the contract of a scheduler, one file each in ``schedulers/``.

Each node has virtual servers of its own, one for each address, port and protocol that a Service has
there, and one scheduler for all of them. A scheduler is a module with

- ``pick(memory, server, table, count, source, port) -> int``: a kernel that gives the place, from
  0, of the endpoint that a new connection goes to. ``memory[server:]`` is the state of its virtual
  server (see `emu.hops.kubeproxy.servers`), of which it may change the cell of its own, 0 at first;
  ``table`` is where its table begins in ``memory``; ``count`` >= 1 is the number of endpoints;
  ``source`` and ``port`` are the sender's IPv4 address as a number, and its port;
- ``table(endpoints, destination) -> NDArray[np.int64]``, where it looks something up: what depends
  on the endpoints and on the virtual server's address alone.

kube-proxy gives every endpoint the weight 1, so that some schedulers do the same as others. It adds
endpoints in the order of a hash set, and Linux puts each at the head of its list, so there is no
order to imitate: here it is the order in which they are given. Left out: endpoints that are going
(kube-proxy sets their weight to 0 while they have connections), limits of connections, and that
persistence, which is sessionAffinity, asks no scheduler.

Linux counts a connection as active in the TCP states SYN_SENT, SYN_RECV and ESTABLISHED: from its
SYN on, answered or not, to the first FIN or RST of either side. From then on it is inactive, until
its entry goes: 120 s after its last packet where both sides have closed (TIME_WAIT), 10 s after a
reset (CLOSE). One whose SYN nobody answers is active until its entry goes, 60 s after the last
copy, and never inactive. Older kernels count ESTABLISHED alone as active. Here the caller keeps the
numbers, by conntrack's entries.

Source: Linux, net/netfilter/ipvs/ip_vs_conn.c (``ip_vs_bind_dest``), ip_vs_ctl.c
(``__ip_vs_update_dest``), ip_vs_proto_tcp.c (``tcp_states``, ``tcp_state_active_table``,
``tcp_timeouts``); Kubernetes, pkg/proxy/ipvs (``syncEndpoint``).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emu.hops.endpoints import Endpoint
from emu.hops.kubeproxy import schedulers
from emu.hops.kubeproxy.servers import LOADS, SCHEDULER
from emu.kernel import dispatcher
from emu.registry import Registry

SCHEDULERS = Registry(schedulers, "ipvs scheduler")

schedule = dispatcher("schedulers", [module.pick for module in SCHEDULERS.values()])
"""``schedule(kind, memory, server, table, count, source, port)`` for any scheduler, by number."""


def prepare(scheduler: str, count: int) -> NDArray[np.int64]:
    """The state of a virtual server at first, with so many endpoints."""
    state = np.zeros(LOADS + 2 * count, np.int64)
    state[SCHEDULER] = SCHEDULERS.number(scheduler)
    return state


def table(
    scheduler: str, endpoints: Sequence[Endpoint], destination: str
) -> NDArray[np.int64] | None:
    """The scheduler's table for these endpoints and this address; None where it needs none."""
    make = getattr(SCHEDULERS[scheduler], "table", None)
    return None if make is None else make(endpoints, destination)
