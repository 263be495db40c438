"""A source port while a connection has it."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from emu.engines.process.emulation import Emulation


class Port(NamedTuple):
    """Port number ``place`` of a route; ``before`` is the conntrack entry of its connection before,
    or 0."""

    emulation: "Emulation"
    route: int
    place: int
    before: int

    @property
    def number(self) -> int:
        """The port as packets carry it."""
        return self.emulation.model.kernel.first_port + self.place

    def release(self, at: int, in_order: bool, entry: int = 0) -> None:
        """The connection is over at that time; ``entry`` is what a node knows of it."""
        held = self.emulation.model.kernel.time_wait if in_order else 0
        self.emulation.release_port(self.route, self.place, at + held, entry)
