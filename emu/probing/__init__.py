"""Who reaches what, and why: asked of kube-proxy's rules, without sending anything."""

from emu.probing.flows import Answer, Expectation, Flow, answers, read_flows
from emu.probing.reaching import Reach, reachability

__all__ = ["Answer", "Expectation", "Flow", "Reach", "answers", "reachability", "read_flows"]
