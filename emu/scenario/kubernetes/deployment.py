"""Deployment (apps/v1)."""

import re
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from emu.scenario.fields import Whole
from emu.scenario.kubernetes.objects import Block, KubernetesObject, LabelSelector
from emu.scenario.kubernetes.pod import PodTemplate
from emu.scenario.kubernetes.probe import Seconds

_PERCENT: Final = re.compile(r"[0-9]{1,9}%")


def _number_or_percent(value: Any) -> Any:
    if isinstance(value, str) and _PERCENT.fullmatch(value):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise ValueError("must be a whole number, at least 0, or a percentage such as 25%")


NumberOrPercent = Annotated[
    int | str,
    BeforeValidator(_number_or_percent),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string"}]}),
]
"""So many Pods, or a percentage of all."""


class RollingUpdate(Block):
    """How many Pods there may be beyond those wanted, and how many fewer may be available."""

    max_surge: NumberOrPercent = "25%"
    max_unavailable: NumberOrPercent = "25%"


class Strategy(Block):
    """How Pods are replaced by those of a new revision."""

    type: Literal["RollingUpdate", "Recreate"] = "RollingUpdate"
    rolling_update: RollingUpdate = RollingUpdate()

    def bounds(self, replicas: int) -> tuple[int, int]:
        """``maxSurge``, rounded up, and ``maxUnavailable``, rounded down, of so many Pods.

        Where both would be 0 one may be unavailable, for else nothing could be replaced. Source:
        Kubernetes, pkg/controller/deployment/util (``ResolveFenceposts``).
        """
        surge = _share(self.rolling_update.max_surge, replicas, 99)
        unavailable = _share(self.rolling_update.max_unavailable, replicas, 0)
        return surge, max(unavailable, 0 if surge else 1)


def _share(value: int | str, replicas: int, more: int) -> int:
    if isinstance(value, int):
        return value
    return (int(value.removesuffix("%")) * replicas + more) // 100


class DeploymentSpec(Block):
    """The spec of a Deployment."""

    replicas: Annotated[Whole, Field(ge=0)] = 1
    selector: LabelSelector
    template: PodTemplate
    strategy: Strategy = Strategy()
    min_ready_seconds: Seconds = 0


class Deployment(KubernetesObject):
    """A number of Pods that are alike."""

    api_version: Literal["apps/v1"] = Field()
    kind: Literal["Deployment"] = Field()
    spec: DeploymentSpec
