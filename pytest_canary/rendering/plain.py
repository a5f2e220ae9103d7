"""Plain YAML: the files that `kubectl apply -f` would take."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytest_canary.config.manifest_files import yaml_files
from pytest_canary.manifests.documents import Fault, Source, read, shown_path
from pytest_canary.manifests.parsing import Parsed, parse
from pytest_canary.rendering.object_set import ObjectSet


def read_objects(sources: Sequence[Path], root: Path) -> ObjectSet:
    """The objects of files and folders, in the order in which kubectl would take them.

    Args:
        sources: the files and folders.
        root: the folder that paths are told from.
    """
    files = [read(each, root) for source in sources for each in yaml_files(source)]
    found = Parsed()
    for source in files:
        parsed = parse(source)
        found.documents += parsed.documents
        found.values += parsed.values
        found.faults += parsed.faults
        found.broken = found.broken or parsed.broken
    place = Source(sources[0], shown_path(sources[0], root), "")
    if not files:
        sentence = f"{place.shown} has no YAML"
        found.faults.append(Fault(place, 1, sentence, "put the manifests into it", "invalid-yaml"))
        found.broken = True
    return ObjectSet(found, files[0] if len(files) == 1 else place)
