"""Modes of kube-proxy, one file each; the contract is in `emu.hops.kubeproxy`."""
