"""Weighted round robin, which is round robin where every weight is 1.

Linux goes round the endpoints with a threshold that falls from the greatest weight in steps of
the weights' greatest common divisor: one round, of all. Left out: unlike in rr, the turn goes back
to the first endpoint when one comes or goes. Source: Linux, net/netfilter/ipvs/ip_vs_wrr.c.
"""

from emu.hops.kubeproxy.schedulers.rr import pick

__all__ = ["pick"]
