"""Load-balancing strategies, one file each; the contract is in `emu.hops.balancer`."""
