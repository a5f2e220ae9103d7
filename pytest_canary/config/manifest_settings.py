"""The settings of what makes a release's objects: `[manifests]`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from pytest_canary.config.table import TABLE
from pytest_canary.config.values import Text

RendererName = Literal["apply.sh", "yaml", "kustomize", "helm"]
"""What makes the objects of a release: the project's own script, or a tool."""


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class ManifestSettings(BaseModel):
    """What makes the objects, and of which files: [what makes the manifests](manifests.md).

    Attributes:
        renderer: what does; unset, what the files are.
        path: files or folders of YAML, the folder of a kustomization, or a chart; one, or a list.
        container: the one that runs the app's image, where the pod has several.
        values: files of a chart's values, in the order in which Helm takes them.
        set_: what a walk sets in the chart, by its values' names; there are
            [words](manifests.md#charts) for the version's image and the like.
        releases: of the chart: 1 that has both tracks, or 2, one for each.
        prerequisites: files and folders of YAML with what the release presupposes, which is
            [applied before it](prerequisites.md); one, or a list.
        deployment: the template of both Deployments; with apply.sh alone, as the next two.
        service: the Service's manifest.
        apply: the command that is given `MANIFEST DEPLOYMENT REPLICAS IMAGE`, applies the manifest
            and waits.
    """

    model_config = TABLE

    renderer: RendererName | None = None
    path: Annotated[list[Text], BeforeValidator(_as_list)] = []
    container: Text = ""
    values: Annotated[list[Text], BeforeValidator(_as_list)] = []
    set_: Annotated[dict[str, Text | int | bool], Field(alias="set")] = {}
    releases: Literal[1, 2] = 1
    prerequisites: Annotated[list[Text], BeforeValidator(_as_list)] = []
    deployment: Text = "manifests/deployment.yml"
    service: Text = "manifests/service.yml"
    apply: Text = "./apply.sh"

    @property
    def of_script(self) -> list[str]:
        """The settings of a script that somebody has made."""
        return [
            each
            for each in ("deployment", "service", "apply")
            if each in self.model_fields_set  # whatever they say
        ]
