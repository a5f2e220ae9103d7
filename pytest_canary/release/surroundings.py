"""What a release stands among: what it presupposes, its CRDs, the workloads that come along."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pytest_canary.config.track_deployments import TrackDeployment
from pytest_canary.core.errors import FoundError, ReleaseError
from pytest_canary.core.findings import Finding
from pytest_canary.core.waiting import Waiter
from pytest_canary.core.wording import cut, last_line
from pytest_canary.k8s.namespace_api import NamespaceApi
from pytest_canary.k8s.observer import Observer
from pytest_canary.manifests.documents import Document
from pytest_canary.release.cluster_wide import ClusterWide
from pytest_canary.release.commands import Commands
from pytest_canary.release.companions import companions
from pytest_canary.release.diagnoser import Diagnoser
from pytest_canary.release.workload_watch import WorkloadWatch
from pytest_canary.rendering.prerequisites import IN_FRONT, Prerequisites
from pytest_canary.rendering.version import Version

# Characters of kubectl's words that the sentence has; the evidence has all.
WORDS = 300


@dataclass(frozen=True)
class Surroundings:
    """Applies what has to be there before a version, and watches what comes along with it.

    Attributes:
        namespace: the run's.
        observer: watches it.
        diagnoser: says what is wrong with a workload.
        waiter: waits.
        tracks: the Deployment of each, which is no companion.
        deadline: seconds for a rollout.
        commands: run kubectl as the release's account.
        cluster_wide: applies what belongs to the whole cluster; None where nothing may.
        announce: writes down what is about to be made in a namespace that stays, as kubectl calls
            it.
    """

    namespace: NamespaceApi
    observer: Observer
    diagnoser: Diagnoser
    waiter: Waiter
    tracks: Mapping[str, TrackDeployment]
    deadline: float
    commands: Commands
    cluster_wide: ClusterWide | None
    announce: Callable[[str], None]

    def prepare(self, prerequisites: Prerequisites) -> list[str]:
        """Apply what the release presupposes, and wait until it is ready.

        Returns:
            What was in the cluster already, and stays as it is.

        Raises:
            FoundError: something does not get ready, with why; or the API server refuses it.
            ReleaseError: something can't be applied.
        """
        around = prerequisites.cluster_wide()
        own = prerequisites.in_namespace()
        kept = self._apply_around(each for each in around if each.kind not in IN_FRONT)
        self._apply(own)
        found = self._watch(
            own, "prerequisite", "mend it there, or take it out of manifests.prerequisites"
        ).find_unready()
        if found:
            raise FoundError(found)
        # Whom the API server asks has to be there, or nothing can be made any more.
        return kept + self._apply_around(each for each in around if each.kind in IN_FRONT)

    def establish(self, version: Version) -> None:
        """Apply the CRDs that come with a version, and wait until the API server has taken them up.

        Raises:
            ReleaseError: one is there that differs and isn't the run's, or it is refused.
            WaitTimeoutError: one is not taken up; with what was seen last.
        """
        self._apply_around(version.renderer.definitions())

    def find_unready_companions(self, version: Version) -> list[Finding]:
        """Wait for the workloads that come along with a version; what is wrong with them."""
        along = companions(version, self.tracks, self.commands.environment)
        return self._watch(along, "", "mend it there").find_unready()

    def _watch(self, documents: Sequence[Document], what: str, way_out: str) -> WorkloadWatch:
        return WorkloadWatch(
            documents,
            what,
            way_out,
            namespace=self.namespace,
            observer=self.observer,
            diagnoser=self.diagnoser,
            waiter=self.waiter,
            deadline=self.deadline,
        )

    def _apply_around(self, documents: Iterable[Document]) -> list[str]:
        return self.cluster_wide.apply(documents) if self.cluster_wide else []

    def _apply(self, documents: Sequence[Document]) -> None:
        if not documents:
            return
        for name in _names(documents):
            self.announce(name)
        items = [each.value for each in documents]
        listed = {"apiVersion": "v1", "kind": "List", "items": items}
        try:
            # The namespace said aloud: kubectl then refuses an object that names another.
            where = f"--namespace={self.namespace.name}"
            self.commands.kubectl("apply", "-f", "-", where, stdin=json.dumps(listed).encode())
        except FoundError as error:
            raise FoundError(error.findings, _places(documents, str(error))) from error
        except ReleaseError as error:
            places = _places(documents, f"{error.sentence} {error.evidence}")
            why = cut(last_line(error.evidence), WORDS) or error.sentence
            raise ReleaseError(
                f"the prerequisites can't be applied{places and f', see {places}'}: {why}",
                error.evidence,
            ) from error


def _names(documents: Iterable[Document]) -> Iterable[str]:
    """What is made, as kubectl calls it; the claims of StatefulSets, which outlive them, too."""
    for each in documents:
        yield f"{each.kind.lower()}{each.group and f'.{each.group}'}/{each.name}"
        for _, claim in each.tables("spec", "volumeClaimTemplates"):
            yield f"persistentvolumeclaim/{claim.get('metadata', {}).get('name')}-{each.name}"


def _places(documents: Iterable[Document], said: str) -> str:
    """Where the objects stand that kubectl complains of, as far as it names them."""
    found = [
        f"{each.kind} {each.name} of {each.source.where(each.line('kind'))}"
        for each in documents
        # What kubectl itself has against an object it tells by its kind alone.
        if f'"{each.name}"' in said or f"ValidationError({each.kind}" in said
    ]
    return ", ".join(found)
