"""The network while it changes: links that take longer, lose packets, or carry nothing."""

from collections.abc import Callable

from emu.hops.network import CONSTANT_NS, CUT, DRAWN, FIRST_LINK, LOSS, WHOLE, is_cut
from emu.model.delays import Ways
from emu.model.state import State


class Links:
    """What faults do to links, written to where engines read it.

    Faults of one link add up: cuts are counted, of what one does not lose another may, and delays
    are summed. Ways stay the same: nobody routes around.
    """

    def __init__(self, ways: Ways, state: State) -> None:
        self._ways, self._state = ways, state
        self._watchers: list[Callable[[], None]] = []

    def watch(self, tell: Callable[[], None]) -> None:
        """Hear when links are cut, or whole again."""
        self._watchers.append(tell)

    def connected(self, place: int) -> bool:
        """Whether packets of a host come to the fabric, where the API server is."""
        return not self.is_cut(place, None)

    def is_cut(self, a: int, b: int | None) -> bool:
        """Whether no packet gets from one host to the other, or to the fabric (None)."""
        legs, core = self._state.network.legs, self._state.network.core
        if b is not None:
            return bool(is_cut(legs, core, a, b))
        one = legs[a]
        return bool(one["cut"] + core[one["core"], self._ways.fabric, CUT] > 0)

    def _tell(self) -> None:
        for tell in self._watchers:
            tell()

    def cut_off(self, place: str) -> None:
        """No packet comes to a place or leaves it."""
        self._state.network.legs["cut"][self._ways.place(place)] += 1
        self._tell()

    def rejoin(self, place: str) -> None:
        """They do again."""
        self._state.network.legs["cut"][self._ways.place(place)] -= 1
        self._tell()

    def cut(self, between: tuple[str, str], by: int = 1) -> None:
        """No packet comes over a link; ``by`` -1 undoes it."""
        legs, core = self._state.network.legs, self._state.network.core
        leg = self._ways.leg(between)
        if leg is not None:
            legs["cut"][leg] += by
        else:
            for way in self._ways.core(between):
                core[*way, CUT] += by
        self._tell()

    def delay(self, between: tuple[str, str], nanoseconds: int) -> None:
        """Every packet takes so much longer over a link."""
        legs, core = self._state.network.legs, self._state.network.core
        leg = self._ways.leg(between)
        if leg is not None:
            legs["constant_ns"][leg] += nanoseconds
            return
        for way in self._ways.core(between):
            core[*way, CONSTANT_NS] += nanoseconds

    def lose(self, between: tuple[str, str], share: float) -> None:
        """A link loses this share of the packets, of those that it did not lose."""
        self._change_loss(between, lambda lost: 1 - (1 - lost) * (1 - share))

    def keep(self, between: tuple[str, str], share: float) -> None:
        """It does so no longer."""
        self._change_loss(between, lambda lost: 1 - (1 - lost) / (1 - share))

    def _change_loss(self, between: tuple[str, str], change: Callable[[float], float]) -> None:
        legs, core = self._state.network.legs, self._state.network.core
        leg = self._ways.leg(between)
        if leg is not None:
            it = legs[leg]
            it["loss"] = change(float(it["loss"]))
            it["drawn"] = it["loss"] > 0 or it["distribution"] >= 0
            return
        for way in self._ways.core(between):
            it = core[way]
            it[LOSS] = int(change(int(it[LOSS]) / WHOLE) * WHOLE + 0.5)
            it[DRAWN] = it[LOSS] > 0 or it[FIRST_LINK] >= 0
