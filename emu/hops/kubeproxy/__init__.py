"""kube-proxy's choice among the endpoints of a Service, one file a mode, and the contract.

A mode is a module in ``modes/`` with

- ``pick(endpoints, seed, request, attempt) -> int``: a kernel that gives the place, from 0, of the
  endpoint that a new connection is translated to, among ``endpoints`` >= 1 of them.

kube-proxy always balances connections, never requests, and never tries a second endpoint.
"""

from emu.hops.kubeproxy import modes
from emu.kernel import dispatcher
from emu.registry import Registry

MODES = Registry(modes, "proxy mode")

pick = dispatcher("proxy_modes", [module.pick for module in MODES.values()])
"""``pick(mode, endpoints, seed, request, attempt)`` for any mode, by its number in `MODES`."""
