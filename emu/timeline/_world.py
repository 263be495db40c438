"""What an action may do to a run."""

from typing import Protocol

from emu.registry import Choice


class World(Protocol):
    """The cluster of a run, its network, and what stands before it, as actions change them.

    Nodes and places of the network go by their names, Pods and Deployments by ``namespace/name``.
    Whatever lasts is undone by the method beside it.
    """

    def fail(self, node: str) -> None:
        """The node stops: its Pods are gone with it, and nothing that comes to it is answered."""

    def start(self, node: str) -> None:
        """It starts again, and its kubelet starts the Pods that are still its own."""

    def cut_off(self, place: str) -> None:
        """No packet comes to a place or leaves it."""

    def rejoin(self, place: str) -> None:
        """They do again."""

    def crash(self, pod: str) -> None:
        """The process of a Pod ends by itself; the kubelet starts it again."""

    def slow(self, pod: str, speed: float) -> None:
        """The Pod's speed is multiplied by this from now on."""

    def release(self, pod: str, speed: float) -> None:
        """It is so no longer."""

    def delay(self, between: tuple[str, str], nanoseconds: int) -> None:
        """Every packet takes so much longer over a link; less where it is below 0."""

    def lose(self, between: tuple[str, str], share: float) -> None:
        """A link loses this share of the packets from now on, of those that it did not lose."""

    def keep(self, between: tuple[str, str], share: float) -> None:
        """It does so no longer."""

    def cut(self, between: tuple[str, str]) -> None:
        """No packet comes over a link."""

    def mend(self, between: tuple[str, str]) -> None:
        """They do again."""

    def silence_dns(self, nanoseconds: int | None) -> None:
        """No question for a name is answered for so long; None: to the end of the run."""

    def stop_api_server(self) -> None:
        """Nobody hears of changes to the cluster's objects, and nobody can make any."""

    def start_api_server(self) -> None:
        """They do again; what was to be changed meanwhile is changed now."""

    def drain(self, node: str) -> None:
        """The node takes no more Pods, and its own are moved elsewhere (``kubectl drain``)."""

    def uncordon(self, node: str) -> None:
        """It takes Pods again."""

    def roll_out(self, deployment: str) -> None:
        """The Deployment's Pods are replaced by others of a new revision."""

    def scale(self, deployment: str, replicas: int) -> None:
        """The Deployment is to have so many Pods."""

    def change_strategy(self, load_balancer: str, strategy: Choice) -> None:
        """A load balancer picks backends by another strategy from now on."""
