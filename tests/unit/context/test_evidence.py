"""What is kept of a failure, and where."""

from pathlib import Path

from pytest_canary.context.evidence import Evidence
from pytest_canary.core.errors import ReleaseError
from pytest_canary.release.diagnostics import Diagnostics

SAID = Diagnostics(
    objects="pod/a-1",
    events="Warning BackOff",
    describe="Name: a",
    logs={"a-1.web.log": "now", "a-1.web.previous.log": "before", "a-1.side.log": "beside"},
)


def test_a_failure_has_a_folder_with_everything(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path / "report", Path("report"))
    failure = evidence.keep("canary", ReleaseError("it broke", "the log"), SAID)
    assert failure.line == (
        "files   report/findings/1/ (finding, describe, events, objects, log, previous log)"
    )
    folder = tmp_path / "report" / "findings" / "1"
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        "finding.txt": "stage canary: it broke\n    the log\n",
        "describe.txt": "Name: a",
        "events.txt": "Warning BackOff",
        "objects.txt": "pod/a-1",
        "a-1.web.log": "now",
        "a-1.web.previous.log": "before",
        "a-1.side.log": "beside",
    }
    assert (tmp_path / "report" / ".gitignore").read_text().endswith("\n*\n")


def test_the_next_failure_has_the_next_folder(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path, Path("canary-report"))
    evidence.keep("canary", ReleaseError("first"), None)
    second = evidence.keep("rollback", ValueError("a test of the team's"), None)
    assert second.line == "files   canary-report/findings/2/ (finding)"
    assert "a test of the team's" in (tmp_path / "findings" / "2" / "finding.txt").read_text()


def test_nothing_is_made_before_there_is_something_to_keep(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path / "report", Path("report"))
    evidence.clear()
    assert not (tmp_path / "report").exists()
