"""Printers of rules, one file a mode; the contract is in `emu.printing`."""
