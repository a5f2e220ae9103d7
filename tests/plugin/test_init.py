"""`pytest --canary-init`: settings where there are none, and never in the place of others."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from fakes.folders import FIXTURES

SHAPES = FIXTURES / "repositories"


@pytest.fixture
def repository(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One with all that a walk takes, and no program that could be run for it."""
    shutil.copytree(SHAPES / "book", pytester.path, dirs_exist_ok=True)
    monkeypatch.setenv("PATH", str(pytester.path / "nothing"))
    return pytester.path


def test_what_is_written_passes_a_check(pytester: pytest.Pytester, repository: Path) -> None:
    result = pytester.runpytest_inprocess("--canary-init", "-p", "no:cacheprovider")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        [
            "canary: canary.toml is written, with 12 settings and 2 open questions",
            "  database    which PostgreSQL is live",
            "              next: name the image of its version",
            "canary: it passes pytest --canary-check; answer the 2 open questions, and go on with "
            "pytest --canary",
        ]
    )
    assert (repository / "canary.toml").read_text() == (SHAPES / "book.toml").read_text()
    result = pytester.runpytest_inprocess("--canary-check")
    assert result.ret == pytest.ExitCode.OK


def test_what_does_not_pass_yet_is_told_and_fails(pytester: pytest.Pytester) -> None:
    shutil.copytree(SHAPES / "flask", pytester.path, dirs_exist_ok=True)
    result = pytester.runpytest_inprocess("--canary-init")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "  manifests   no script applies the template: apply.sh MANIFEST DEPLOYMENT *",
            "canary: it doesn't pass pytest --canary-check yet, by 3 errors:",
            "  canary.toml: manifests.apply = './apply.sh': there is no file *",
        ]
    )


def test_findings_of_the_check_are_told_with_their_place(
    pytester: pytest.Pytester, repository: Path
) -> None:
    service = repository / "manifests" / "service.yml"
    service.write_text(service.read_text().replace("targetPort: http", "targetPort: htpp"))
    result = pytester.runpytest_inprocess("--canary-init")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["  manifests/service.yml:8: no container of shop-canary has *"])


@pytest.mark.parametrize(
    ("file", "text"),
    [("canary.toml", "# mine\n"), ("pyproject.toml", "[tool.canary]\n")],
)
def test_settings_that_are_there_stay(
    pytester: pytest.Pytester, repository: Path, file: str, text: str
) -> None:
    (repository / file).write_text(text)
    result = pytester.runpytest_inprocess("--canary-init")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"ERROR: --canary-init: {file} has settings already, and stays as it is; *"]
    )
    assert (repository / file).read_text() == text
    assert len([*repository.glob("canary.toml")]) == (file == "canary.toml")


def test_a_link_of_that_name_is_not_written_through(
    pytester: pytest.Pytester, repository: Path
) -> None:
    (repository / "canary.toml").symlink_to("elsewhere.toml")
    result = pytester.runpytest_inprocess("--canary-init")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --canary-init: canary.toml can't be written: *"])
    assert not (repository / "elsewhere.toml").exists()


@pytest.mark.parametrize("other", ["--canary", "--canary-check", "--canary-doctor"])
def test_it_runs_alone(pytester: pytest.Pytester, repository: Path, other: str) -> None:
    result = pytester.runpytest_inprocess("--canary-init", other)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert not (repository / "canary.toml").exists()
