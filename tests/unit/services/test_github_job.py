"""GitHub's jobs, run for real: each step as GitHub's runner does it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fakes.jobs import WORKFLOW, commands, outputs
from fakes.repository import commit, git
from fakes.services import run_github

from pytest_canary.jobs.environment import Secret
from pytest_canary.jobs.findings import findings
from pytest_canary.jobs.order import End
from pytest_canary.jobs.programs import install_programs

FAILED, SKIPPED = End("failed", "test"), End("canceled", "skipped")


def steps(*more: str, head: str = "") -> str:
    listed = "".join(f"\n      - {each}" for each in more)
    return f"{head}\njobs:\n  job:\n    runs-on: x\n    steps:{listed}\n"


def test_each_step_is_a_bash_of_its_own_that_ends_with_its_first_failure(tmp_path: Path) -> None:
    text = steps(
        'run: "cd /; export A=1; f() { :; }; echo $-"',
        'run: "echo ${A-unset} $PWD; declare -F f || echo no f"',
        'run: "false | true; echo no pipefail"',
        'run: "echo before; false; echo after"',
        "run: echo never",
    )
    result = run_github(tmp_path, text)
    assert result.end == FAILED
    first, second, third, fourth = outputs(result)
    assert "e" in first
    assert second.split("\n")[0] == f"unset {tmp_path / '1-1/home/work/shop/shop'}"
    assert "no f" in second
    assert "no pipefail" in third
    assert fourth.strip() == "before"
    assert [each.code for each in commands(result)] == [0, 0, 0, 1]


@pytest.mark.parametrize(
    ("shell", "run", "code"),
    [
        ("bash", "false | true", 1),
        ("sh", "false; true", 1),
        ("bash {0}", "false; true", 0),
        ("python", "raise SystemExit(7)", 7),
    ],
)
def test_the_shell_is_the_steps(tmp_path: Path, shell: str, run: str, code: int) -> None:
    text = steps(f"{{shell: '{shell}', run: '{run}'}}")
    assert [each.code for each in commands(run_github(tmp_path, text))] == [code]


def test_defaults_are_the_jobs_over_the_workflows(tmp_path: Path) -> None:
    head = "defaults: {run: {shell: sh, working-directory: a}}"
    text = steps("run: mkdir -p a b; shopt", "run: pwd", head=head).replace(
        "    steps", "    defaults: {run: {working-directory: .}}\n    steps"
    )
    result = run_github(tmp_path, text)
    assert "not found" in outputs(result)[0]
    text = steps("{run: mkdir a, working-directory: .}", "run: pwd", head=head)
    (tmp_path / "2").mkdir()
    assert outputs(run_github(tmp_path / "2", text))[1].strip().endswith("/shop/shop/a")


def test_no_step_has_a_terminal_for_its_input(tmp_path: Path) -> None:
    assert outputs(run_github(tmp_path, steps('run: "[ -t 0 ] || echo none; cat"'))) == ["none\n"]


def test_the_nearer_variable_counts_and_expressions_are_put_in(tmp_path: Path) -> None:
    text = """
    env: {A: workflow, B: workflow, C: "${{ github.ref_name }}"}
    jobs:
      job:
        runs-on: x
        env: {A: job, D: "${{ env.C }}-1"}
        steps:
          - {env: {A: step}, run: echo $A $B $C $D}
          - run: echo '${{ env.A }} ${{ secrets.TOKEN }}' $GITHUB_SHA $GITHUB_RUN_ID ${TOKEN-none}
    """
    secrets = {"hub": Secret({"TOKEN": "t0k3n-of-nobody"})}
    result = run_github(tmp_path, text, secrets=secrets)
    assert [each.split() for each in outputs(result)] == [
        ["step", "workflow", "master", "master-1"],
        ["job", "********", "0a1b2c", "w-1", "none"],
    ]
    (found,) = findings(result)
    assert found.code == "printed-secret"


def test_steps_hand_on_variables_outputs_and_folders(tmp_path: Path) -> None:
    text = """
    jobs:
      first:
        runs-on: x
        outputs: {tag: "${{ steps.make.outputs.tag }}"}
        steps:
          - id: make
            run: |
              echo "tag=v1" >>$GITHUB_OUTPUT
              printf 'LONG<<END\\none\\ntwo\\nEND\\n' >>"$GITHUB_ENV"
              mkdir bin; printf '#!/bin/sh\\necho hello' >bin/hello; chmod +x bin/hello
              echo "$PWD/bin" >>"$GITHUB_PATH"
          - run: echo "$LONG"; hello; echo ${{ steps.make.outcome }}
      second:
        runs-on: x
        needs: first
        steps:
          - run: echo ${{ needs.first.outputs.tag }} ${{ needs.first.result }}
          - run: echo nonsense >>$GITHUB_OUTPUT
    """
    result = run_github(tmp_path, text)
    said = [each.split() for each in outputs(result)]
    assert said[1:3] == [["one", "two", "hello", "success"], ["v1", "success"]]
    last = commands(result)[-1]
    assert (last.code, last.output) == (
        1,
        "GITHUB_OUTPUT or GITHUB_ENV: 'nonsense' is no NAME=VALUE\n",
    )


def test_a_step_runs_when_its_condition_holds(tmp_path: Path) -> None:
    text = steps(
        "{run: echo 1, if: \"github.ref == 'refs/heads/other'\"}",
        "{run: echo 2; false, id: bad, continue-on-error: true}",
        "run: echo 3 ${{ steps.bad.outcome }} ${{ steps.bad.conclusion }}",
        "{run: exit 4}",
        "{run: echo 5}",
        "{run: echo 6, if: \"failure() && github.ref_name == 'master'\"}",
        "{run: echo 7, if: 'always()'}",
        "{run: echo 8, if: 'github.sha'}",
    )
    result = run_github(tmp_path, text)
    assert result.end == FAILED
    said = [each.strip() for each in outputs(result)]
    assert said == ["2", "3 failure success", "", "6", "7"]


def test_a_job_runs_when_its_condition_holds_as_a_rollback_does(tmp_path: Path) -> None:
    text = """
    jobs:
      deploy: {runs-on: x, steps: [{run: "%s"}]}
      stable: {runs-on: x, needs: deploy, steps: [{run: echo stable}]}
      rollback: {runs-on: x, needs: [deploy, stable], if: failure(), steps: [{run: echo back}]}
      tell: {runs-on: x, needs: rollback, if: always(), steps: [{run: echo told}]}
      after: {runs-on: x, needs: rollback, steps: [{run: echo after}]}
    """
    for name, command, ends in (
        ("bad", "exit 1", [FAILED, End("canceled", "fast_failing"), *[End("passed")] * 2, SKIPPED]),
        ("good", "true", [End("passed"), End("passed"), SKIPPED, End("passed"), SKIPPED]),
    ):
        (tmp_path / name).mkdir()
        result = run_github(tmp_path / name, text % command)
        assert [each.end for each in result.blocks] == ends
        assert result.end == (FAILED if name == "bad" else End("passed"))


def test_a_job_that_may_fail_passes(tmp_path: Path) -> None:
    text = """
    jobs:
      a: {runs-on: x, continue-on-error: true, steps: [{run: exit 3}]}
      b: {runs-on: x, needs: a, steps: [{run: "echo ${{ needs.a.result }}"}]}
    """
    result = run_github(tmp_path, text)
    ends = [job.end for each in result.blocks for job in each.jobs]
    assert ends == [End("passed", "allowed"), End("passed")]
    assert outputs(result)[1].strip() == "success"


def test_a_step_that_takes_too_long_is_ended_and_the_job_cleans_up(tmp_path: Path) -> None:
    text = steps(
        "{run: sleep 600, timeout-minutes: '${{ 0.005 }}'}",
        "{run: echo never}",
        "{run: echo always, if: always()}",
    )
    result = run_github(tmp_path, text)
    assert result.end == FAILED
    assert [each.cut_off for each in commands(result)] == ["timeout", ""]
    assert outputs(result)[-1].strip() == "always"


def test_a_matrix_is_a_job_for_each_and_the_first_failure_ends_the_others(tmp_path: Path) -> None:
    text = """
    jobs:
      job:
        runs-on: x
        strategy: {matrix: {of: [1, 2], in: [a]}}
        steps: [{run: "[ ${{ matrix.of }}${{ matrix.in }} != 2a ] || exit 1; sleep 600"}]
    """
    (block,) = run_github(tmp_path, text).blocks
    assert [each.name for each in block.jobs] == ["job (1, a)", "job (2, a)"]
    assert [each.end for each in block.jobs] == [End("stopped", "fast_failing"), FAILED]


def test_actions_are_stood_in_for_by_what_the_settings_say(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    git(project, "init", "--quiet")
    (project / "file").write_text("here")
    sha = commit(project)
    (tmp_path / "run").mkdir()
    text = steps(
        "uses: actions/checkout@v4",
        "uses: actions/setup-python@v5",
        '{uses: team/deploy@v1, with: {to-what: "${{ github.ref_name }}"}}',
        'run: "cat file; git rev-parse HEAD; npm publish"',
    )
    result = run_github(
        tmp_path / "run",
        text,
        replace(WORKFLOW, sha=sha),
        programs=install_programs(tmp_path / "programs", repository=project),
        uses={"team/deploy": 'echo "to $INPUT_TO_WHAT in $PWD"'},
    )
    checkout, python, deploy, last = outputs(result)
    assert checkout.strip() == f"HEAD is now at {sha}"
    assert python == ""
    assert deploy.startswith("to master in ")
    assert last.startswith(f"here{sha}")
    assert [each.text for each in commands(result)][:2] == [
        "uses: actions/checkout@v4",
        "uses: actions/setup-python@v5",
    ]
    (found,) = findings(result)
    assert (found.code, "npm publish" in found.sentence) == ("refused-program", True)


def test_named_jobs_alone_are_run_without_what_they_wait_for(tmp_path: Path) -> None:
    text = """
    on: {workflow_dispatch: {inputs: {to: {default: canary}, from: {default: here}}}}
    jobs:
      a: {runs-on: x, steps: [{run: exit 1}]}
      b: {runs-on: x, needs: a, steps: [{run: "echo ${{ inputs.to }} ${{ inputs.from }}"}]}
    """
    result = run_github(tmp_path, text, jobs=("b",), parameters={"to": "stable"})
    assert [each.name for each in result.blocks] == ["b"]
    assert outputs(result)[0].split() == ["stable", "here"]


DOCKER = """#!/bin/sh
[ "$1 $2" = "image inspect" ] || echo "docker $*"
"""


def test_an_image_is_built_and_pushed_as_the_action_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = tmp_path / "machine"
    machine.mkdir()
    (machine / "docker").write_text(DOCKER)
    (machine / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(machine), prepend=":")
    (tmp_path / "run").mkdir()
    text = """
    env: {IMAGE: r.invalid/shop}
    jobs:
      image:
        runs-on: x
        steps:
          - {uses: docker/login-action@v3, with: {registry: r.invalid, password: secret}}
          - uses: docker/build-push-action@v6
            with:
              context: app
              file: app/Dockerfile
              push: ${{ github.ref_name == 'master' }}
              build-args: |
                RELEASE=2
                WORDS=one two
              tags: |
                ${{ env.IMAGE }}:${{ github.run_id }}
                ${{ env.IMAGE }}:latest
          - {uses: docker/build-push-action@v6, with: {tags: "a,b"}}
    """
    programs = install_programs(tmp_path / "programs")
    result = run_github(tmp_path / "run", text, programs=programs)
    assert [each.splitlines() for each in outputs(result)] == [
        ["Login Succeeded"],
        [
            "docker build --tag r.invalid/shop:w-1 --tag r.invalid/shop:latest --build-arg "
            "RELEASE=2 --build-arg WORDS=one two --file app/Dockerfile app",
            "canary: r.invalid/shop:w-1 stays in the engine",
            "canary: r.invalid/shop:latest stays in the engine",
        ],
        ["docker build --tag a --tag b ."],
    ]
    assert findings(result) == []
