"""HorizontalPodAutoscaler (autoscaling/v2), as far as it goes by the CPU."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from emu.scenario.fields import ObjectName, Whole
from emu.scenario.kubernetes.objects import Block, KubernetesObject
from emu.units import parse_cpu


class ScaleTarget(Block):
    """What is scaled."""

    kind: str = "Deployment"
    name: ObjectName


class Target(Block):
    """The mean over the Pods that is aimed at: percent of what they request, or an amount."""

    average_utilization: Annotated[Whole, Field(ge=1)] | None = None
    average_value: str | int | float | None = None

    @property
    def cores(self) -> float | None:
        """An amount of CPU; None where it is in percent."""
        return None if self.average_value is None else parse_cpu(str(self.average_value))


class ResourceMetric(Block):
    """The use of a resource."""

    name: str
    target: Target

    @model_validator(mode="after")
    def _one_of_cpu(self) -> "ResourceMetric":
        if self.name == "cpu":
            percent, cores = self.target.average_utilization, self.target.cores
            if (percent is None) == (cores is None) or cores == 0:
                raise ValueError("must have one of averageUtilization and averageValue, above 0")
        return self


class Metric(Block):
    """What is measured of the Pods."""

    type: str
    resource: ResourceMetric | None = None


_DEFAULT_METRICS = (
    Metric(
        type="Resource",
        resource=ResourceMetric(name="cpu", target=Target(average_utilization=80)),
    ),
)


class Policy(Block):
    """By how much the number of Pods may change within a period."""

    type: Literal["Pods", "Percent"]
    value: Annotated[Whole, Field(ge=1)]
    period_seconds: Annotated[Whole, Field(ge=1, le=1800)]


class ScaleUp(Block):
    """How the number of Pods grows."""

    stabilization_window_seconds: Annotated[Whole, Field(ge=0, le=3600)] = 0
    select_policy: Literal["Max", "Min", "Disabled"] = "Max"
    policies: tuple[Policy, ...] = (
        Policy(type="Pods", value=4, period_seconds=15),
        Policy(type="Percent", value=100, period_seconds=15),
    )
    tolerance: Annotated[float, Field(ge=0)] = 0.1


class ScaleDown(Block):
    """How it shrinks."""

    stabilization_window_seconds: Annotated[Whole, Field(ge=0, le=3600)] = 300
    select_policy: Literal["Max", "Min", "Disabled"] = "Max"
    policies: tuple[Policy, ...] = (Policy(type="Percent", value=100, period_seconds=15),)
    tolerance: Annotated[float, Field(ge=0)] = 0.1


class Behavior(Block):
    """How fast the number of Pods changes."""

    scale_up: ScaleUp = ScaleUp()
    scale_down: ScaleDown = ScaleDown()


class AutoscalerSpec(Block):
    """The spec of a HorizontalPodAutoscaler."""

    scale_target_ref: ScaleTarget
    min_replicas: Annotated[Whole, Field(ge=1)] = 1
    max_replicas: Annotated[Whole, Field(ge=1)]
    metrics: tuple[Metric, ...] = _DEFAULT_METRICS
    behavior: Behavior = Behavior()

    @model_validator(mode="after")
    def _bounds(self) -> "AutoscalerSpec":
        if self.max_replicas < self.min_replicas:
            raise ValueError("must have a maxReplicas of at least its minReplicas")
        return self


class HorizontalPodAutoscaler(KubernetesObject):
    """What gives a Deployment as many Pods as its load asks for."""

    api_version: Literal["autoscaling/v2"] = Field()
    kind: Literal["HorizontalPodAutoscaler"] = Field()
    spec: AutoscalerSpec

    @property
    def deployment(self) -> str:
        """The Deployment that it scales, as ``namespace/name``."""
        return f"{self.namespace}/{self.spec.scale_target_ref.name}"

    @property
    def targets(self) -> tuple[Target, ...]:
        """Its targets of CPU; other metrics are not read."""
        return tuple(
            its.resource.target
            for its in self.spec.metrics
            if its.resource is not None and its.resource.name == "cpu"
        )
