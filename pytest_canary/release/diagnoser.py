"""What the diagnosis needs, gathered from the cluster where something may be wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from pytest_canary.core.errors import ClusterError, CommandError
from pytest_canary.core.findings import Finding
from pytest_canary.diagnosis import (
    Expected,
    Objects,
    diagnose,
    diagnose_pod,
    diagnose_workload,
    last_words,
    wanted_logs,
    wanted_logs_of_pod,
    wanted_logs_of_workload,
)
from pytest_canary.diagnosis.jobs import find_refused_pod
from pytest_canary.diagnosis.subject import LastWords, LogKey, Run
from pytest_canary.k8s.namespace_api import NamespaceApi
from pytest_canary.k8s.objects import Object
from pytest_canary.k8s.observer import Observer

# Lines of a log that go into a finding; the whole of it is in the evidence's folder.
LOG_LINES = 50


class Diagnoser:
    """Gathers what the diagnosis needs, and only where it needs it.

    Args:
        namespace: where the pods live.
        observer: watches that namespace.
        images: the full names of the images that the nodes hold; None where nobody knows.
        redact: takes the secrets out of what is found, as objects and events tell them.
    """

    def __init__(
        self,
        namespace: NamespaceApi,
        observer: Observer,
        images: Callable[[], Iterable[str]] | None = None,
        redact: Callable[[str], str] = str,
    ) -> None:
        self.namespace = namespace
        self.observer = observer
        self.images = images
        self._redact = redact
        # Two may look at a time: what is waited for, and what is tried of a migration beside it.
        self._remembering = threading.Lock()
        self._last_words: Mapping[Run, LastWords] = {}

    def findings(self, expected: Expected) -> list[Finding]:
        """What is wrong with a Deployment now; nothing where all is well or only on its way."""
        return self._find(
            lambda objects: diagnose(objects, expected),
            lambda objects: wanted_logs(objects, expected),
        )

    def findings_of_pod(self, name: str) -> list[Finding]:
        """What keeps a pod of the run's own from running its command."""
        return self._find(
            lambda objects: diagnose_pod(objects, name),
            lambda objects: wanted_logs_of_pod(objects, name),
        )

    def find_refused_pod(self, job: str) -> Finding | None:
        """Why the API server does not let a Job make its pod; None where nothing tells."""
        found = find_refused_pod(self.observer.snapshot(), job)
        return found.changed(self._redact) if found else None

    def findings_of_workload(self, workload: Object, kind: str) -> list[Finding]:
        """What is wrong with a workload that is none of the release's Deployments."""
        return self._find(
            lambda objects: diagnose_workload(objects, workload, kind),
            lambda objects: wanted_logs_of_workload(objects, workload, kind),
        )

    def _find(
        self,
        find: Callable[[Objects], list[Finding]],
        wanted: Callable[[Objects], Iterable[LogKey]],
    ) -> list[Finding]:
        objects = Objects(self.observer.snapshot(), now=self.namespace.cluster.now())
        suspected = find(objects)
        if not suspected:
            return []
        # Something may be wrong: now, and not at each look, the API server is asked for the rest.
        objects = self._with_the_rest(objects)
        if any("Image" in each.code for each in suspected):
            objects = replace(objects, images=self._held_images())
        logs = {key: text for key in wanted(objects) if (text := self._log(*key))}
        with self._remembering:
            objects = replace(objects, logs=logs, last_words=self._last_words)
            self._last_words = known = last_words(objects)
        # Not before: what is compared with names and with other runs' words is as it came.
        return [each.changed(self._redact) for each in find(replace(objects, last_words=known))]

    def _with_the_rest(self, objects: Objects) -> Objects:
        try:
            objects = replace(objects, keys=self.namespace.keys())
            objects = replace(objects, nodes=self.namespace.cluster.nodes())
            return replace(objects, node_pods=self.namespace.cluster.all_pods())
        except ClusterError:
            # A user of a shared cluster may not be allowed to see all of it.
            return objects

    def _held_images(self) -> frozenset[str] | None:
        try:
            return frozenset(self.images()) if self.images else None
        except CommandError:
            return None

    def _log(self, pod: str, container: str, previous: bool) -> str:
        try:
            return self.namespace.logs(pod, container, LOG_LINES, previous=previous)
        except ClusterError:
            return ""  # a container that never started has none
