"""The examples of gates: each service takes them, docs/in-ci.md names their commands; they hold."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.folders import DOCS, ROOT
from fakes.jobs import WORKFLOW, commands, runner
from fakes.repository import git, into_git

from pytest_canary.jobs.definition import define
from pytest_canary.jobs.job_run import run_job
from pytest_canary.jobs.programs import install_programs
from pytest_canary.manifests.documents import read
from pytest_canary.pipelines import promoting
from pytest_canary.pipelines.values import read_values
from pytest_canary.pipelines.variables import Provided
from pytest_canary.pipelines.workflow import read_workflow as read_semaphore
from pytest_canary.services.reading import RunInputs
from pytest_canary.services.runnable import Runnable, faults_of, runnable

GATES = ROOT / "examples" / "gates"
PLACES = {
    "github-actions.yml": ".github/workflows/release.yml",
    "gitlab-ci.yml": ".gitlab-ci.yml",
    "semaphore.yml": ".semaphore/semaphore.yml",
}
COMMAND = re.compile(r"^ *(?:- (?:run: )?)((?:pip|pytest) .*)$", re.MULTILINE)

# What a program writes of how it was called, and whether it fails.
PROGRAM = """#!/bin/bash
echo "${0##*/} $*" >>CALLS
[[ "${0##*/} $*" != FAILS ]]
"""
# Makes a virtual environment, for which nothing may be fetched.
VENV = """#!/bin/bash
[[ "$1 $2" == "-m venv" ]] && mkdir -p "$3/bin" && touch "$3/bin/activate"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with all three in their places, and a script that deploys."""
    folder = tmp_path / "project"
    for name, place in PLACES.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(GATES / name, folder / place)
    shutil.copy(ROOT / ".semaphore" / "rollback-kubeconfig.yml", folder / ".semaphore/release.yml")
    (folder / "deploy.sh").write_text("#!/bin/bash\ndeploy\n")
    (folder / "deploy.sh").chmod(0o755)
    into_git(folder)
    return folder


def test_all_examples_are_looked_at() -> None:
    assert {each.name for each in GATES.glob("*.yml")} == {*PLACES}


@pytest.mark.parametrize("name", PLACES)
def test_a_gates_commands_are_those_that_the_page_names(name: str) -> None:
    page = (DOCS / "in-ci.md").read_text()
    found = COMMAND.findall((GATES / name).read_text())
    assert "pytest --canary-check" in found
    assert "pytest --canary --junitxml=canary.xml" in found
    assert [each for each in found if each not in page] == []


@pytest.mark.parametrize("name", PLACES)
def test_its_service_takes_it(project: Path, name: str) -> None:
    path = project / PLACES[name]
    if name == "semaphore.yml":
        workflow = read_semaphore(path, project)
        assert [each.mistakes for each in workflow.pipelines] == [(), ()]
        assert [*promoting.misleading_conditions(workflow), *promoting.never_true(workflow)] == []
    else:
        assert faults_of(read(path, project), RunInputs(), Provided()) == []


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize(
    "fails", ["", "pytest --canary-check", "pytest --canary --junitxml=canary.xml"]
)
def test_nothing_is_deployed_unless_check_and_walk_have_passed(
    tmp_path: Path, project: Path, name: str, fails: str
) -> None:
    team, calls = tmp_path / "team", tmp_path / "calls"
    team.mkdir()
    for program in ("pytest", "pip", "deploy"):
        text = PROGRAM.replace("CALLS", str(calls)).replace("FAILS", f'"{fails}"')
        (team / program).write_text(text)
    (team / "python3").write_text(VENV)
    found = _runnable(project, name)
    (tmp_path / "run").mkdir()
    result = runner(
        tmp_path / "run",
        found.definition,
        replace(WORKFLOW, sha=git(project, "rev-parse", "HEAD")),
        programs=install_programs(tmp_path / "programs", repository=project, stand_ins=team),
        run_job=found.run_job,
    ).run()
    told = "\n".join(f"$ {each.text}\n{each.output}" for each in commands(result))
    assert result.end.result == ("failed" if fails else "passed"), told
    called = calls.read_text().splitlines()
    assert ("deploy " in called) is (not fails and name != "semaphore.yml"), told
    assert ("pytest --canary --junitxml=canary.xml" in called) is (fails != "pytest --canary-check")


def _runnable(project: Path, name: str) -> Runnable:
    path = project / PLACES[name]
    if name != "semaphore.yml":
        return runnable(read(path, project), RunInputs(), WORKFLOW)
    values = read_values(path.read_text()).root
    return Runnable(define(values, dict[str, str]().__getitem__), run_job, lambda *_: True)
