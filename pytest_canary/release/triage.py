"""What is wrong at this moment: gathers what the diagnosis needs, and only where it needs it."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from dataclasses import replace

from pytest_canary.core.errors import ClusterError, CommandError
from pytest_canary.core.findings import Finding
from pytest_canary.core.masking import Redactor
from pytest_canary.diagnosis import Expected, Objects, diagnose, wanted_logs
from pytest_canary.k8s.namespace import Namespace
from pytest_canary.k8s.observer import Observer

# Lines of a log that go into a finding; the whole of it is in the evidence's folder.
LOG_LINES = 50


class Triage:
    """Looks at one Deployment again and again.

    Args:
        namespace: where it lives.
        observer: watches that namespace.
        secrets: words to mask in logs and messages.
        images: the full names of the images that the nodes hold; None where nobody knows.
    """

    def __init__(
        self,
        namespace: Namespace,
        observer: Observer,
        secrets: Iterable[str] = (),
        images: Callable[[], Iterable[str]] | None = None,
    ) -> None:
        self.namespace = namespace
        self.observer = observer
        self.secrets = list(secrets)
        self.images = images

    def look(self, expected: Expected) -> list[Finding]:
        """What is wrong with a Deployment now; nothing where all is well or only on its way."""
        now = self.observer.snapshot()
        objects = Objects(
            deployments=now.deployments,
            replica_sets=now.replica_sets,
            pods=now.pods,
            events=now.events,
            endpoint_slices=now.endpoint_slices,
            services=now.services,
            now=datetime.datetime.now(datetime.UTC),
        )
        first = diagnose(objects, expected)
        if not first:
            return []
        # Something may be wrong: now, and not at each look, the API server is asked for the rest.
        objects = self._with_the_rest(objects)
        if any("Image" in each.code for each in first):
            objects = replace(objects, images=self._held())
        wanted = wanted_logs(objects, expected)
        logs = {key: text for key in wanted if (text := self._log(*key))}
        found = diagnose(replace(objects, logs=logs), expected)
        return [self._masked(each) for each in found]

    def _with_the_rest(self, objects: Objects) -> Objects:
        try:
            objects = replace(objects, keys=self.namespace.keys())
            objects = replace(objects, nodes=self.namespace.cluster.nodes())
            return replace(objects, node_pods=self.namespace.cluster.all_pods())
        except ClusterError:
            # A user of a shared cluster may not be allowed to see all of it.
            return objects

    def _held(self) -> frozenset[str] | None:
        try:
            return frozenset(self.images()) if self.images else None
        except CommandError:
            return None

    def _log(self, pod: str, container: str, previous: bool) -> str:
        try:
            text = self.namespace.logs(pod, container, LOG_LINES, previous=previous)
        except ClusterError:
            return ""  # a container that never started has none
        return Redactor(self.secrets).redact(text)

    def _masked(self, finding: Finding) -> Finding:
        return replace(
            finding,
            sentence=Redactor(self.secrets).redact(finding.sentence),
            evidence=Redactor(self.secrets).redact(finding.evidence),
        )
