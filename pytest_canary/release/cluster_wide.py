"""Objects of the whole cluster, which the release's account may not touch: applied for it.

Each carries the run's label. What was there before stays as it is, whoever needs another.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_canary.core.errors import CommandError, ReleaseError
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.k8s.objects import Object, condition
from pytest_canary.manifests.definitions import KIND
from pytest_canary.manifests.documents import Document

# Seconds in which the API server takes up a kind that it was told of.
ESTABLISHING = 60.0

_WAY_OUT = "have it applied by whoever runs the cluster, and take it out of what is rehearsed"


@dataclass
class ClusterWide:
    """Applies objects of the whole cluster as the one who has it.

    Attributes:
        kubectl: the program.
        kubeconfig: of the one who has the cluster, or may make things in it.
        label: what says whose an object is, "pytest-canary/run=1a2b3c".
        alone: whether the cluster is the project's own, so that what carries another run's label
            was left by one that was killed.
        note: writes down what is about to be made, as kubectl calls it.
        processes: run kubectl.
        waiter: waits.
    """

    kubectl: Path
    kubeconfig: Path
    label: str
    alone: bool
    note: Callable[[str], None]
    processes: Processes
    waiter: Waiter

    def apply(self, documents: Iterable[Document]) -> list[str]:
        """Apply them in their order, and wait until the API server has taken up new kinds.

        Returns:
            Those that were there already, and stay as they are: "CustomResourceDefinition x.y".

        Raises:
            ReleaseError: one is there that differs and isn't the run's, or it is refused.
            WaitTimeoutError: a kind is not taken up; with what was seen last.
        """
        kept = []
        for document in documents:
            if not self._apply(document):
                kept.append(f"{document.kind} {document.name}")
            if document.kind == KIND:
                self._wait_until_established(document)
        return kept

    def _apply(self, document: Document) -> bool:
        """Apply one, unless it is there and another's; whether it was applied."""
        there = self._get(document)
        if there is not None and not self._is_ours(there, document):
            if contains(there, document.value):
                return False
            raise ReleaseError(
                f"{_describe(document)} is in the cluster already and differs from that, and is "
                "not this run's, so it stays as it is; let both say the same, or take it out of "
                "what is rehearsed"
            )
        self.note(document.typed)
        key, _, value = self.label.partition("=")
        metadata = document.table("metadata")
        labels = {**(metadata.get("labels") or {}), key: value}
        body = {**document.value, "metadata": {**metadata, "labels": labels}}
        try:
            # As it may be too long for the annotation that kubectl otherwise compares with.
            self._run("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=_json(body))
        except CommandError as error:
            raise self._refusal(document, error) from error
        return True

    def _is_ours(self, there: Object, document: Document) -> bool:
        key, _, value = self.label.partition("=")
        owner = (there["metadata"].get("labels") or {}).get(key)
        if owner is None or owner == value:
            return owner is not None
        if self.alone:
            return True
        raise ReleaseError(
            f"{_describe(document)} is in the cluster for run {owner}, which removes it at its "
            "end; wait for that, or remove it with `pytest --canary-reap` where it ran"
        )

    def _get(self, document: Document) -> Object | None:
        try:
            text = self._run("get", document.typed, "--ignore-not-found", "-o=json")
        except CommandError as error:
            raise self._refusal(document, error) from error
        found: Object | None = json.loads(text) if text.strip() else None
        return found

    def _wait_until_established(self, document: Document) -> None:
        group, name = document.at("spec", "group"), document.name

        def look() -> Seen[None]:
            found = self._get(document)
            if found is None:
                raise ReleaseError(f"{_describe(document)} was deleted while it was waited for")
            names = condition(found, "NamesAccepted")
            if names.get("status") == "False":
                raise ReleaseError(
                    f"{_describe(document)} is not taken: {names.get('message')}; give the kind "
                    "names that no other CRD of the cluster has"
                )
            if condition(found, "Established").get("status") != "True":
                return Seen("it is not established yet", False, None)
            served = [each["name"] for each in found["spec"]["versions"] if each.get("served")]
            plural = found["spec"]["names"]["plural"]
            late = [each for each in served if plural not in self._resources(f"{group}/{each}")]
            return Seen(f"not served yet: {', '.join(late)}", not late, None)

        self.waiter.until(f"CRD {name} to be established", look, timeout=ESTABLISHING)

    def _resources(self, api: str) -> set[str]:
        """What the API server serves of a group and version."""
        try:
            found = json.loads(self._run("get", "--raw", f"/apis/{api}"))
        except CommandError:
            return set()  # it does not know the group yet
        return {each["name"] for each in found.get("resources", [])}

    def _refusal(self, document: Document, error: CommandError) -> ReleaseError:
        why = error.last_words
        way_out = f"; {_WAY_OUT}" if "is forbidden" in why else ""
        return ReleaseError(
            f"{_describe(document)} can't be applied: {why}{way_out}", error.evidence
        )

    def _run(self, *words: str, stdin: bytes = b"") -> str:
        command: list[str | Path] = [self.kubectl, f"--kubeconfig={self.kubeconfig}", *words]
        return self.processes.read(command, timeout=60, stdin=[stdin])


def contains(there: Any, wanted: Any) -> bool:
    """Whether what is there is all that is wanted, whatever it has beside that."""
    if isinstance(wanted, Mapping):
        return isinstance(there, Mapping) and all(
            value is None or contains(there.get(key), value) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return (
            isinstance(there, list)
            and len(there) == len(wanted)
            and all(contains(*pair) for pair in zip(there, wanted, strict=True))
        )
    return bool(there == wanted)


def _describe(document: Document) -> str:
    where = document.source.where(document.line("kind"))
    return f"{document.kind} {document.name} ({where})"


def _json(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body).encode()
