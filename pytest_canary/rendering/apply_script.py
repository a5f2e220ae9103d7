"""A script that fills in a Deployment's template and applies it; and a Service beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pytest_canary.manifests import jobs, templates
from pytest_canary.manifests.documents import Document, Source, read
from pytest_canary.manifests.parsing import Parsed, parse
from pytest_canary.manifests.references import pull_secrets
from pytest_canary.manifests.rendered import Given, Rendered
from pytest_canary.manifests.templates import Script
from pytest_canary.rendering.renderer import Command


@dataclass(frozen=True)
class ApplyScript:
    """A renderer that is the project's own script; only it knows for sure what it makes.

    Attributes:
        deployment: the template of both Deployments.
        service: the Service's manifest.
        apply_path: the script.
        root: the folder that paths are told from.
    """

    deployment: Path
    service: Path
    apply_path: Path
    root: Path

    knows_both = False
    deletes = False

    def render(self, given: Given) -> Rendered:
        """The template as the script would hand it to kubectl, as far as it can be read."""
        return templates.render(self.deployment_source(), self.script(), given)

    def shared_objects(self, _image: str, /) -> Parsed:
        """What stands in the Service's manifest, which is applied as it is."""
        return parse(self.service_source())

    def definitions(self) -> list[Document]:
        """None: the script applies whatever stands in its files."""
        return []

    def jobs(self, given: Given) -> list[Document]:
        """Those that stand in the template."""
        return jobs.jobs(self.render(given))

    def apply(self, given: Given, _other: Given | None = None, /) -> Command:
        """`apply.sh MANIFEST DEPLOYMENT REPLICAS IMAGE`, in the script's folder."""
        words = (self.deployment, given.deployment, str(given.replicas), given.image)
        return Command(words, program=self.apply_path, cwd=self.apply_path.parent)

    def apply_shared(self, _image: str, /) -> Command:
        """`kubectl apply -f` the Service's manifest."""
        return Command(("apply", "-f", self.service))

    def script(self) -> Script:
        """The script's name, and what it holds."""
        text = self.apply_path.read_bytes().decode("utf-8", errors="replace")
        return Script(self.apply_path.name, text)

    def deployment_source(self) -> Source:
        """The template, nothing filled in."""
        return read(self.deployment, self.root)

    def service_source(self) -> Source:
        """The Service's manifest."""
        return read(self.service, self.root)

    def text(self) -> str:
        """The template, nothing filled in."""
        return self.deployment.read_text(errors="replace")

    def fingerprint(self) -> bytes:
        """What the three files hold."""
        return b"\0".join(
            each.read_bytes() for each in (self.deployment, self.service, self.apply_path)
        )

    def pull_secrets(self) -> set[str]:
        """Those that stand in the template."""
        return pull_secrets(self.text())

    def notes(self) -> list[str]:
        """Nothing: the script applies its files as they are."""
        return []
