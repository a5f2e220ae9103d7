"""A job finds the variables and files that Semaphore would give it."""

from dataclasses import replace
from pathlib import Path

import pytest
from fakes.jobs import WORKFLOW

from pytest_canary.core.errors import SettingsError
from pytest_canary.jobs.definition import Definition, Job
from pytest_canary.jobs.environment import Secret, Workflow, after_pipeline, files, variables
from pytest_canary.jobs.order import End

HOME = Path("/run/home")


def found(job: Job, workflow: Workflow = WORKFLOW, **secrets: Secret) -> dict[str, str]:
    return variables(workflow, Definition("CI", ()), "Build", job, "j-1", secrets, HOME)


def test_of_two_values_the_files_counts_more_than_a_parameters_and_that_more_than_a_secrets() -> (
    None
):
    workflow = replace(
        WORKFLOW, parameters={"A": "parameter", "B": "parameter"}, more={"C": "more", "D": "more"}
    )
    given = found(
        Job("j", (), variables={"A": "file"}, secrets=("one", "two")),
        workflow,
        one=Secret(dict.fromkeys("ABCE", "one")),
        two=Secret({"E": "two"}),
        other=Secret({"D": "other"}),
    )
    assert [given[name] for name in "ABCDE"] == ["file", "parameter", "one", "more", "two"]


def test_a_job_knows_where_it_runs_and_for_what() -> None:
    given = found(Job("image", ()), replace(WORKFLOW, promoted_by="auto-promotion"))
    for name, value in {
        "CI": "true",
        "SEMAPHORE": "true",
        "SEMAPHORE_WORKFLOW_ID": "w-1",
        "SEMAPHORE_PIPELINE_ID": "p-1",
        "SEMAPHORE_PIPELINE_PROMOTION": "true",
        "SEMAPHORE_PIPELINE_PROMOTED_BY": "auto-promotion",
        "SEMAPHORE_JOB_ID": "j-1",
        "SEMAPHORE_JOB_NAME": "image",
        "SEMAPHORE_BLOCK_NAME": "Build",
        "SEMAPHORE_PROJECT_NAME": "shop",
        "SEMAPHORE_GIT_DIR": "shop",
        "SEMAPHORE_GIT_SHA": "0a1b2c",
        "SEMAPHORE_GIT_URL": "https://git.invalid/shop.git",
    }.items():
        assert given[name] == value
    assert found(Job("image", ()))["SEMAPHORE_PIPELINE_PROMOTION"] == "false"


@pytest.mark.parametrize(
    ("workflow", "values", "keywords"),
    [
        (
            replace(WORKFLOW, ref="dev"),
            {"REF_TYPE": "branch", "BRANCH": "dev", "REF": "refs/heads/dev"},
            {"branch": "dev", "tag": "", "pull_request": ""},
        ),
        (
            replace(WORKFLOW, ref_type="tag", ref="v1"),
            {"REF_TYPE": "tag", "BRANCH": "refs/tags/v1", "TAG_NAME": "v1"},
            {"branch": "", "tag": "v1", "pull_request": ""},
        ),
        (
            replace(WORKFLOW, ref_type="pull-request", ref="7"),
            {"REF_TYPE": "pull-request", "BRANCH": "master", "PR_NUMBER": "7"},
            {"branch": "", "tag": "", "pull_request": "7"},
        ),
    ],
)
def test_a_ref_is_told_by_its_type(
    workflow: Workflow, values: dict[str, str], keywords: dict[str, str]
) -> None:
    given = found(Job("j", ()), workflow)
    assert {name: given[f"SEMAPHORE_GIT_{name}"] for name in values} == values
    assert workflow.keywords == keywords


def test_an_agents_home_is_the_jobs() -> None:
    own = {
        "KUBECONFIG": "/home/semaphore/aws-key.yml",
        "MORE": "/opt/x:/home/semaphore:/home/semaphores",
        "SAID": "in /home/semaphore",
    }
    given = found(Job("j", (), variables=own))
    assert given["KUBECONFIG"] == "/run/home/aws-key.yml"
    assert given["MORE"] == "/opt/x:/run/home:/home/semaphores"
    assert given["SAID"] == own["SAID"]


def test_a_secrets_files_lie_in_the_home() -> None:
    paths = ("key", ".aws/credentials", "~/a", "$HOME/b", "/home/semaphore/c")
    secrets = {"one": Secret(files=dict.fromkeys(paths, "x"))}
    placed = files(Job("j", (), secrets=("one",)), secrets, HOME)
    assert [str(each.relative_to(HOME)) for each in placed] == [
        "key",
        ".aws/credentials",
        "a",
        "b",
        "c",
    ]


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "~/../../x"])
def test_a_secrets_file_lies_nowhere_else(path: str) -> None:
    with pytest.raises(SettingsError, match=r"secret one has a file .*, which is not in the job's"):
        files(Job("j", (), secrets=("one",)), {"one": Secret(files={path: "x"})}, HOME)


def test_the_jobs_after_a_pipeline_know_when_it_was_and_what_came_of_it() -> None:
    told = after_pipeline(End("failed", "test"), 1_000.9, 1_012.2)
    assert {name.removeprefix("SEMAPHORE_PIPELINE_"): value for name, value in told.items()} == {
        "CREATED_AT": "1000",
        "DONE_AT": "1012",
        "INIT_DURATION": "0",
        "QUEUEING_DURATION": "0",
        "RESULT": "failed",
        "RESULT_REASON": "test",
        "RUNNING_DURATION": "11",
        "STARTED_AT": "1000",
        "TOTAL_DURATION": "11",
    }
