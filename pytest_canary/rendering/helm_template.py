"""What `helm template` makes of a chart, each object with the template that it comes from."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pytest_canary.core.errors import CommandError, ReleaseError
from pytest_canary.core.processes import Processes
from pytest_canary.manifests.documents import Document, Source, path_text, read
from pytest_canary.manifests.parsing import Parsed, parse

# Seconds; a chart may have many templates.
PATIENCE = 60.0

# A namespace that none is called, so that an object that takes the release's is known.
NAMESPACE = "canary-is-not-known-yet"

ORIGIN = re.compile(r"^# Source: ([^/\n]+)/(.+)$")


def template(
    chart: Path, release: str, words: Sequence[str | Path], root: Path, processes: Processes
) -> Parsed:
    """The objects of a release of a chart, hooks among them.

    Args:
        chart: its folder.
        release: what the release is called.
        words: that name its values.
        root: the folder that paths are told from.
        processes: run Helm.

    Raises:
        ReleaseError: Helm can't make them; with what it says.
    """
    command = ["helm", "template", release, chart, f"--namespace={NAMESPACE}", *words]
    try:
        text = processes.read(command, timeout=PATIENCE)
    except CommandError as error:
        raise _refusal(error, path_text(chart, root)) from error
    made = Parsed()
    for name, part in _parts(text):
        path = chart / name
        source = read(path, root) if path.is_file() else _of_chart(chart, root)
        parsed = parse(source, part, _origin(source, part))
        if not part.strip() or parsed.broken:
            continue
        made.documents += map(_without_namespace, parsed.documents)
        made.values += parsed.values
        made.faults += parsed.faults
    return made


def _refusal(error: CommandError, shown: str) -> ReleaseError:
    if not shutil.which("helm"):
        return ReleaseError(
            f"{shown} can't be rendered: helm is not on PATH; install Helm 3.10 or newer, or name "
            "what it makes in manifests.path"
        )
    lines = [each.strip() for each in error.output.splitlines() if each.strip()]
    # What follows is advice.
    told = [each.removeprefix("Error: ") for each in lines if each.startswith("Error: ")]
    why = f": {(told or lines)[-1]}" if lines else ""
    return ReleaseError(
        f"{shown} can't be rendered: {error.sentence}{why}; see `helm template {shown}`",
        error.evidence,
    )


def _of_chart(chart: Path, root: Path) -> Source:
    """What stands for an object of another chart's, which is in an archive."""
    return read(chart / "Chart.yaml", root)


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """What each template has made: its path in the chart, and the text."""
    for document in re.split(r"^---.*\n", text, flags=re.MULTILINE):
        first, _, rest = document.partition("\n")
        told = ORIGIN.match(first)
        if told:
            yield told[2], rest


def _origin(source: Source, made: str) -> list[int]:
    """Of each line that a template has made, its own line there, as far as both say the same."""
    lines = [each.strip() for each in source.text.splitlines()]
    places = [1]
    at = 0
    for line in made.split("\n"):
        wanted = line.strip()
        found = next((i for i in range(at, len(lines)) if _same(lines[i], wanted)), None)
        if found is not None and wanted:
            at = found + 1
            places.append(found + 1)
        else:
            places.append(places[-1])
    return places[1:]


def _same(template_line: str, made: str) -> bool:
    """Whether a line may have come of a template's: the same key at least."""
    if template_line == made:
        return True
    key = template_line.partition("{{")[0].strip()
    return "{{" in template_line and bool(key) and made.startswith(key)


def _without_namespace(document: Document) -> Document:
    """An object that takes the release's namespace, as one that names none."""
    if document.at("metadata", "namespace") != NAMESPACE:
        return document
    metadata = {k: v for k, v in document.table("metadata").items() if k != "namespace"}
    return replace(document, value={**document.value, "metadata": metadata})
