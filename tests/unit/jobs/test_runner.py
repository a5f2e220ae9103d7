"""A pipeline is run as Semaphore does it: real jobs in real shells."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes.jobs import commands, defined, one_job, outputs, runner

from pytest_canary.core.errors import CommandError, SettingsError
from pytest_canary.jobs.definition import Definition
from pytest_canary.jobs.environment import Secret
from pytest_canary.jobs.order import End
from pytest_canary.jobs.results import PipelineResult
from pytest_canary.jobs.runner import Runner


def ends(result: PipelineResult) -> dict[str, tuple[str, str]]:
    return {each.name: (each.end.result, each.end.reason) for each in result.blocks}


def test_blocks_run_in_their_order_and_what_waits_for_a_failed_one_does_not(tmp_path: Path) -> None:
    definition = defined(f"""
    blocks:
      - name: C
        dependencies: [A, B]
        task: {{jobs: [{{commands: ["cat {tmp_path}/a {tmp_path}/b; false"]}}]}}
      - {{name: A, dependencies: [], task: {{jobs: [{{commands: ["echo a >{tmp_path}/a"]}}]}}}}
      - {{name: B, dependencies: [], task: {{jobs: [{{commands: ["echo b >{tmp_path}/b"]}}]}}}}
      - {{name: D, dependencies: [C], task: {{jobs: [{{commands: [echo d]}}]}}}}
      - {{name: E, dependencies: [A], task: {{jobs: [{{commands: [echo e]}}]}}}}
    """)
    result = runner(tmp_path, definition).run()
    assert result.end == End("failed", "test")
    assert ends(result) == {
        "C": ("failed", "test"),
        "A": ("passed", ""),
        "B": ("passed", ""),
        "D": ("canceled", "fast_failing"),
        "E": ("passed", ""),
    }
    assert result.blocks[0].jobs[0].commands[0].output == "a\nb\n"


def test_a_block_that_is_skipped_counts_as_passed(tmp_path: Path) -> None:
    definition = defined("""
    blocks:
      - {name: A, skip: {when: "branch = 'master'"}, task: {jobs: [{commands: ["false"]}]}}
      - {name: B, run: {when: "branch = 'x'"}, task: {jobs: [{commands: ["false"]}]}}
      - {name: C, run: {when: "change_in('/a')"}, task: {jobs: [{commands: [echo c]}]}}
    """)
    result = runner(tmp_path, definition, functions={"change_in": lambda *_: True}).run()
    skipped = ("passed", "skipped")
    assert ends(result) == {"A": skipped, "B": skipped, "C": ("passed", "")}
    assert outputs(result) == ["c\n"]


def test_the_epilogue_follows_the_result_and_does_not_change_it(tmp_path: Path) -> None:
    told = "echo $SEMAPHORE_JOB_RESULT"
    epilogue = {
        "always": {"commands": ["false", "echo never"]},
        "on_pass": {"commands": [f"echo pass {told}"]},
        "on_fail": {"commands": [told, "false"]},
    }
    passing = runner(tmp_path, one_job("true", epilogue=epilogue)).run()
    assert passing.end.result == "passed"
    assert [each.part for each in commands(passing)] == ["commands", "always", "on_pass"]
    (tmp_path / "2").mkdir()
    failing = runner(tmp_path / "2", one_job("false", "true", epilogue=epilogue)).run()
    assert failing.end.result == "failed"
    assert [(each.part, each.output) for each in commands(failing)] == [
        ("commands", ""),
        ("always", ""),
        ("on_fail", "failed\n"),
        ("on_fail", ""),
    ]


def test_a_prologue_that_fails_is_the_jobs_failure(tmp_path: Path) -> None:
    prologue = {"commands": ["false"]}
    result = runner(tmp_path, one_job("echo 1", prologue=prologue)).run()
    assert result.end.result == "failed"
    assert [each.part for each in commands(result)] == ["prologue"]


def test_a_job_has_its_variables_and_files_and_nothing_of_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINE", "of this process")
    secret = Secret({"TEXT": 'it\'s "x"\n$y'}, {"key.json": "{}"})
    definition = one_job(
        'echo "$TEXT"; echo "[$MINE] $SEMAPHORE_JOB_NAME $A"; cat ~/key.json; pwd',
        "test $(stat -c %a ~/key.json) = 600; test -w $TMPDIR",
        secrets=[{"name": "one"}],
        env_vars=[{"name": "A", "value": "a"}],
    )
    result = runner(tmp_path, definition, secrets={"one": secret}).run()
    assert result.end.result == "passed"
    assert outputs(result)[0] == f'it\'s "x"\n$y\n[] job a\n{{}}{tmp_path}/1-1/home\n'


def test_a_job_whose_secret_is_not_there_fails_and_says_so(tmp_path: Path) -> None:
    result = runner(tmp_path, one_job("true", secrets=[{"name": "dockerhub"}])).run()
    [job] = result.blocks[0].jobs
    assert (job.end, job.commands, job.log) == (End("failed", "test"), (), None)
    assert job.problem == "secret dockerhub not found"


def test_a_job_whose_variables_bash_does_not_take_fails_and_says_so(tmp_path: Path) -> None:
    definition = one_job("echo no", env_vars=[{"name": "z-z", "value": "1"}])
    [job] = runner(tmp_path, definition).run().blocks[0].jobs
    assert (job.end, job.commands) == (End("failed", "test"), ())
    assert job.problem.startswith("its variables can't be exported: ")
    assert job.problem.endswith("`z-z=1': not a valid identifier")


def test_a_job_that_is_stopped_in_its_epilogue_is_stopped(tmp_path: Path) -> None:
    definition = one_job("true", epilogue={"always": {"commands": ["echo now; sleep 60"]}})
    running: Runner = runner(tmp_path, definition, heard=lambda _job, _line: running.stop())
    result = running.run()
    assert result.end == End("stopped", "user")
    assert [each.part for each in commands(result)] == ["commands", "always"]


def test_what_a_job_is_given_is_for_nobody_else_to_read(tmp_path: Path) -> None:
    runner(tmp_path, one_job("true"), secrets={}).run()
    folder = tmp_path / "1-1"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all((folder / each).stat().st_mode & 0o077 == 0 for each in ("command", "log.txt"))


def limited(minutes: Any, **whose: str) -> Definition:
    """A pipeline that never ends, with a limit; fractions of minutes are for tests alone."""
    definition = one_job("sleep 60", "echo no", epilogue={"always": {"commands": ["echo no"]}})
    [block] = definition.blocks
    if "job" in whose:
        block = replace(block, jobs=(replace(block.jobs[0], minutes=minutes),))
    if "block" in whose:
        block = replace(block, minutes=minutes)
    return replace(
        definition, blocks=(block,), minutes=minutes if "pipeline" in whose else definition.minutes
    )


@pytest.mark.parametrize("whose", ["job", "block", "pipeline"])
def test_a_job_is_stopped_at_the_limit_of_whatever_it_is_of(tmp_path: Path, whose: str) -> None:
    result = runner(tmp_path, limited(0.001, **{whose: ""})).run()
    assert result.end == End("stopped", "timeout")
    assert [each.cut_off for each in commands(result)] == ["timeout"]


FAST = """
fail_fast: {%s: {when: "branch = 'master'"}}
blocks:
  - name: A
    dependencies: []
    task: {jobs: [{commands: ["until test -e %s/c; do sleep 0.1; done", "%s"]}]}
  - {name: C, dependencies: [], task: {jobs: [{commands: ["touch %s/c; false"]}]}}
  - {name: D, dependencies: [A], task: {jobs: [{commands: [echo d]}]}}
"""


@pytest.mark.parametrize(
    ("strategy", "last", "running"),
    # The second ends well after C, so that it is known by then that C has failed.
    [("stop", "sleep 60", ("stopped", "fast_failing")), ("cancel", "sleep 3", ("passed", ""))],
)
def test_a_block_that_fails_ends_the_others_as_it_is_said(
    tmp_path: Path, strategy: str, last: str, running: tuple[str, str]
) -> None:
    definition = defined(FAST % (strategy, tmp_path, last, tmp_path))
    result = runner(tmp_path, definition).run()
    assert result.end.result == "failed"
    assert ends(result) == {
        "A": running,
        "C": ("failed", "test"),
        "D": ("canceled", "fast_failing"),
    }


def test_a_job_that_fails_stops_the_blocks_others_where_it_is_said(tmp_path: Path) -> None:
    jobs = [{"commands": ["sleep 60"]}, {"commands": ["false"]}]
    definition = one_job(jobs=jobs, fail_fast={"stop": {"when": True}})
    [block] = runner(tmp_path, definition).run().blocks
    assert [each.end for each in block.jobs] == [
        End("stopped", "fast_failing"),
        End("failed", "test"),
    ]


def test_the_jobs_after_a_pipeline_run_whatever_came_of_it_and_know_it(tmp_path: Path) -> None:
    definition = defined("""
    blocks: [{name: A, task: {jobs: [{commands: ["false"]}]}}]
    after_pipeline:
      task:
        jobs:
          - commands: ["set ${!SEMAPHORE_PIPELINE_RESULT*}; for n; do echo ${!n}; done; false"]
    """)
    result = runner(tmp_path, definition).run()
    assert result.end == End("failed", "test")
    assert result.after[0].commands[0].output == "failed\ntest\n"
    assert result.after[0].end.result == "failed"


def test_jobs_of_a_matrix_run_each_with_its_own_values(tmp_path: Path) -> None:
    definition = defined("""
    blocks:
      - name: A
        task:
          jobs:
            - {name: n, commands: ["echo $N"], matrix: [{env_var: N, values: ["1", "2"]}]}
    """)
    result = runner(tmp_path, definition).run()
    assert [(each.name, each.commands[0].output) for each in result.blocks[0].jobs] == [
        ("n - N=1", "1\n"),
        ("n - N=2", "2\n"),
    ]


def test_a_condition_that_cant_be_evaluated_is_told_before_anything_runs(tmp_path: Path) -> None:
    condition = "change_in('/a')"
    definition = defined(f"""
    blocks:
      - {{name: A, task: {{jobs: [{{commands: ["touch {tmp_path}/begun"]}}]}}}}
      - {{name: B, run: {{when: "{condition}"}}, task: {{jobs: [{{commands: ["true"]}}]}}}}
    """)
    with pytest.raises(SettingsError) as raised:
        runner(tmp_path, definition)
    assert f'the condition "{condition}" can\'t be evaluated: ' in raised.value.sentence
    assert "there is no function change_in here, which is called at" in raised.value.sentence
    assert not (tmp_path / "begun").exists()


def test_a_job_without_a_shell_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CommandError, match="there is no bash, which runs the jobs; install it"):
        runner(tmp_path, one_job("true")).run()
