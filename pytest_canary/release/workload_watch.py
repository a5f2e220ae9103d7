"""The watch over workloads beside the release's Deployments, until all of them are ready."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pytest_canary.core.errors import WaitTimeoutError
from pytest_canary.core.findings import Finding
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.k8s.namespace_api import NamespaceApi
from pytest_canary.k8s.objects import Object
from pytest_canary.k8s.observer import Observer
from pytest_canary.k8s.workloads import WORKLOADS, progress
from pytest_canary.manifests.documents import Document
from pytest_canary.release.diagnoser import Diagnoser


class WorkloadWatch:
    """Waits for workloads that were applied, and tells doomed from slow.

    Args:
        documents: the objects; those that have no pods to wait for are left out.
        what: what they are to the release: "prerequisite"; empty for nothing in particular.
        way_out: what to do, after what the diagnosis says.
        namespace: has them.
        observer: watches its pods.
        diagnoser: says what is wrong with one.
        waiter: waits.
        deadline: seconds until it is given up.
    """

    def __init__(
        self,
        documents: Sequence[Document],
        what: str,
        way_out: str,
        *,
        namespace: NamespaceApi,
        observer: Observer,
        diagnoser: Diagnoser,
        waiter: Waiter,
        deadline: float,
    ) -> None:
        self.documents = [each for each in documents if each.kind in WORKLOADS]
        self.what = what
        self.way_out = way_out
        self.namespace = namespace
        self.observer = observer
        self.diagnoser = diagnoser
        self.waiter = waiter
        self.deadline = deadline
        self._slow: dict[int, list[Finding]] = {}
        self._seen: dict[int, str] = {}

    def find_unready(self) -> list[Finding]:
        """Wait until all are ready; what is wrong with those that are not.

        Each finding names the object, its file and its line. It comes as soon as waiting can't mend
        it, or at the deadline.
        """
        doomed: list[Finding] = []

        def look() -> Seen[None]:
            nonlocal doomed
            # Before anything is asked for, so that whatever comes meanwhile ends the wait.
            self.observer.snapshot()
            left = [number for number in range(len(self.documents)) if not self._look(number)]
            doomed = [f for number in left for f in self._slow.get(number, []) if f.doomed]
            told = "; ".join(self._seen[number] for number in left)
            return Seen(told or "all are ready", bool(doomed) or not left, None)

        if not self.documents:
            return []
        names = ", ".join(f"{each.kind} {each.name}" for each in self.documents)
        try:
            self.waiter.until(
                f"{names} to be ready", look, timeout=self.deadline, change=self.observer.change
            )
        except WaitTimeoutError:
            return [self._given_up(number) for number, text in self._seen.items() if text]
        return doomed

    def _look(self, number: int) -> bool:
        """Whether a workload is ready by now; what it has come to is kept, and what is wrong."""
        document = self.documents[number]
        found = self._live(document)
        self._slow[number] = []
        if found is None:
            self._seen[number] = f"there is no {document.kind} {document.name}"
            return False
        done, text = progress(found, document.kind, self.observer.last_snapshot().pods.values())
        self._seen[number] = "" if done else text
        if not done:
            told = self.diagnoser.findings_of_workload(found, document.kind)
            self._slow[number] = [self._name_object(each, document) for each in told]
            if told:
                self._seen[number] = f"{told[0].sentence}; {text}"
        return done

    def _live(self, document: Document) -> Object | None:
        items = self.namespace.objects(document.kind)
        return next((each for each in items if each["metadata"]["name"] == document.name), None)

    def _given_up(self, number: int) -> Finding:
        if self._slow[number]:
            return self._slow[number][0]
        document, seen = self.documents[number], self._seen[number]
        return self._name_object(
            Finding(
                "NotReadyInTime",
                f"it is given up after {self.deadline:g} s: {seen}",
                where=f"{document.kind} {document.name}",
                next=f"kubectl describe {document.kind.lower()} {document.name}; see "
                "deadlines.rollout where it needs longer",
            ),
            document,
        )

    def _name_object(self, finding: Finding, document: Document) -> Finding:
        """A finding of one of its pods, said of the object that the project has."""
        line = document.line("kind")
        place = document.source.where(line)
        return replace(
            finding,
            sentence=f"{self.what} {document.kind} {document.name} ({place}) does not get ready: "
            f"{finding.sentence}".lstrip(),
            next="; ".join(filter(None, (finding.next, self.way_out))),
            file=document.source.path,
            line=line,
        )
