"""A sweep as a document: ``kind: Sweep``, for scripts and version control."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field

from emu.errors import Mistake, ScenarioError, UnknownNameError
from emu.experiments.designs import DESIGNS
from emu.registry import OptionsModel
from emu.scenario.fields import Name, Whole
from emu.scenario.place import Place
from emu.scenario.resolved import text_of
from emu.scenario.rules import validated
from emu.scenario.text import printable
from emu.scenario.yaml_reader import LineDict, read_file

KIND: Final = "Sweep"
MOST_POINTS: Final = 100_000
"""Points of one sweep."""


def _known(name: str) -> str:
    if name not in DESIGNS:
        raise ValueError(str(UnknownNameError("design", name, DESIGNS)))
    return name


class SweepSpec(OptionsModel):
    """The ``spec`` of a Sweep."""

    scenario: Annotated[str, Field(min_length=1)]
    """The scenario's file, relative to this one."""
    vary: dict[str, list[Any] | str] = Field(default_factory=dict)
    """The values of each path: a list, or a range such as ``1..8``."""
    design: Annotated[str, AfterValidator(_known)] = "grid"
    """Which points are run: all combinations (``grid``), or a Latin hypercube (``lhs``)."""
    points: Annotated[Whole, Field(ge=1, le=MOST_POINTS)] | None = None
    """How many points, of a design that samples."""
    replications: Annotated[Whole, Field(ge=1)] = 10
    """How many seeds each point is run with."""
    seed: Annotated[Whole, Field(ge=0, lt=2**63)] | None = None
    """Of the first replication, the scenario's where nothing is said; and of a design that samples,
    then 1."""
    set: dict[str, Any] = Field(default_factory=dict)
    """Values in place of the scenario's, by path."""
    confidence: Annotated[float, Field(ge=0.5, le=0.9999)] = 0.95
    """How surely an interval holds the true value."""


class SweepMetadata(OptionsModel):
    """The ``metadata`` of a Sweep."""

    name: Name
    """Its name, for people."""


class SweepDocument(OptionsModel):
    """One Sweep document."""

    api_version: Literal["emu/v1"]
    kind: Literal["Sweep"]
    metadata: SweepMetadata
    spec: SweepSpec


def read_sweep(source: Path) -> tuple[SweepSpec, Place] | None:
    """What a file of kind Sweep says, and where it stands; None for a file of another kind.

    The path of its scenario is made one from the present folder. Raises ScenarioError.
    """
    documents = read_file(source, str(source))
    found = [one for one in documents if isinstance(one, LineDict) and one.get("kind") == KIND]
    if not found:
        return None
    if len(documents) > 1:
        rule = f"must hold one document, where that is of kind {KIND}"
        raise ScenarioError([Mistake(printable(str(source), 200), found[0].line, "", "", rule)])
    place, mistakes = Place(str(source), found[0]), list[Mistake]()
    document = validated(SweepDocument, place, mistakes)
    if document is None:
        raise ScenarioError(mistakes)
    spec = document.spec.model_copy(
        update={"scenario": str(source.parent / document.spec.scenario)}
    )
    return spec, place


def sweep_text(name: str, spec: Mapping[str, Any]) -> str:
    """The document, as `read_sweep` reads it."""
    return text_of(
        [{"apiVersion": "emu/v1", "kind": KIND, "metadata": {"name": name}, "spec": dict(spec)}]
    )
