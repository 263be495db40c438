"""Deployment (apps/v1)."""

from typing import Annotated, Literal

from pydantic import Field

from emu.scenario.fields import Whole
from emu.scenario.kubernetes.objects import Block, KubernetesObject, LabelSelector
from emu.scenario.kubernetes.pod import PodTemplate


class DeploymentSpec(Block):
    """The spec of a Deployment."""

    replicas: Annotated[Whole, Field(ge=0)] = 1
    selector: LabelSelector
    template: PodTemplate


class Deployment(KubernetesObject):
    """A number of Pods that are alike."""

    api_version: Literal["apps/v1"] = Field()
    kind: Literal["Deployment"] = Field()
    spec: DeploymentSpec
