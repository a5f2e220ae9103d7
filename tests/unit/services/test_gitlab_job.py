"""GitLab's jobs, run for real: each script as GitLab's runner does it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fakes.jobs import WORKFLOW, commands, outputs
from fakes.repository import commit, git
from fakes.services import run_gitlab

from pytest_canary.jobs.environment import Secret
from pytest_canary.jobs.findings import findings
from pytest_canary.jobs.order import End
from pytest_canary.jobs.programs import install_programs
from pytest_canary.jobs.results import PipelineResult

PASSED, FAILED = End("passed"), End("failed", "test")
SKIPPED, CANCELED = End("passed", "skipped"), End("canceled", "fast_failing")


def ends(result: PipelineResult) -> dict[str, End]:
    return {block.name: block.jobs[0].end if block.jobs else block.end for block in result.blocks}


def test_before_script_and_script_are_one_shell_and_after_script_another(tmp_path: Path) -> None:
    text = """
    job:
      before_script: ["cd /; A=1", "f() { echo $A; }"]
      script: [f, "pwd"]
      after_script: ['echo ${A-unset} $CI_JOB_STATUS $PWD']
    """
    result = run_gitlab(tmp_path, text)
    assert result.end == PASSED
    assert [each.part for each in commands(result)] == [
        *["prologue"] * 2,
        *["commands"] * 2,
        "always",
    ]
    said = [each.strip() for each in outputs(result)]
    assert said[2:4] == ["1", "/"]
    assert said[4].startswith("unset success ")
    assert said[4].endswith("/home/builds/shop/shop")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("exit 9", 9),
        ("false | true", 1),
        ('"a=1; false; echo never"', 1),
        ('"(exit 5)"', 5),
        ("nosuchprogram", 127),
        ("'echo \"'", 2),
    ],
)
def test_the_first_failure_ends_the_script_and_after_script_tells_of_it(
    tmp_path: Path, line: str, code: int
) -> None:
    text = f"""
    job:
      script: [{line}, echo never]
      after_script: ["echo $CI_JOB_STATUS; false", "echo not this"]
    """
    result = run_gitlab(tmp_path, text)
    assert result.end == FAILED
    first, after = commands(result)
    assert (first.code, "never" in first.output) == (code, False)
    assert after.output.strip() == "failed"


def test_a_script_may_end_itself_well_and_a_comment_is_a_line(tmp_path: Path) -> None:
    text = """
    job:
      script:
        - "# nothing"
        - |
          if true; then
            echo several
          fi
        - "[ -t 0 ] || echo none; cat"
        - exit 0
        - echo never
    """
    result = run_gitlab(tmp_path, text)
    assert result.end == PASSED
    assert [each.strip() for each in outputs(result)] == ["", "several", "none", ""]


@pytest.mark.parametrize(
    ("allowed", "end"),
    [
        ("true", End("passed", "allowed")),
        ("{exit_codes: [3, 4]}", End("passed", "allowed")),
        ("{exit_codes: 5}", FAILED),
        ("false", FAILED),
    ],
)
def test_a_job_may_fail_where_it_says_so(tmp_path: Path, allowed: str, end: End) -> None:
    text = f"""
    job: {{script: [exit 3], allow_failure: {allowed}}}
    next: {{stage: deploy, script: ["true"]}}
    """
    result = run_gitlab(tmp_path, text)
    passes = end.result == "passed"
    assert ends(result) == {"job": end, "next": PASSED if passes else CANCELED}


def test_stages_follow_each_other_and_a_rollback_comes_after_a_failure(tmp_path: Path) -> None:
    text = """
    stages: [canary, stable, back]
    stable: {stage: stable, script: [echo stable]}
    canary: {stage: canary, script: ["%s"]}
    rollback: {stage: back, when: on_failure, script: [echo back]}
    tell: {stage: back, when: always, script: [echo tell]}
    last: {stage: .post, script: [echo last]}
    """
    for name, command in (("bad", "exit 1"), ("good", "true")):
        (tmp_path / name).mkdir()
        result = run_gitlab(tmp_path / name, text % command)
        assert ends(result) == {
            "stable": CANCELED if name == "bad" else PASSED,
            "canary": FAILED if name == "bad" else PASSED,
            "rollback": PASSED if name == "bad" else SKIPPED,
            "tell": PASSED,
            "last": CANCELED if name == "bad" else PASSED,
        }


def test_variables_are_the_nearer_ones_with_each_others_values(tmp_path: Path) -> None:
    text = """
    variables:
      NAME: shop
      IMAGE: "$REGISTRY/${NAME}:$CI_PIPELINE_ID"
      RAW: {value: $NAME, expand: false}
      PRICE: 5$$
      SELF: $SELF
    job:
      variables: {NAME: own, TOKEN: file}
      rules: [{if: '$CI_COMMIT_BRANCH == "master"', variables: {RULE: $NAME-1}}]
      script:
        - echo "$IMAGE $RAW $PRICE $RULE $CI_JOB_NAME $CI_JOB_STAGE $FROM $SELF"
        - echo $CI_COMMIT_SHA $CI_COMMIT_REF_SLUG $CI_COMMIT_BRANCH ${CI_COMMIT_TAG-none}
        - '[ "$TOKEN" = t0k3n-of-nobody ]'
        - cat "$KUBECONFIG"
    """
    secrets = {
        "project": Secret(
            {"TOKEN": "t0k3n-of-nobody", "REGISTRY": "r.invalid"}, {"KUBECONFIG": "server: s\n"}
        )
    }
    result = run_gitlab(tmp_path, text, secrets=secrets, parameters={"FROM": "hand"})
    assert [each.split() for each in outputs(result)] == [
        ["r.invalid/own:w-1", "$NAME", "5$", "own-1", "job", "test", "hand", "$SELF"],
        ["0a1b2c", "master", "master", "none"],
        [],
        ["server:", "s"],
    ]


def test_the_repository_is_there_and_what_nothing_allows_is_refused(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    git(project, "init", "--quiet")
    (project / "file").write_text("here")
    sha = commit(project)
    (tmp_path / "run").mkdir()
    text = """
    job: {script: [cat file, echo a | grep b || true, npm publish]}
    bare: {variables: {GIT_STRATEGY: none}, script: ["ls"]}
    """
    result = run_gitlab(
        tmp_path / "run",
        text,
        replace(WORKFLOW, sha=sha),
        programs=install_programs(tmp_path / "programs", repository=project),
    )
    said = [(each.text, each.code) for each in commands(result)]
    assert said == [
        ("get sources", 0),
        ("cat file", 0),
        ("echo a | grep b || true", 0),
        ("npm publish", 127),
        ("ls", 0),
    ]
    assert outputs(result)[1] == "here"
    (found,) = findings(result)
    assert (found.code, "npm publish" in found.sentence) == ("refused-program", True)


def test_nothing_follows_where_the_repository_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    text = "job: {script: [echo never], after_script: [echo neither]}"
    programs = install_programs(tmp_path / "programs")
    result = run_gitlab(tmp_path / "run", text, programs=programs)
    assert result.end == FAILED
    assert [each.text for each in commands(result)] == ["get sources"]
