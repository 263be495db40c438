"""Raw documents to Kubernetes objects, and from an object back to where it stands."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from emu.errors import Mistake
from emu.scenario.cluster import Cluster
from emu.scenario.kubernetes import (
    KINDS,
    Block,
    Deployment,
    EndpointSlice,
    HorizontalPodAutoscaler,
    KubeProxyConfiguration,
    KubernetesObject,
    Node,
    Pod,
    Service,
    ServiceCIDR,
)
from emu.scenario.place import Place
from emu.scenario.rules import validated
from emu.scenario.text import printable

Kind = TypeVar("Kind", bound=KubernetesObject)


@dataclass
class Objects:
    """The Kubernetes objects that were read, and what was passed over."""

    cluster: Cluster
    warnings: tuple[str, ...] = ()
    places: dict[tuple[str, str], Place] = field(default_factory=dict)

    def place_of(self, item: KubernetesObject) -> Place:
        """Where the object stands; for one that no file names, a place of its name alone."""
        nowhere = Place("", None, f"{item.kind}/{item.name}.")
        return self.places.get((item.kind, item.key), nowhere)


def read_objects(places: Sequence[Place], mistakes: list[Mistake]) -> Objects:
    """The objects at these places; every mistake in them is appended."""
    found: list[tuple[Place, Block]] = []
    passed: Counter[str] = Counter()
    for place in places:
        kind = _kind_of(place, mistakes)
        if kind is None:
            continue
        model = KINDS.get(kind)
        if model is None:
            passed[f"{printable(kind[1])} ({printable(kind[0])}), which is not modelled"] += 1
            continue
        item = validated(model, place, mistakes)
        if item is not None and (reason := _why_not(item)) is None:
            found.append((place, item))
        elif item is not None:
            passed[f"{kind[1]} {reason}"] += 1
    warnings = tuple(f"{count} x {what}: passed over" for what, count in
                     passed.items())  # fmt: skip
    return Objects(_cluster(found, mistakes), warnings, _places(found, mistakes))


def _kind_of(place: Place, mistakes: list[Mistake]) -> tuple[str, str] | None:
    for field_name in ("apiVersion", "kind"):
        if not isinstance(place.value.get(field_name), str):
            rule = "must be a string" if field_name in place.value else "is required"
            mistakes.append(place.missing((field_name,), rule))
            return None
    version, kind = place.value["apiVersion"], place.value["kind"]
    if version.startswith("emu/"):
        mistakes.append(place.mistake(("kind",), "must be Scenario"))
        return None
    return version, kind


def _why_not(item: Block) -> str | None:
    """Why an object is passed over; None where it is not."""
    if isinstance(item, EndpointSlice):
        if item.address_type == "FQDN":
            return "with addressType FQDN"
        if not item.service:
            return "without the label kubernetes.io/service-name"
    if isinstance(item, Service) and item.type == "ExternalName":
        return "of type ExternalName"
    if isinstance(item, HorizontalPodAutoscaler):
        if item.spec.scale_target_ref.kind != "Deployment":
            return "that does not scale a Deployment"
        if not item.targets:
            return "without a Resource metric of the CPU"
    if isinstance(item, Pod) and item.over:
        return "that has ended"
    return None


def _cluster(found: Sequence[tuple[Place, Block]], mistakes: list[Mistake]) -> Cluster:
    def of(kind: type[Kind]) -> tuple[Kind, ...]:
        return tuple(item for _, item in found if isinstance(item, kind))

    proxies = [(p, item) for p, item in found if isinstance(item, KubeProxyConfiguration)]
    mistakes.extend(
        place.missing((), f"must be given once; first at {proxies[0][0].where()}")
        for place, _ in proxies[1:]
    )
    kube_proxy = proxies[0][1] if proxies else KubeProxyConfiguration()
    return Cluster(
        of(Node), of(Pod), of(Service), of(EndpointSlice), of(Deployment), kube_proxy,
        of(ServiceCIDR), of(HorizontalPodAutoscaler),
    )  # fmt: skip


def _places(
    found: Sequence[tuple[Place, Block]], mistakes: list[Mistake]
) -> dict[tuple[str, str], Place]:
    places: dict[tuple[str, str], Place] = {}
    for place, item in found:
        if not isinstance(item, KubernetesObject):
            continue
        first = places.setdefault((item.kind, item.key), place)
        if first is not place:
            rule = f"is given twice; first at {first.where()}"
            mistakes.append(place.missing(("metadata", "name"), rule))
    return places
