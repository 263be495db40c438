"""``emu rules FILE --node NODE``: a node's rules, as the node's own tools would show them."""

from typing import Annotated

import typer

from emu.cli._notes import say_warnings
from emu.cli._options import MODE, OBJECTS, OVERRIDES


def command(
    file: OBJECTS,
    node: Annotated[str, typer.Option("--node", metavar="NODE", help="Whose rules.")],
    mode: MODE = "",
    ipv6: Annotated[bool, typer.Option("--ipv6", help="The rules for IPv6.")] = False,
    overrides: OVERRIDES = None,
) -> None:
    """Print the rules that kube-proxy writes on a node, in a form that can be loaded there."""
    import emu
    from emu.scenario import load_any, parse_overrides

    scenario = load_any(file, parse_overrides(overrides or ()))
    say_warnings(scenario)
    print(emu.rules(scenario, node, mode=mode, ipv6=ipv6), end="")
