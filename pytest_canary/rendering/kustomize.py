"""Kustomize: what `kubectl kustomize` makes of a folder, each object with the file it began in."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from pytest_canary.config.manifest_files import kustomization
from pytest_canary.core.errors import CommandError, ReleaseError
from pytest_canary.core.processes import Processes
from pytest_canary.manifests.documents import Document, Source, path_text, read
from pytest_canary.manifests.parsing import Parsed, parse
from pytest_canary.rendering.object_set import ObjectSet

# How Kustomize says where an object comes from, where it is asked to.
ORIGIN = "config.kubernetes.io/origin"

# Seconds; a base may have to be fetched.
PATIENCE = 60.0


def build_objects(
    folder: Path, root: Path, kubectl: Path | None = None, processes: Processes | None = None
) -> ObjectSet:
    """The objects that a kustomization makes.

    Args:
        folder: where it is.
        root: the folder that paths are told from.
        kubectl: the program; None for the one on PATH.
        processes: run it.

    Raises:
        ReleaseError: kubectl can't make it; with what it says.
    """
    shown = path_text(folder, root)
    with tempfile.TemporaryDirectory(prefix="canary-kustomize-") as own:
        top = Path(os.path.realpath(own))
        # On top of the project's own, so that nothing is written there.
        asked = {
            "resources": [os.path.relpath(os.path.realpath(folder), top)],
            "buildMetadata": ["originAnnotations"],
        }
        (top / "kustomization.yaml").write_text(json.dumps(asked))
        command = [kubectl or "kubectl", "kustomize", top]
        try:
            text = (processes or Processes()).read(command, timeout=PATIENCE)
        except CommandError as error:
            raise _refusal(error, shown, command[0]) from error
        source = read(kustomization(folder) or folder, root)
        made = parse(replace(source, text=text, too_large=False))
        origins = _Origins(top, root)
        documents = [origins.trace(each, source) for each in made.documents]
    return ObjectSet(replace(made, documents=documents), source)


def _refusal(error: CommandError, shown: str, kubectl: str | Path) -> ReleaseError:
    if not shutil.which(kubectl):
        return ReleaseError(
            f"{shown} can't be rendered: there is no {kubectl} on PATH; install kubectl, or name "
            "it: --kind-kubectl-bin"
        )
    lines = [each.strip() for each in error.output.splitlines() if each.strip()]
    # What went wrong first stands last, after all that failed for it.
    last = lines[-1].rpartition("': ")[2].strip('"') if lines else ""
    why = f": {last}" if last else ""
    return ReleaseError(
        f"{shown} can't be rendered: {error.sentence}{why}; see `kubectl kustomize {shown}`",
        error.evidence,
    )


class _Origins:
    """Where objects stand in the files that they come from.

    Args:
        top: the folder that their origins are told from.
        root: the folder that paths are told from.
    """

    def __init__(self, top: Path, root: Path) -> None:
        self._top = top
        self._root = root
        self._read: dict[Path, Parsed] = {}

    def trace(self, document: Document, source: Source) -> Document:
        """An object with the lines of the file that has it; of the kustomization, where none has.

        Args:
            document: as it was made.
            source: the kustomization.
        """
        value, told = _without_origin(document.value)
        found = self._find_original(told, document)
        if found is None:
            return Document(source, value, {})
        return replace(found, value=value)

    def _find_original(self, told: str, document: Document) -> Document | None:
        path = self._path(told)
        if path is None:
            return None
        if path not in self._read:
            self._read[path] = parse(read(path, self._root))
        return _likest(document, self._read[path].documents)

    def _path(self, told: str) -> Path | None:
        """The file on this machine; none for what was fetched, or what a generator has made."""
        try:
            (origin,) = parse(Source(Path(), "", told)).values
        except ValueError:
            return None
        if not isinstance(origin, dict) or origin.get("repo") or not origin.get("path"):
            return None
        path = Path(os.path.normpath(self._top / str(origin["path"])))
        return path if path.is_file() else None


def _without_origin(value: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """An object without what was only asked for to know where it comes from; and that."""
    metadata = value.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    if not isinstance(metadata, dict) or not isinstance(annotations, dict):
        return value, ""
    kept = {key: each for key, each in annotations.items() if key != ORIGIN}
    own = {key: each for key, each in metadata.items() if key != "annotations"}
    if kept:
        own["annotations"] = kept
    return {**value, "metadata": own}, str(annotations.get(ORIGIN) or "")


def _likest(document: Document, candidates: Iterable[Document]) -> Document | None:
    """The object of a file that another one was made of: names get prefixes, suffixes, hashes."""
    alike = [each for each in candidates if each.kind == document.kind]
    within = [each for each in alike if each.name and each.name in document.name]
    return max(
        within, key=lambda each: len(each.name), default=alike[0] if len(alike) == 1 else None
    )
