"""A version's objects, tried out on what is live: all that would be applied, and nothing is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from pytest_canary.changes.immutable import makes_anew
from pytest_canary.changes.version_objects import once
from pytest_canary.config.track_deployments import TrackDeployment
from pytest_canary.core.errors import NotApplicable
from pytest_canary.core.findings import Finding
from pytest_canary.core.wording import plural
from pytest_canary.diagnosis.refusals import refusals, refused_object
from pytest_canary.k8s.dry_run import NO_MATCH, Refusal
from pytest_canary.k8s.namespace_api import NamespaceApi
from pytest_canary.manifests.definitions import kinds
from pytest_canary.manifests.documents import Document
from pytest_canary.manifests.jobs import is_hook
from pytest_canary.manifests.rendered import Given, Rendered
from pytest_canary.rendering.version import Version

# Tools by which a script makes something else of a template than what stands in it.
MAKERS = ("yq", "jq", "kustomize", "helm", "ytt", "jsonnet")


@dataclass
class Trial:
    """What came of it.

    Attributes:
        tried: how many objects the API server was asked about.
        refused: those that it does not take, each as a finding.
        untried: what it was not asked about, and why; a clause each.
    """

    tried: int = 0
    refused: list[Finding] = field(default_factory=list)
    untried: list[str] = field(default_factory=list)

    @property
    def note(self) -> str:
        """What was tried, for the stage's line; empty where nothing was left out."""
        if not self.untried:
            return ""
        return f"{plural(self.tried, 'object')} tried out, without {'; '.join(self.untried)}"


def try_out(
    namespace: NamespaceApi,
    tracks: Mapping[str, TrackDeployment],
    version: Version,
    environment: Mapping[str, str],
) -> Trial:
    """Ask the API server about each object of a version, in the order in which it is applied.

    Args:
        namespace: what is live is there.
        tracks: the Deployment of each.
        version: tells the image, and what makes the objects.
        environment: what a script sees, and its template is filled in from.

    Raises:
        ClusterError: the API server does not answer.
        NotApplicable: only the script knows what it applies.
        ReleaseError: the tool that makes the objects fails.
    """
    objects = _Objects(tracks, version, environment)
    trial = Trial(untried=objects.unknown)
    for document in objects.known:
        refusal = namespace.dry_apply(document.value)
        named = f"{document.kind} {document.name}"
        why = _no_answer(refusal, document, objects.made) if refusal else ""
        if refusal and why:
            trial.untried.append(f"{named}, as {why}")
            continue
        trial.tried += 1
        if refusal:
            # Who may not do it is told as where it is really applied.
            known = refusals(refusal.message, namespace.name)
            trial.refused += known or [_finding(document, refusal, version.title)]
    return trial


def _no_answer(refusal: Refusal, document: Document, made: set[str]) -> str:
    """Why a refusal says nothing of what comes of the object when it is applied; if so."""
    if "does not support dry run" in refusal.message:
        return "a webhook of the cluster's can't be asked without consequences"
    if refusal.reason == NO_MATCH and document.kind in made:
        return "its kind is made along with it"
    return ""


def _finding(document: Document, refusal: Refusal, title: str) -> Finding:
    fields = [name for name, _ in refusal.causes]
    line = document.line(*_place(fields[0] if fields else ""))
    found = refused_object(
        f"{document.kind} {document.name}",
        title,
        refusal.reason,
        refusal.message,
        refusal.causes,
        where=document.source.where(line),
    )
    return replace(found, file=document.source.path, line=line)


def _place(named: str) -> tuple[str, ...]:
    """The way into an object that the API server names: "spec.selector"."""
    return tuple(named.replace("[", ".").partition("..")[0].split(".")) if named else ()


class _Objects:
    """What a version's files make, once each, as far as it is known before they are applied.

    Attributes:
        known: the objects.
        unknown: what only the script knows, and why.
        made: the kinds that come with it.
    """

    def __init__(
        self,
        tracks: Mapping[str, TrackDeployment],
        version: Version,
        environment: Mapping[str, str],
    ) -> None:
        self.tracks, self.version, self.environment = tracks, version, environment
        self.script = version.renderer.script()
        self.unknown: list[str] = []
        self.made: set[str] = set()
        if self.script.editor in MAKERS:
            raise NotApplicable(
                f"{self.script.name} makes what it applies with {self.script.editor}, so nobody "
                "knows it before"
            )
        # Who runs a hook deletes what the last one has left.
        self.known = [
            each for each in once(self._all()).values() if each.name and not is_hook(each)
        ]
        definitions = [*version.renderer.definitions(), *self.known]
        self.made |= {kind for _, kind in kinds(definitions)}

    def _all(self) -> Iterator[Document]:
        renderer, image = self.version.renderer, self.version.image
        yield from renderer.shared_objects(image).documents
        if makes_anew(self.script):
            self.unknown.append(
                f"{renderer.deployment_source().shown}, as {self.script.name} takes away what is "
                "there before"
            )
            return
        for wanted in self.tracks.values():
            if not wanted.replicas:
                continue
            given = Given(wanted.name, wanted.replicas, image, self.environment)
            rendered = renderer.render(given)
            if rendered.foreign:
                raise NotApplicable(rendered.foreign)
            yield from self._clear(rendered)

    def _clear(self, rendered: Rendered) -> Iterator[Document]:
        """Those of a track's objects in which every variable has its value."""
        for each in rendered.parsed.documents:
            lines = {
                line for place, line in each.lines.items() if place[: len(each.place)] == each.place
            }
            if lines & rendered.filled.lines:
                why = f"only {self.script.name} knows all of its variables"
                self.unknown.append(f"{each.kind} {each.name}, as {why}")
            else:
                yield each
