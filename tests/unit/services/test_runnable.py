"""A file is read as its service reads it, by its place or name, and run so."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.jobs import WORKFLOW, outputs, runner
from fakes.services import source

from pytest_canary.core.errors import SettingsError
from pytest_canary.pipelines.kinds import kind_of
from pytest_canary.services.reading import RunInputs
from pytest_canary.services.runnable import runnable

TEXTS = {
    ".github/workflows/a.yml": "on: push\njobs: {j: {steps: [{run: echo $GITHUB_JOB}]}}",
    ".gitlab-ci.yml": "j: {script: [echo $CI_JOB_NAME]}",
}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (".github/workflows/deploy.yml", "GitHub"),
        ("/home/me/shop/.github/workflows/deploy.yaml", "GitHub"),
        (".github/dependabot.yml", "Semaphore"),
        (".gitlab-ci.yml", "GitLab"),
        ("ci/deploy.gitlab-ci.yaml", "GitLab"),
        (".semaphore/semaphore.yml", "Semaphore"),
        ("not-gitlab-ci.yml", "Semaphore"),
    ],
)
def test_a_files_place_or_name_says_whose_it_is(path: str, kind: str) -> None:
    assert kind_of(Path(path)) == kind


@pytest.mark.parametrize("name", TEXTS)
def test_it_is_run_as_its_service_does(tmp_path: Path, name: str) -> None:
    found = runnable(source(TEXTS[name], name), RunInputs(), WORKFLOW)
    result = runner(tmp_path, found.definition, run_job=found.run_job).run()
    assert outputs(result) == ["j\n"]


@pytest.mark.parametrize("name", TEXTS)
def test_everything_that_is_wrong_is_told_with_file_and_line(name: str) -> None:
    text = TEXTS[name].replace("run:", "ruin:").replace("script", "scrip")
    with pytest.raises(SettingsError) as wrong:
        runnable(source(text, name), RunInputs(), WORKFLOW)
    line = text.count("\n") + 1
    assert str(wrong.value).startswith(f"{name}:{line}: ")
