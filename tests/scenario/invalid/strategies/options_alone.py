"""Options and no pick."""

from emu.registry import OptionsModel


class Options(OptionsModel):
    """Nothing to choose."""
