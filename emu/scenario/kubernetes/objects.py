"""What all Kubernetes objects share: metadata, names, labels, and how fields are spelled."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from emu.quantities import Cpu, Memory
from emu.scenario.fields import Name, ObjectName

_INITIALISMS = {"ip": "IP", "ips": "IPs", "cidr": "CIDR", "cidrs": "CIDRs"}


def field_name(python: str) -> str:
    """The name of a field as Kubernetes spells it: ``pod_cidr`` is ``podCIDR``."""
    first, *others = python.split("_")
    return first + "".join(_INITIALISMS.get(word, word.capitalize()) for word in others)


class Block(BaseModel):
    """A part of a Kubernetes object: frozen, unknown fields accepted, null as if left out."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=field_name, validate_by_name=True,
        validate_by_alias=True, serialize_by_alias=True,
    )  # fmt: skip

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and None in value.values():
            return {name: field for name, field in value.items() if field is not None}
        return value


Protocol = Literal["TCP", "UDP", "SCTP"]


class OwnerReference(Block):
    """What made an object."""

    kind: str = ""
    name: str = ""
    controller: bool = False


class Metadata(Block):
    """Metadata of an object in a namespace."""

    name: ObjectName
    namespace: Name = "default"
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)
    deletion_timestamp: str | None = None
    owner_references: tuple[OwnerReference, ...] = ()


class KubernetesObject(Block):
    """An object with metadata."""

    api_version: str
    kind: str
    metadata: Metadata

    @property
    def name(self) -> str:
        """Its name."""
        return self.metadata.name

    @property
    def namespace(self) -> str:
        """Its namespace."""
        return self.metadata.namespace

    @property
    def key(self) -> str:
        """``namespace/name``."""
        return f"{self.metadata.namespace}/{self.metadata.name}"

    @property
    def labels(self) -> dict[str, str]:
        """Its labels."""
        return self.metadata.labels

    def changed(self, **blocks: dict[str, Any]) -> Self:
        """A copy with these fields of these blocks: ``pod.changed(spec={"node_name": "a"})``."""
        update = {
            name: getattr(self, name).model_copy(update=fields) for name, fields in blocks.items()
        }
        return self.model_copy(update=update)


class Requirement(Block):
    """One of a selector's ``matchExpressions``."""

    key: str
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether the labels meet it; a label that is absent is not in any list."""
        there = self.key in labels
        if self.operator in ("Exists", "DoesNotExist"):
            return there == (self.operator == "Exists")
        return (there and labels[self.key] in self.values) == (self.operator == "In")


class LabelSelector(Block):
    """The selector of a Deployment."""

    match_labels: dict[str, str] = Field(default_factory=dict)
    match_expressions: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with these labels is selected."""
        return selects(self.match_labels, labels) and all(
            requirement.matches(labels) for requirement in self.match_expressions
        )


def selects(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether the labels have every pair of the selector; an empty one selects everything."""
    return all(labels.get(key) == value for key, value in selector.items())


class Resources(Block):
    """Amounts of a node or a container: of CPU, of memory in bytes, and of Pods."""

    cpu: Cpu | None = None
    memory: Memory | None = None
    pods: int | None = None
