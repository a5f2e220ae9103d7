"""Where findings go, as the option says it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_canary.annotations.destinations import Destination, by_default, read


def test_each_form_goes_where_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.json").write_text("\n[]\n")
    assert read(["github", "gitlab:old.json", "sarif:out/canary.sarif"]) == (
        [
            Destination("github"),
            Destination("gitlab", tmp_path / "old.json"),
            Destination("sarif", tmp_path / "out" / "canary.sarif"),
        ],
        [],
    )


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("gitlb:a", "no such format; did you mean gitlab?"),
        ("junit:a", "no such format; one of github, gitlab:FILE, sarif:FILE"),
        ("sarif", "write sarif:FILE"),
        ("sarif:", "write sarif:FILE"),
        ("github:a", "github takes no file, as it reads a job's output"),
        ("gitlab:folder", "folder is a folder; name a file"),
        ("gitlab:pipe", "pipe is no file; name a file"),
        ("gitlab:link.json", "link.json is a link; name the file itself"),
        ("sarif:/dev/stdout", "/dev/stdout is a link; name the file itself"),
        ("gitlab:pyproject.toml", "pyproject.toml holds something else; name another file"),
    ],
)
def test_a_mistake_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, problem: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.json").symlink_to("folder")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "pyproject.toml").write_text("[project]\n".replace("[", "name = 1\n["))
    assert read([given]) == ([], [f"--canary-findings={given}: {problem}"])


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({"GITHUB_ACTIONS": "true"}, [Destination("github")]),
        ({"GITHUB_ACTIONS": "false"}, []),
        ({"GITLAB_CI": "true"}, []),
    ],
)
def test_on_github_findings_are_annotations_by_themselves(
    environ: dict[str, str], found: list[Destination]
) -> None:
    assert by_default(environ) == found
