"""The pipeline that has everything, and what comes of it where one piece is another."""

from pathlib import Path

from fakes.folders import FIXTURES

from pytest_canary.manifests.documents import Source
from pytest_canary.pipelines.pipeline import Pipeline, read_pipeline

FILES = {
    "prologue.sh": "checkout\n\n  export TOOL=make\n",
    "tests.sh": "$TOOL test",
    "report.yml": "jobs: [{commands: [report]}]",
    "canary.yml": "",
    "/previews/preview.yml": "",
}
"""Those that it names, and what they hold."""

EVERYTHING = (FIXTURES / "pipelines" / "everything.yml").read_text()


def read_text(text: str) -> Pipeline:
    """A pipeline with this text, where the files of the one with everything are."""

    def open_file(name: str) -> Source | None:
        return Source(Path(name), name, FILES[name]) if name in FILES else None

    return read_pipeline(Source(Path("ci.yml"), "ci.yml", text), open_file)


def with_changes(*changes: tuple[str, str]) -> Pipeline:
    """The pipeline with everything, the first of each of these pieces in another's place."""
    text = EVERYTHING
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return read_text(text)


def line_of(piece: str) -> int:
    """The line where a piece of the pipeline with everything begins."""
    return EVERYTHING.count("\n", 0, EVERYTHING.index(piece)) + 1
