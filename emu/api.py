"""What scripts use: `load`, `run`, `compare`, `sweep`, `capacity`, `open_run`, `trace`,
`probe` and `rules`.

Each imports what it needs itself: tracing needs no Parquet, and loading neither that nor rich.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from emu.scenario import Scenario, load_any
from emu.scenario import load as _load

if TYPE_CHECKING:
    from emu.experiments import Comparison, Sweep
    from emu.experiments.capacity import Capacity
    from emu.probing import Answer, Flow, Reach
    from emu.results import Run
    from emu.tracing import Trace


def load(
    source: str | Path | Scenario,
    seed: int | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Scenario:
    """Read, check and complete a scenario file.

    ``overrides`` puts values in place of the file's, by path: ``{"spec.duration": "10s"}`` or
    ``{"Deployment/web.spec.replicas": 3}``. A Scenario is returned as it is. Raises ScenarioError
    with every mistake, each with file, line, path, value and rule.
    """
    if isinstance(source, Scenario):
        if seed is not None or overrides:
            raise TypeError("seed and overrides go with a file, not with a loaded Scenario")
        return source
    return _load(source, overrides, seed)


def run(
    source: str | Path | Scenario,
    seed: int | None = None,
    overrides: Mapping[str, Any] | None = None,
    *,
    out: str | Path = "results",
    engine: str = "auto",
    again: bool = False,
    progress: Callable[[int, int], None] | None = None,
    profile: bool = False,
) -> "Run":
    """Run a scenario and return what it left under ``out``.

    The same scenario, seed and version is the same run: its folder is found again, unless
    ``again``. With ``profile`` it is run anew, and ``timing.profile`` of the result says where the
    time went. ``progress`` is called now and then with simulated nanoseconds and the number of
    requests sent. Raises ScenarioError for a wrong scenario, ResultsError where the results cannot
    be written, UnknownNameError for an engine that there is not, and `Interrupted`, a
    KeyboardInterrupt that holds the partial run, when the user interrupts it. In another thread
    than the main one interrupts are not its concern.
    """
    from emu.running import execute

    return execute(load(source, seed, overrides), Path(out), engine, again, progress, profile)


def compare(
    source: str | Path,
    vary: Mapping[str, Sequence[Any] | str],
    replications: int = 10,
    *,
    seed: int | None = None,
    overrides: Mapping[str, Any] | None = None,
    confidence: float = 0.95,
    out: str | Path = "results",
    engine: str = "auto",
    workers: int | None = None,
    progress: Callable[[float, int], None] | None = None,
) -> "Comparison":
    """Compare variants of a scenario file with the first, over the same seeds.

    ``vary`` has the values of each path: ``{"spec.loadBalancers[0].strategy": ["round_robin",
    "random"]}``, or a text as ``--vary`` has it: ``"1..8"``; of several paths every combination is
    a variant. Each is run once for each of ``replications`` seeds, from ``seed`` or the file's on;
    runs that were made before are found again. They log their summary alone, unless ``overrides``
    have another ``spec.log``. ``workers`` is how many runs are made at once, each in a process: as
    many as this one may use cores where nothing is said, and 1, which is this process, where that
    is as quick. ``progress`` is called now and then with how many runs are done, and of how many.

    Raises ScenarioError before the first run where any variant is wrong, ResultsError where the
    results cannot be written, UnknownNameError for an engine that there is not, and
    KeyboardInterrupt when the user interrupts it.
    """
    from emu.experiments import plan

    planned = plan(Path(source), vary, replications, seed, overrides or {}, confidence)
    return planned.run(Path(out), engine, workers, progress)


def sweep(
    source: str | Path,
    vary: Mapping[str, Sequence[Any] | str] | None = None,
    replications: int | None = None,
    *,
    design: str | None = None,
    points: int | None = None,
    seed: int | None = None,
    overrides: Mapping[str, Any] | None = None,
    confidence: float | None = None,
    out: str | Path = "results",
    engine: str = "auto",
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[float, int], None] | None = None,
    warn: Callable[[str], None] | None = None,
) -> "Sweep":
    """Run a scenario at many points, each over the same seeds.

    ``vary`` has the values of each path, as for `compare`. The ``design`` ``grid`` (the default)
    takes every combination of them, ``lhs`` so many ``points`` of a Latin hypercube. Each point is
    run with ``replications`` seeds, 10 where nothing is said; runs that were made before are found
    again. ``source`` may also be a file of kind Sweep; what is given here then replaces its fields.

    ``out`` is a folder or a URL that fsspec knows. ``workers`` is as for `compare`; ``scheduler``
    is the address of a Dask scheduler, whose workers make the runs instead. ``warn`` is called with
    each warning about the scenarios, once.

    A point that fails is told in the result and stops no other. Raises ScenarioError where no point
    can be run, and what else `compare` raises.
    """
    from emu.experiments.sweep_plan import plan
    from emu.experiments.sweeping import make

    planned = plan(
        Path(source), vary=vary, replications=replications, design=design, points=points,
        seed=seed, overrides=overrides, confidence=confidence,
    )  # fmt: skip
    return make(planned, str(out), engine, workers, scheduler, progress, warn)


def capacity(
    source: str | Path,
    slo: str,
    vary: Mapping[str, Sequence[Any] | str],
    replications: int = 24,
    *,
    seed: int | None = None,
    overrides: Mapping[str, Any] | None = None,
    confidence: float = 0.95,
    out: str | Path = "results",
    engine: str = "auto",
    workers: int | None = 1,
    progress: Callable[[float, int], None] | None = None,
) -> "Capacity":
    """The least value of a range that meets the objectives ``slo``, or the greatest.

    ``vary`` has one path and its range: ``{"Deployment/web.spec.replicas": "1..64"}``; ``slo`` is
    as ``"p99<250ms and errors<0.1%"``. Each value that is tried is run with 3 seeds, and with up to
    ``replications`` where it is hard to tell from the bound. All else is as for `compare`, and so
    is what it raises.
    """
    from emu.experiments.capacity import make, plan

    planned = plan(Path(source), slo, vary, replications, seed, overrides or {}, confidence)
    return make(planned, str(out), engine, workers, progress)


def open_run(path: str | Path) -> "Run":
    """A run that was made before, by its folder. Raises ResultsError where there is none."""
    from emu.results import Run

    found = Run(Path(path))
    _ = found.summary
    return found


@overload
def probe(
    source: str | Path | Scenario,
    flows: None = None,
    *,
    overrides: Mapping[str, Any] | None = None,
    mode: str = "",
) -> "list[Reach]": ...
@overload
def probe(
    source: str | Path | Scenario,
    flows: "str | Path | Sequence[Flow]",
    *,
    overrides: Mapping[str, Any] | None = None,
    mode: str = "",
) -> "list[Answer]": ...
def probe(
    source: str | Path | Scenario,
    flows: "str | Path | Sequence[Flow] | None" = None,
    *,
    overrides: Mapping[str, Any] | None = None,
    mode: str = "",
) -> "list[Reach] | list[Answer]":
    """Who reaches what by kube-proxy's rules, and why; with ``flows``, what each of them meets.

    ``source`` may also be a file with Kubernetes objects alone. ``flows`` is a file with a list, or
    `Flow` objects. ``mode`` is a proxy mode other than the configured one. Nothing is sent. Raises
    ScenarioError, and UnknownNameError for a node or mode that there is not.
    """
    from emu.model.proxies import Proxies
    from emu.probing import answers, reachability, read_flows

    scenario = source if isinstance(source, Scenario) else load_any(source, overrides)
    proxies = Proxies(scenario.cluster, mode)
    if flows is None:
        return list(reachability(scenario, proxies))
    return list(
        answers(proxies, read_flows(Path(flows)) if isinstance(flows, str | Path) else flows)
    )


def rules(
    source: str | Path | Scenario,
    node: str,
    *,
    overrides: Mapping[str, Any] | None = None,
    mode: str = "",
    ipv6: bool = False,
) -> str:
    """The rules that kube-proxy writes on a node, as ``iptables-save`` and its like show them.

    ``source`` may also be a file with Kubernetes objects alone. ``mode`` is a proxy mode other than
    the configured one. Raises ScenarioError, and UnknownNameError for a node or mode that there is
    not.
    """
    from emu.errors import UnknownNameError
    from emu.model.proxies import Proxies
    from emu.printing import text

    scenario = source if isinstance(source, Scenario) else load_any(source, overrides)
    names = [found.name for found in scenario.cluster.nodes]
    if node not in names:
        raise UnknownNameError("node", node, names)
    proxies = Proxies(scenario.cluster, mode)
    return text(proxies.mode, proxies.view(node, 6 if ipv6 else 4))


def trace(
    source: str | Path | Scenario,
    from_: str | None = None,
    to: str | None = None,
    *,
    seed: int | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> "Trace":
    """The path of one request, alone in the system: logical steps, and what each wire carries.

    ``from_`` is ``outside``, a client, a node or a Pod; ``to`` a domain, or the name or address of
    a load balancer, node, Service or Pod, with ``:port``; `emu.tracing.destinations.url_of` says
    what comes first where a name means several things. Without them the scenario's first client
    says both. Raises ScenarioError, and UnknownNameError with the known names.
    """
    from emu.tracing import follow

    return follow(load(source, seed, overrides), from_, to)
