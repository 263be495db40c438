"""``emu check FILE``: whether a scenario can be run, and what is in it."""

import json
from typing import TYPE_CHECKING, Any

from emu.cli._notes import say_warnings
from emu.cli._options import JSON, OVERRIDES, SCENARIO

if TYPE_CHECKING:
    from emu.scenario import Scenario


def command(file: SCENARIO, overrides: OVERRIDES = None, as_json: JSON = False) -> None:
    """Check a scenario and say what is in it; every mistake is reported at once."""
    from emu.scenario import load, parse_overrides

    scenario = load(file, parse_overrides(overrides or ()))
    found = inventory(scenario)
    say_warnings(scenario)
    print(json.dumps(found) if as_json else _text(found))


def inventory(scenario: "Scenario") -> dict[str, Any]:
    """How much of what there is in the scenario, and the load on it.

    ``capacity_per_second`` is the offered load at which the busiest Pod would always be busy; None
    where no request reaches a Pod.
    """
    from emu.model.build import build
    from emu.model.state import ListenerState
    from emu.scenario.checks.load import offered

    spec, cluster, model = scenario.spec, scenario.cluster, build(scenario)
    for listener in model.listeners:
        ListenerState(listener).try_out()
    busiest = max(model.expected.utilisation.values(), default=0.0)
    return {
        "scenario": scenario.name,
        "digest": scenario.digest,
        "seed": spec.seed,
        "nodes": len(cluster.nodes),
        "pods": len(cluster.pods),
        "services": len(cluster.services),
        "load_balancers": len(spec.load_balancers),
        "clients": len(spec.clients),
        "offered_per_second": offered(spec),
        "capacity_per_second": offered(spec) / busiest if busiest > 0 else None,
        "busiest_pod_utilisation": busiest,
        "warnings": list(scenario.warnings),
    }


def _text(found: dict[str, Any]) -> str:
    capacity = found["capacity_per_second"]
    load = (
        "none of them reaches a Pod"
        if capacity is None
        else f"capacity {capacity:.6g}/s, busiest Pod {found['busiest_pod_utilisation']:.1%} busy"
    )
    return "\n".join(
        [
            f"{found['scenario']} (seed {found['seed']}, digest {found['digest']}) can be run",
            f"  cluster  {_count(found, 'nodes')}, {_count(found, 'pods')}, "
            f"{_count(found, 'services')}",
            f"  outside  {_count(found, 'load_balancers')}, {_count(found, 'clients')}",
            f"  load     {found['offered_per_second']:.6g} requests/s; {load}",
        ]
    )


_WORDS = {
    "nodes": "node",
    "pods": "Pod",
    "services": "Service",
    "load_balancers": "load balancer",
    "clients": "client",
}


def _count(found: dict[str, Any], what: str) -> str:
    number = found[what]
    return f"{number} {_WORDS[what]}{'' if number == 1 else 's'}"
