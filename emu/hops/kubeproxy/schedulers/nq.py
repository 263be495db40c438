"""Never queue: the first endpoint without an active connection, else shortest expected delay.

With every weight 1, one without an active connection has the shortest expected delay too. Source:
Linux, net/netfilter/ipvs/ip_vs_nq.c.
"""

from emu.hops.kubeproxy.schedulers.sed import pick

__all__ = ["pick"]
