"""A strategy of one's own: nodes in turn, none with more than ``most`` requests in flight.

emu run scenarios/nodeport.yaml \\
  --set 'spec.loadBalancers[0].strategy={file: in_turn_up_to.py, options: {most: 4}}'
"""

from pydantic import Field

from emu.registry import OptionsModel


class Options(OptionsModel):
    """How much a node gets."""

    most: int = Field(10, ge=1)
    """Requests in flight at a node; beyond that, requests are refused."""


def prepare(options, backends):
    """Whose turn it is, and the limit."""
    return [0, options.most]


def pick(backends, memory, now, key, seed, request, attempt):
    """The next one that may have a request; -1 where there is none."""
    for step in range(len(backends)):
        backend = (memory[0] + step) % len(backends)
        it = backends[backend]
        if it["available"] and it["in_flight"] < memory[1]:
            memory[0] = backend + 1
            return backend
    return -1
