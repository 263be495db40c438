"""kube-proxy: what a node's rules make of a packet, one file a mode, and the contract.

A mode is a module in ``modes/`` with

- ``decide(view, packet) -> Decision``: what the node with this `NodeView` does with a first
  `Packet`, and to which endpoints it may go;
- ``pick(endpoints, seed, request, attempt) -> int``: a kernel that gives the place, from 0, of the
  endpoint that a new connection is translated to, among ``endpoints`` >= 1 of them;
- ``NODE_PORT_ADDRESSES``: at which of a node's addresses NodePorts answer where the configuration
  says nothing; None for all.

kube-proxy always balances connections, never requests, and never tries a second endpoint.
"""

from emu.hops.kubeproxy import modes
from emu.kernel import dispatcher
from emu.registry import Registry

MODES = Registry(modes, "proxy mode")

pick = dispatcher("proxy_modes", [module.pick for module in MODES.values()])
"""``pick(mode, endpoints, seed, request, attempt)`` for any mode, by its number in `MODES`."""
