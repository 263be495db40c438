"""From a file to a validated, completed, frozen scenario."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from emu.errors import Mistake, ScenarioError
from emu.scenario import resolved
from emu.scenario.checks import Subject, check, sizes, warn
from emu.scenario.cluster import Cluster, ExhaustedError, as_found, completed
from emu.scenario.description import ScenarioDocument, ScenarioSpec
from emu.scenario.documents import gather, gather_objects, has_scenario
from emu.scenario.objects import Objects, read_objects
from emu.scenario.place import Place
from emu.scenario.placement import NoNodeFitsError
from emu.scenario.reference import completed_spec, with_reference
from emu.scenario.rules import validated


@dataclass(frozen=True)
class Scenario:
    """A scenario that can be run: everything that the files left out is filled in."""

    name: str
    spec: ScenarioSpec
    cluster: Cluster
    warnings: tuple[str, ...] = field(default=(), compare=False)

    def resolved(self) -> str:
        """The scenario in full, as YAML documents that load as an equal Scenario."""
        return resolved.text_of(self._documents)

    @cached_property
    def digest(self) -> str:
        """12 hexadecimal digits that name the scenario's content, whatever its seed."""
        return resolved.digest_of(self._documents)

    @cached_property
    def _documents(self) -> list[dict[str, Any]]:
        return resolved.documents(self.name, self.spec, self.cluster)


def load(
    source: str | Path, overrides: Mapping[str, Any] | None = None, seed: int | None = None
) -> Scenario:
    """The scenario in the file ``source``.

    ``overrides`` maps paths such as ``spec.loadBalancers[0].strategy`` or
    ``Deployment/web.spec.replicas`` to values; ``seed`` is short for ``spec.seed``.

    Raises ScenarioError with every mistake that was found: first those of single documents, and
    when there are none, those between documents.
    """
    changes = dict(overrides or {})
    if seed is not None:
        changes["spec.seed"] = seed
    mistakes: list[Mistake] = []
    documents = gather(Path(source), changes, mistakes)
    document = validated(ScenarioDocument, documents.scenario, mistakes)
    objects = read_objects(documents.objects, mistakes)
    if document is None or mistakes:
        raise ScenarioError(_in_order(mistakes))
    too_large = list(sizes(document.spec, documents.scenario, objects))
    if too_large:
        raise ScenarioError(too_large)
    cluster = _completed(document.spec, objects)
    spec = completed_spec(document.spec, cluster)
    subject = Subject(spec, cluster, documents.scenario, objects)
    if mistakes := check(subject):
        raise ScenarioError(_in_order(mistakes))
    warnings = (*objects.warnings, *warn(subject))
    return Scenario(document.metadata.name, spec, cluster, warnings)


def load_any(source: str | Path, overrides: Mapping[str, Any] | None = None) -> Scenario:
    """The scenario in a file; or, where there is none in it, its Kubernetes objects alone.

    Then nobody sends anything. Objects of a cluster, with their Pods or EndpointSlices, are taken
    as they are; others are completed as in a scenario. Raises ScenarioError.
    """
    path, mistakes = Path(source), list[Mistake]()
    if has_scenario(path):
        return load(path, overrides)
    objects = read_objects(gather_objects(path, overrides or {}, mistakes), mistakes)
    if mistakes:
        raise ScenarioError(_in_order(mistakes))
    spec = ScenarioSpec.model_construct(clients=())
    given = objects.cluster
    found = given.pods or given.endpoint_slices or (given.services and not given.deployments)
    cluster = as_found(given) if found else _completed(spec, objects)
    subject = Subject(spec, cluster, Place(str(source), None), objects)
    if mistakes := check(subject):
        raise ScenarioError(_in_order(mistakes))
    return Scenario(path.stem, spec, cluster, (*objects.warnings, *warn(subject)))


def _in_order(mistakes: Iterable[Mistake]) -> list[Mistake]:
    """As they stand in their files, the files as they were read."""
    files: dict[str, int] = {}
    return sorted(
        mistakes, key=lambda found: (files.setdefault(found.file, len(files)), found.line)
    )


def _completed(spec: ScenarioSpec, objects: Objects) -> Cluster:
    taken = [str(balancer.address) for balancer in spec.load_balancers]
    taken += [str(address) for addresses in spec.dns.values() for address in addresses]
    taken += [str(client.address) for client in spec.clients if client.address]
    try:
        return completed(with_reference(objects.cluster, spec.node_pools), spec.node_pools, taken)
    except (NoNodeFitsError, ExhaustedError) as error:
        place = objects.place_of(error.owner)
        raise ScenarioError([place.missing((), error.rule)]) from None
