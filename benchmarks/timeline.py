"""What it costs that the cluster may change: the compiled engine with and without a timeline.

Pods that come, a node that dies and a link that loses packets, in a cluster of 100 nodes and 1,000
Pods; a rollout of all of these; beside them the same requests where nothing happens, and where a
timeline is there that does nothing but delay a link by a nanosecond. Event counts and digests are
asserted before times are reported.
"""

import statistics
import time
from typing import Any

from compiled_engine import SCENARIO, Digest, Forget

import emu
from emu.engines import compiled
from emu.model import Model
from emu.model.build import build

ROUNDS = 3
REQUESTS = 1_000_000
NOTHING: list[dict[str, Any]] = []
A_NANOSECOND = [
    {"at": "0s", "do": "linkDelay", "between": ["worker-1", "fabric"], "add": "1ns"},
]
INCIDENTS = [
    {"at": "2s", "do": "scale", "deployment": "web", "replicas": 1020},
    {"at": "5s", "do": "nodeDown", "node": "worker-7", "for": "3s"},
    {"at": "6s", "do": "linkLoss", "between": ["worker-9", "fabric"], "share": "5%", "for": "3s"},
]
ROLLOUT = [{"at": "2s", "do": "rollout", "deployment": "web"}]
CASES = {
    "nothing": (NOTHING, 6_000_034, "ea48cda91feb"),
    "a nanosecond": (A_NANOSECOND, 7_000_039, "6f59cf37a813"),
    "incidents": (INCIDENTS, 7_001_205, "d1e1c8f82728"),
    "rollout": (ROLLOUT, 6_842_814, "3df8d690f533"),
}
"""What is done, and what a run must give: events, and a digest of the rows."""


def modelled(timeline: list[dict[str, Any]]) -> Model:
    """The scenario with this timeline."""
    return build(
        emu.load(
            SCENARIO,
            overrides={
                "spec.requests": REQUESTS,
                "spec.nodePools[0].nodes": 100,
                "Deployment/web.spec.replicas": 1000,
                "spec.clients[0].arrivals": {"poisson": {"rate": "75000/s"}},
                "spec.timeline": timeline,
            },
        )
    )


def seconds(model: Model) -> float:
    """How long a run takes."""
    began = time.perf_counter()
    compiled.run(model, Forget())
    return time.perf_counter() - began


def main() -> None:
    """Check, measure and report."""
    models = {name: modelled(timeline) for name, (timeline, *_) in CASES.items()}
    for name, model in models.items():
        digest = Digest()
        ending = compiled.run(model, digest)
        found = (ending.events, digest.sum.hexdigest()[:12])
        assert found == CASES[name][1:], f"{name}: {found}"
    rounds = [{name: seconds(model) for name, model in models.items()} for _ in range(ROUNDS)]
    print("timeline        requests/s   of that without")
    for name in models:
        share = statistics.median(one["nothing"] / one[name] for one in rounds)
        rate = REQUESTS / statistics.median(one[name] for one in rounds)
        print(f"{name:14} {rate:11,.0f} {100 * share:14.0f} %")


if __name__ == "__main__":
    main()
