"""A scenario written out in full, in the format it is read from."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import yaml
from pydantic import BaseModel

from emu.scenario.cluster import Cluster
from emu.scenario.description import ScenarioSpec
from emu.scenario.scalars import plain


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Quotes every string that would otherwise be read as something else, and uses no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _string(dumper: Any, text: str) -> Any:
    style = "|" if "\n" in text else None if isinstance(plain(text), str) else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _string)


def documents(name: str, spec: ScenarioSpec, cluster: Cluster) -> list[dict[str, Any]]:
    """The documents: the Scenario with every field, then the Kubernetes objects."""
    objects: Sequence[BaseModel] = (
        *cluster.nodes, *cluster.services, *cluster.deployments, *cluster.pods,
        *cluster.endpoint_slices, *cluster.service_cidrs, *cluster.autoscalers,
        cluster.kube_proxy,
    )  # fmt: skip
    scenario = {
        "apiVersion": "emu/v1",
        "kind": "Scenario",
        "metadata": {"name": name},
        "spec": spec.model_dump(mode="json", by_alias=True, exclude_none=True),
    }
    return [scenario, *map(_object, objects)]


def _object(item: BaseModel) -> dict[str, Any]:
    """A Kubernetes object without what is the API's default."""
    written = item.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude_none=True)
    identity = {"apiVersion": item.api_version, "kind": item.kind}  # type: ignore[attr-defined]
    return identity | written


def text_of(written: Sequence[dict[str, Any]]) -> str:
    """The documents as YAML."""
    return yaml.dump_all(written, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


def digest_of(written: Sequence[dict[str, Any]]) -> str:
    """The first 12 hexadecimal digits of the SHA-256 of the documents, the seed left out."""
    scenario, *objects = written
    spec = {key: value for key, value in scenario["spec"].items() if key != "seed"}
    canonical = json.dumps([scenario | {"spec": spec}, *objects], sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]
