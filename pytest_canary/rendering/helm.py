"""Helm: a chart whose values say what both tracks run, in one release, or in one for each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pytest_canary.config import chart_values
from pytest_canary.config.manifest_files import yaml_files
from pytest_canary.config.migration_settings import hooks_called
from pytest_canary.core.processes import Processes
from pytest_canary.k8s.image_names import tag
from pytest_canary.manifests.documents import Document, Source, read
from pytest_canary.manifests.jobs import runs_with_a_version
from pytest_canary.manifests.parsing import Parsed, parse
from pytest_canary.manifests.rendered import Given, Rendered
from pytest_canary.manifests.templates import Script
from pytest_canary.manifests.version import CANARY, STABLE, TRACKS
from pytest_canary.rendering.helm_template import template
from pytest_canary.rendering.object_set import ObjectSet
from pytest_canary.rendering.renderer import Command


@dataclass(frozen=True)
class HelmChart:
    """A renderer that is a chart; what stands on the cluster is always a revision of Helm's.

    Attributes:
        chart: its folder.
        values: files of values.
        set_values: what a walk sets, words not filled in.
        releases: one that has both tracks, or one for each.
        name: the app's, and the release's.
        service: the Service's name.
        root: the folder that paths are told from.
        hook: the name of the Job that migrates as a hook; empty for none.
        processes: run `helm template`.
    """

    chart: Path
    values: tuple[Path, ...]
    set_values: Mapping[str, Any]
    releases: int
    name: str
    service: str
    root: Path
    hook: str = ""
    processes: Processes = field(default_factory=Processes)

    knows_both = True
    deletes = True

    # What it makes.

    def render(self, given: Given) -> Rendered:
        """The track's Deployment; none where the chart makes none of that name."""
        found = [each for each in self._documents(given) if each.kind == "Deployment"]
        own = [each for each in found if each.name == given.deployment]
        return Rendered(Parsed(own, [each.value for each in own]))

    def shared_objects(self, image: str, /) -> Parsed:
        """Everything but the two Deployments, hooks among it."""
        tracks = {f"{self.name}-{track}" for track in TRACKS}
        parsed = self._all(image or "none:0")
        made = [
            each
            for each in parsed.documents
            if not (each.kind == "Deployment" and each.name in tracks)
        ]
        return Parsed(made, [each.value for each in made], parsed.faults)

    def definitions(self) -> list[Document]:
        """What is in the chart's folder `crds`, which Helm never renders."""
        return list(self._definitions)

    @cached_property
    def _definitions(self) -> list[Document]:
        folder = self.chart / "crds"
        files = yaml_files(folder) if folder.is_dir() else []
        return [each for file in files for each in parse(read(file, self.root)).documents]

    def jobs(self, given: Given) -> list[Document]:
        """The Job that Helm runs as a hook and that migrates; all that may, where none is named."""
        found = {
            each.name: each for each in self._documents(given) if runs_with_a_version(each)
        }.values()
        return hooks_called(self.hook, found) if self.hook else list(found)

    def objects(self) -> ObjectSet:
        """All that it makes, of any image."""
        return ObjectSet(self._all("none:0"), self._chart_source)

    def _all(self, image: str) -> Parsed:
        tracks = [Given(f"{self.name}-{track}", 1, image, {}) for track in TRACKS]
        made = Parsed()
        for release, given in self._values_by_release(tracks[0], tracks[1]):
            parsed = self._template(release, given)
            made.documents += parsed.documents
            made.faults += parsed.faults
        return made

    def _documents(self, given: Given) -> list[Document]:
        other = Given(self._other_name(given), 1, given.image, {})
        made: list[Document] = []
        for release, values in self._values_by_release(given, other):
            made += self._template(release, values).documents
        return made

    def _values_by_release(self, one: Given, other: Given) -> Iterator[tuple[str, list[str]]]:
        """The releases, each with the words that name its values."""
        if self.releases == 1:
            yield self.name, self._set(one, other)
            return
        for each in (one, other):
            yield each.deployment, self._set(each, None)

    def _template(self, release: str, words: list[str]) -> Parsed:
        key = (release, *words)
        if key not in self._made:
            files = [word for path in self.values for word in ("--values", str(path))]
            self._made[key] = template(
                self.chart, release, [*files, *words], self.root, self.processes
            )
        return self._made[key]

    @cached_property
    def _made(self) -> dict[tuple[str, ...], Parsed]:
        return {}

    # How it is applied.

    def apply(self, given: Given, other: Given | None = None, /) -> Command:
        """`helm upgrade --install`, with the other track as it stands."""
        if self.releases == 1:
            absent = Given(self._other_name(given), 0, given.image, {})
            return self._upgrade(self.name, self._set(given, other or absent))
        return self._upgrade(given.deployment, self._set(given, None))

    def apply_shared(self, _image: str, /) -> None:
        """Nothing by itself: it is in every release."""

    def delete(self, given: Given, other: Given | None = None) -> Command:
        """`helm upgrade` to a release without the track, or `helm uninstall` of its own."""
        if self.releases == 1:
            gone = Given(given.deployment, 0, given.image, {})
            return self.apply(gone, other)
        return _helm("uninstall", given.deployment)

    def revision(self) -> Command:
        """What tells the revision that stands."""
        name = self.name if self.releases == 1 else f"{self.name}-{STABLE}"
        # Helm 3 has --all for that, and Helm 4 has not.
        states = ("--deployed", "--failed", "--pending")
        return _helm("list", *states, "--output=json", f"--filter=^{name}$")

    def roll_back(self, revision: int, *, canary: bool) -> list[Command]:
        """`helm rollback` to a revision, and where the canary is one of its own, without that.

        Args:
            revision: the one before the canary came.
            canary: whether there is one.
        """
        if self.releases == 1:
            return [_helm("rollback", self.name, str(revision))]
        back = _helm("rollback", f"{self.name}-{STABLE}", str(revision))
        return [back, *([_helm("uninstall", f"{self.name}-{CANARY}")] if canary else [])]

    def _upgrade(self, release: str, words: list[str]) -> Command:
        files: list[str | Path] = [word for path in self.values for word in ("--values", path)]
        # They are there already, and the release's account may not even ask for them.
        files += ["--skip-crds"] if self._definitions else []
        return _helm("upgrade", release, self.chart, "--install", *files, *words)

    def _set(self, given: Given, other: Given | None) -> list[str]:
        words: dict[str, Any] = {}
        for each in filter(None, (given, other)):
            track = self._track(each)
            own = _words(each)
            words |= {f"{track}.{name}": value for name, value in own.items()}
            if other is None:
                words |= own | {name: name == track for name in TRACKS}
        found = chart_values.fill_in(self.set_values, words)
        return [
            word
            for name, value in found.items()
            for word in ("--set-json", f"{name}={json.dumps(value)}")
        ]

    def _track(self, given: Given) -> str:
        return CANARY if given.deployment == f"{self.name}-{CANARY}" else STABLE

    def _other_name(self, given: Given) -> str:
        return f"{self.name}-{STABLE if self._track(given) == CANARY else CANARY}"

    # What is known of it.

    def script(self) -> Script:
        """`helm upgrade`."""
        return Script("helm upgrade", "")

    def deployment_source(self) -> Source:
        """The template that makes stable's Deployment."""
        return self._source("Deployment", f"{self.name}-{STABLE}")

    def service_source(self) -> Source:
        """The template that makes the Service."""
        return self._source("Service", self.service)

    def _source(self, kind: str, name: str) -> Source:
        found = (
            each.source
            for each in self._all("none:0").documents
            if (each.kind, each.name) == (kind, name)
        )
        return next(found, self._chart_source)

    @cached_property
    def _chart_source(self) -> Source:
        return read(self.chart / "Chart.yaml", self.root)

    def text(self) -> str:
        """All that the chart and its values say."""
        return "\n".join(each.read_text(errors="replace") for each in self._files())

    def fingerprint(self) -> bytes:
        """All that the chart and its values say, by their names."""
        return b"\0".join(
            part for each in self._files() for part in (each.name.encode(), each.read_bytes())
        )

    def _files(self) -> list[Path]:
        own = sorted(each for each in self.chart.rglob("*") if each.is_file())
        return [*own, *self.values]

    def pull_secrets(self) -> set[str]:
        """Those that the tracks' pods name."""
        place = ("spec", "template", "spec", "imagePullSecrets")
        return {
            str(entry["name"])
            for each in self._all("none:0").documents
            if each.kind == "Deployment"
            for _, entry in each.tables(*place)
            if isinstance(entry.get("name"), str)
        }

    def notes(self) -> list[str]:
        """How often a hook migrates; Helm applies the chart as it is."""
        if not self.hook:
            return []
        each = "at each `helm upgrade` of either release" if self.releases == 2 else ""
        return [f"Helm runs Job {self.hook} to migrate, {each or 'at each `helm upgrade`'}"]


def _words(given: Given) -> dict[str, Any]:
    own = tag(given.image)
    return {
        "image": given.image,
        "name": given.deployment,
        "replicas": given.replicas,
        "repository": given.image.removesuffix(f":{own}") if own else given.image,
        "tag": own,
    }


def _helm(*words: str | Path) -> Command:
    return Command(words, program=Path("helm"), named=True, runs_hooks=words[0] != "list")
