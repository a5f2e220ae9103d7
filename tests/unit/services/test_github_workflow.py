"""A workflow's file: what it says, and every mistake with its line and what is allowed."""

from __future__ import annotations

import pytest
from fakes.services import github, github_faults

JOB = "jobs:\n  a:\n    runs-on: x\n    steps: [{run: 'true'}]\n"


MATRIX = "strategy: {matrix: %s}"
CHECKOUT = "uses: actions/checkout@v4, with: {repository: a/b}"


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("env: [a]", "6: jobs.a.env: a table, not a list"),
        ("env: {A: [a]}", "6: jobs.a.env.A: a text or a number, not a list"),
        ("step: []", "6: jobs.a.step: no such key; did you mean steps?"),
        ("if: github.reff ==", "6: jobs.a.if: an expression ends too early"),
        ("env: {A: '${{ x.y }}'}", "6: jobs.a.env.A: there is no context x; there are github,"),
        ("env: {A-B: 1}", "6: jobs.a.env.A-B: a variable's name in letters, digits and _"),
        ("needs: [b]", "6: jobs.a.needs: there is no job b"),
        ("needs: a", "6: jobs.a.needs: jobs wait for each other: a"),
        (MATRIX % "'${{ 1 }}'", "6: jobs.a.strategy: a matrix that an expression makes can't be"),
        (MATRIX % "{include: [1]}", "6: jobs.a.strategy.matrix.include[0]: a table, not 1"),
        ("timeout-minutes: ${{ 1 }}", "6: jobs.a.timeout-minutes: a limit that is no number can't"),
        ("env: {}\n    env: {}", "7: jobs.a.env: is there twice"),
    ],
)
def test_a_mistake_is_told(more: str, problem: str) -> None:
    (told,) = github_faults(f"{JOB}    {more}")
    assert told.startswith(f"ci.yml:{problem}")


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        ("ruin: a", "steps[0].ruin: no such key; did you mean run?"),
        ("uses: a/b@v1, run: x", "steps[0].run: goes without uses"),
        (
            "uses: acme/deploy@v2",
            "steps[0].uses: nothing stands in for acme/deploy@v2; name what does in "
            '[pipeline.uses]: "acme/deploy" = "a command", or "" for nothing',
        ),
        (
            CHECKOUT,
            "steps[0].with.repository: actions/checkout@v4 with repository can't be rehearsed; say "
            'what does this in [pipeline.uses]: "actions/checkout" = "a command"',
        ),
    ],
)
def test_a_mistake_of_a_step_is_told(step: str, problem: str) -> None:
    told = github_faults(JOB.replace("run: 'true'", step))
    assert told[0].startswith(f"ci.yml:5: jobs.a.{problem}")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("jobs: [", "ci.yml:3: not valid YAML: "),
        ("name: x", "ci.yml:1: the file: has no jobs"),
        ("jobs:\n  a: {uses: ./b.yml}", "ci.yml:3: jobs.a.uses: a reusable workflow can't be "),
    ],
)
def test_a_mistake_of_the_file_is_told(text: str, problem: str) -> None:
    (told,) = github_faults(text)
    assert told.startswith(problem)


def test_a_job_that_is_wanted_and_not_there_is_told() -> None:
    (told,) = github_faults(JOB, jobs=("b",))
    assert told.startswith("ci.yml:2: jobs: there is no job b, which is to be run; there are a; ")


def test_a_matrix_leaves_out_what_is_excluded_and_adds_what_is_included() -> None:
    matrix = (
        "{os: [a, b], py: [1, 2], exclude: [{os: b, py: 1}], include: [{os: a, x: 9}, {os: c}]}"
    )
    (block,) = github(
        f"{JOB}    strategy: {{matrix: {matrix}, fail-fast: false}}"
    ).definition.blocks
    assert [each.name for each in block.jobs] == [
        "a (a, 1, 9)",
        "a (a, 2, 9)",
        "a (b, 2)",
        "a (c)",
    ]
    assert block.fail_fast
    assert block.fail_fast.stop is False


def test_what_others_wait_for_and_how_long_it_may_take_is_the_files() -> None:
    second_job = "needs: a, if: always(), steps: [{uses: actions/checkout@v4}]"
    text = f"{JOB}    timeout-minutes: 5\n  b: {{runs-on: x, {second_job}}}"
    first, second = github(text).definition.blocks
    assert (first.jobs[0].minutes, first.jobs[0].commands) == (5, ("true",))
    assert (second.dependencies, second.regardless) == (("a",), True)
    assert second.jobs[0].commands == ("uses: actions/checkout@v4",)
