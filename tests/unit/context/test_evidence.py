"""What is kept of a failure, and where."""

from pathlib import Path

import pytest

from pytest_canary.context.evidence import Evidence, failure_of
from pytest_canary.context.report_folder import ReportFolder
from pytest_canary.core.errors import ReleaseError
from pytest_canary.release.diagnostics import Diagnostics

RUN = "c7f2a1"
SAID = Diagnostics(
    objects="pod/a-1",
    events="Warning BackOff",
    describe="Name: a",
    logs={"a-1.web.log": "now", "a-1.web.previous.log": "before", "a-1.side.log": "half: \ud83d"},
)


class MuteError(Exception):
    """A team's own, with a mistake in it."""

    def __str__(self) -> str:
        raise RuntimeError("nothing to say")


@pytest.fixture
def evidence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Evidence:
    monkeypatch.chdir(tmp_path)
    return Evidence(ReportFolder(Path("report"), RUN))


def test_a_failure_has_a_folder_with_everything(evidence: Evidence) -> None:
    failure = evidence.keep("canary", ReleaseError("it broke", "the log"), SAID)
    assert failure.line == (
        f"files   report/findings/{RUN}/1/ (finding, describe, events, objects, log, previous log)"
    )
    assert failure.paths[0] == f"findings/{RUN}/1/finding.txt"
    assert failure.folder
    assert {path.name: path.read_text() for path in failure.folder.iterdir()} == {
        "finding.txt": "stage canary: it broke\n    the log\n",
        "describe.txt": "Name: a",
        "events.txt": "Warning BackOff",
        "objects.txt": "pod/a-1",
        "a-1.web.log": "now",
        "a-1.web.previous.log": "before",
        "a-1.side.log": "half: \\ud83d",
    }


def test_the_next_failure_has_the_next_folder(evidence: Evidence) -> None:
    evidence.keep("canary", ReleaseError("first"), None)
    second = evidence.keep("rollback", ValueError("a test of the team's"), None)
    assert second.line == f"files   report/findings/{RUN}/2/ (finding)"
    assert second.folder
    assert "a test of the team's" in (second.folder / "finding.txt").read_text()


def test_a_folder_that_is_somebodys_is_not_written_to_and_hides_no_failure(
    evidence: Evidence,
) -> None:
    mine = Path("report/mine.txt")
    mine.parent.mkdir()
    mine.write_text("mine")
    failure = evidence.keep("canary", ReleaseError("it broke"), None)
    assert (failure.sentence, failure.folder, failure.files) == ("it broke", None, ())
    assert failure.lost == (
        "nothing is written to report, as it has no CACHEDIR.TAG of pytest --canary's, so mine.txt "
        "may be somebody's; name a folder that is empty or not there yet, or remove this one"
    )
    assert [path.name for path in mine.parent.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (MuteError(), "MuteError"),
        (ValueError("\n"), "ValueError"),
        (ValueError("\nit\nbroke"), "it"),
        (ValueError("half: \ud83d"), "half: \\ud83d"),
    ],
)
def test_whatever_an_error_says_can_be_told_and_kept(
    evidence: Evidence, error: Exception, sentence: str
) -> None:
    assert failure_of("canary", error).sentence == sentence
    failure = evidence.keep("canary", error, None)
    assert (failure.sentence, failure.lost) == (sentence, "")
    assert failure.folder
    assert sentence in (failure.folder / "finding.txt").read_text()


def test_a_mistake_of_ours_is_one_line_and_a_file_without_secrets(evidence: Evidence) -> None:
    def hide(text: str) -> str:
        return text.replace("hunter2", "********")

    with pytest.raises(LookupError) as raised:
        raise LookupError("hunter2 is not there\nand more")
    told = evidence.keep_traceback(raised.value, hide)
    path = f"report/findings/{RUN}/LookupError.txt"
    assert told == f"LookupError: ******** is not there; its traceback is in {path}"
    kept = Path(path).read_text()
    assert "in test_a_mistake_of_ours_is_one_line_and_a_file_without_secrets" in kept
    assert kept.endswith("LookupError: ******** is not there\nand more\n")


def test_a_mistake_of_ours_is_told_without_a_file_where_none_can_be_kept(
    evidence: Evidence,
) -> None:
    Path("report").write_text("")
    assert evidence.keep_traceback(LookupError("lost"), str) == (
        "LookupError: lost; its traceback can't be kept: nothing is written to report, as it is a "
        "file; name a folder"
    )
