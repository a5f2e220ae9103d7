"""Plain YAML: the files that `kubectl apply -f` would take."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytest_canary.config.manifest_files import yaml_files
from pytest_canary.manifests.documents import Fault, Source, path_text, read
from pytest_canary.manifests.parsing import Parsed, parse
from pytest_canary.rendering.object_set import ObjectSet


def read_objects(sources: Sequence[Path], root: Path) -> ObjectSet:
    """The objects of files and folders, in the order in which kubectl would take them.

    Args:
        sources: the files and folders.
        root: the folder that paths are told from.
    """
    listed = {source: yaml_files(source) for source in sources}
    files = [read(each, root) for source in sources for each in listed[source]]
    found = Parsed()
    for source in files:
        parsed = parse(source)
        found.documents += parsed.documents
        found.values += parsed.values
        found.faults += parsed.faults
        found.broken = found.broken or parsed.broken
    place = Source(sources[0], path_text(sources[0], root), "")
    for folder in (each for each in sources if not listed[each]):
        empty = Source(folder, path_text(folder, root), "")
        sentence = f"{empty.shown} has no YAML"
        found.faults.append(Fault(empty, 1, sentence, _below(folder, root), "invalid-yaml"))
        found.broken = True
    return ObjectSet(found, files[0] if len(files) == 1 else place)


def _below(folder: Path, root: Path) -> str:
    """What to do about a folder without YAML, of which the folders in it may have some."""
    inner = sorted(each for each in folder.iterdir() if each.is_dir() and yaml_files(each))
    named = ", ".join(f'"{path_text(each, root)}"' for each in inner)
    return (
        f"kubectl looks into no folder below it; write manifests.path = [{named}]"
        if inner
        else "put the manifests into it"
    )
