"""Whose a folder is, what is written to it, and what is ever removed from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_canary.context.report_folder import ReportFolder, obstacle
from pytest_canary.core import files
from pytest_canary.core.errors import CanaryError

A, B = "aaaaaa", "bbbbbb"
MARKED = ["CACHEDIR.TAG"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "report"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def end(run: ReportFolder) -> None:
    """A run's end, at which its report takes the place of the last one's."""
    run.prepare()
    run.clear()
    run.release()


def test_a_folder_of_ours_tells_people_git_and_backups_what_it_is(folder: Path) -> None:
    run = ReportFolder(folder, A)
    assert not folder.exists(), "nothing is made before there is something to put into it"
    assert run.prepare() == folder
    assert names(folder) == [".gitignore", "CACHEDIR.TAG"]
    assert (folder / ".gitignore").read_text().endswith("\n*\n")
    mark = (folder / "CACHEDIR.TAG").read_text()
    assert mark.startswith("Signature: 8a477f597d28d172789f06886806bc55\n# pytest --canary ")
    assert ReportFolder(folder, B).prepare() == folder


def test_an_empty_folder_is_taken_and_its_git_is_left_alone(tmp_path: Path) -> None:
    # What a run that was killed there has left of its mark makes nobody its owner.
    (tmp_path / ".CACHEDIR.TAG.0123abcd").touch()
    ReportFolder(tmp_path, A).prepare()
    assert names(tmp_path) == [".CACHEDIR.TAG.0123abcd", "CACHEDIR.TAG"]


def somebodys(folder: Path) -> None:
    for name in ("report.html", "findings", "a.md", "b.md"):
        (folder / name).mkdir(parents=True)


def marked_as_another_tools(folder: Path) -> None:
    folder.mkdir(parents=True)
    signature = "Signature: 8a477f597d28d172789f06886806bc55\n"
    (folder / "CACHEDIR.TAG").write_text(f"{signature}# This file is a cache directory tag\n")


def marked_by_a_folder(folder: Path) -> None:
    (folder / "CACHEDIR.TAG").mkdir(parents=True)


def a_link(folder: Path) -> None:
    ReportFolder(folder.parent.parent / "elsewhere", A).prepare()
    folder.parent.mkdir()
    folder.symlink_to(folder.parent.parent / "elsewhere")


def a_link_to_nothing(folder: Path) -> None:
    folder.parent.mkdir()
    folder.symlink_to("nowhere")


def a_file(folder: Path) -> None:
    folder.parent.mkdir()
    folder.touch()


def below_a_file(folder: Path) -> None:
    folder.parent.touch()


def a_repository(folder: Path) -> None:
    ReportFolder(folder, A).prepare()
    (folder / ".git").write_text("gitdir: elsewhere")


def findings_that_lead_elsewhere(folder: Path) -> None:
    ReportFolder(folder, A).prepare()
    (folder / "findings").symlink_to("..")


NAME_A_NEW_ONE = "name a folder that is empty or not there yet, or remove this one"


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (
            somebodys,
            "has no CACHEDIR.TAG of pytest --canary's, so a.md, b.md, findings and 1 more may be "
            f"somebody's; {NAME_A_NEW_ONE}",
        ),
        (
            marked_as_another_tools,
            "has no CACHEDIR.TAG of pytest --canary's, so CACHEDIR.TAG may be somebody's; "
            f"{NAME_A_NEW_ONE}",
        ),
        (
            marked_by_a_folder,
            "has no CACHEDIR.TAG of pytest --canary's, so CACHEDIR.TAG may be somebody's; "
            f"{NAME_A_NEW_ONE}",
        ),
        (a_link, "is a link to {}/elsewhere; name the folder itself"),
        (a_link_to_nothing, "is a link to nowhere; name the folder itself"),
        (a_file, "is a file; name a folder"),
        (below_a_file, "can't be looked at: Not a directory; name another folder"),
        (
            a_repository,
            "is the top of a git repository; name a folder in it that is not there yet",
        ),
        (
            findings_that_lead_elsewhere,
            "has a findings that is no folder; remove that, or name another folder",
        ),
    ],
)
def test_what_may_be_somebodys_is_told_and_neither_written_to_nor_cleared(
    folder: Path, tmp_path: Path, make: Callable[[Path], None], told: str
) -> None:
    make(folder)
    kept = folder.parent.parent / "0123ab"
    kept.mkdir()
    before = sorted(tmp_path.rglob("*"))
    wrong = told.format(tmp_path)
    assert obstacle(folder) == wrong
    run = ReportFolder(folder, B)
    with pytest.raises(CanaryError) as error:
        run.prepare_findings()
    assert str(error.value) == f"nothing is written to {folder}, as it {wrong}"
    run.clear()
    assert sorted(tmp_path.rglob("*")) == before


def test_the_findings_of_runs_that_are_gone_go_and_nothing_else(folder: Path) -> None:
    gone = ReportFolder(folder, A)
    (gone.prepare_findings() / "1").mkdir()
    end(gone)
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "mine.txt").touch()
    findings = folder / "findings"
    (findings / A / "1" / "link").symlink_to(outside)
    (findings / "cccccc").symlink_to(outside)
    (findings / "notes").mkdir()
    (findings / "dddddd").write_text("a file")
    (folder / "mine.txt").touch()
    end(ReportFolder(folder, B))
    assert names(findings) == ["cccccc", "dddddd", "notes"]
    assert names(outside) == ["mine.txt"]
    assert names(folder) == [".gitignore", *MARKED, "findings", "mine.txt"]


def test_two_runs_at_once_leave_each_others_findings_alone(folder: Path) -> None:
    a, b = ReportFolder(folder, A), ReportFolder(folder, B)
    first = a.prepare_findings() / "1"
    first.mkdir()
    assert b.prepare_findings() != first.parent
    b.clear()
    assert first.is_dir()
    assert a.prepare_findings() == first.parent, "a's second"
    b.release()
    a.clear()
    assert names(folder / "findings") == [A]


def test_a_file_is_replaced_whole_and_a_link_is_not_followed(tmp_path: Path) -> None:
    mine, page = tmp_path / "mine", tmp_path / "page"
    mine.write_text("mine")
    page.symlink_to(mine)
    files.put(page, "half an emoji: \ud83d")
    assert page.read_text() == "half an emoji: \\ud83d"
    assert (page.is_symlink(), mine.read_text()) == (False, "mine")
    assert names(tmp_path) == ["mine", "page"]
