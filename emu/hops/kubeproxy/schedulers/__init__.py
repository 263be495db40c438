"""Schedulers of IPVS, one file each; the contract is in `emu.hops.kubeproxy.scheduling`."""
