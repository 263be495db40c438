"""A packet on its way through rules."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Skb:
    """DNAT changes its destination, marks are kept."""

    protocol: str
    source: str
    destination: str
    port: int
    mark: int = 0
    translated: bool = False

    @property
    def endpoint(self) -> str:
        """Where it is going, as ``address:port``."""
        host = f"[{self.destination}]" if ":" in self.destination else self.destination
        return f"{host}:{self.port}"
