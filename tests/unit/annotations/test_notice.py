"""What is told of a finding beside the code: which file, without secrets, each thing once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_canary.annotations.notice import Notice, anchor, fingerprints, home_of, notices
from pytest_canary.config.baseline import Baseline
from pytest_canary.config.options import Options
from pytest_canary.config.plan import Plan
from pytest_canary.config.settings import Settings
from pytest_canary.context.evidence import failure_of
from pytest_canary.context.journal import Journal
from pytest_canary.core.errors import ApiError, FoundError
from pytest_canary.core.findings import Finding
from pytest_canary.core.masking import Redactor


@pytest.fixture
def journal(configured: Callable[..., Settings]) -> Journal:
    settings = configured(findings={"late-failure": {"level": "off", "why": "known"}}, name="shop")
    plan = Plan(settings, Options(), Baseline("none", "", ""))
    return Journal(plan, redactor=Redactor(["hunter2"]))


def test_errors_come_first_then_warnings_and_what_is_off_does_not(
    journal: Journal, tmp_path: Path
) -> None:
    journal.tell("migration", [Finding("table-rewrite", "it rewrites a table")])
    journal.tell("migration", [Finding("late-failure", "it ends late")])
    file = tmp_path / "manifests" / "deployment.yml"
    wrong = Finding("missing-secret", "no Secret hunter2", file=file, line=54, next="name it")
    error = FoundError([wrong, wrong])
    journal.failures += [failure_of("preflight", error), failure_of("canary", ApiError("PUT", "x"))]
    assert notices(journal, tmp_path) == [
        Notice(
            "missing-secret",
            "error",
            "no Secret ********",
            "next    name it",
            "name it",
            "manifests/deployment.yml",
            54,
        ),
        Notice("Api", "error", "PUT", "x"),
        Notice("table-rewrite", "warning", "it rewrites a table", "seen    rule table-rewrite"),
    ]


@pytest.mark.parametrize(
    ("git", "project", "told"),
    [
        ("", "shop", "manifests/a b.yml"),
        (".git", "shop", "shop/manifests/a b.yml"),
        ("shop/.git", "shop", "manifests/a b.yml"),
        ("shop/manifests/.git", "shop/manifests", "a b.yml"),
        ("shop/ops/.git", "shop/ops", ""),
    ],
)
def test_a_file_is_told_from_the_repositorys_top(
    journal: Journal, tmp_path: Path, git: str, project: str, told: str
) -> None:
    (tmp_path / project).mkdir(parents=True)
    if git:
        (tmp_path / git).mkdir(parents=True)
    file = tmp_path / "shop" / "manifests" / "a b.yml"
    journal.failures.append(
        failure_of("preflight", FoundError([Finding("a", "b", file=file, line=3)]))
    )
    (found,) = notices(journal, tmp_path / project)
    assert (found.file, found.line) == (told, 3 if told else 0)
    assert home_of(file, tmp_path / project) == (told or "a b.yml")


def test_a_form_that_shows_files_alone_gets_one() -> None:
    bare, whole = Notice("a", "error", "b"), Notice("a", "error", "b", file="x.yml", line=2)
    assert list(anchor([bare, whole], "y.yml")) == [
        Notice("a", "error", "b", file="y.yml"),
        whole,
    ]


def test_a_finding_is_known_again_though_lines_and_pods_have_other_numbers() -> None:
    first = Notice("a", "error", "pod web-6f8-x2 fails after 3 s", file="x.yml", line=2)
    again = Notice("a", "error", "pod web-9d1-k7 fails after 12 s", file="x.yml", line=9)
    other = Notice("a", "error", "pod web-6f8-x2 fails after 3 s", file="y.yml", line=2)
    assert fingerprints([first]) == fingerprints([again])
    assert fingerprints([first]) != fingerprints([other])
    assert len(set(fingerprints([first, again, other]))) == 3
