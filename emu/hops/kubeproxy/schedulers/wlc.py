"""Weighted least connections, which is least connections where every weight is 1.

Linux compares (256 * active + inactive) / weight, and the first of several least ones wins there
too. Source: Linux, net/netfilter/ipvs/ip_vs_wlc.c.
"""

from emu.hops.kubeproxy.schedulers.lc import pick

__all__ = ["pick"]
