"""A pipeline's file: which jobs it has, in which order, and every mistake with its line."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes.jobs import WORKFLOW
from fakes.services import gitlab, gitlab_faults

from pytest_canary.services.errors import ExpressionError
from pytest_canary.services.gitlab.expressions import evaluate

VARIABLES = {"BRANCH": "main", "EMPTY": "", "PATTERN": "/^ma/", "N": "1"}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ('$BRANCH == "main"', True),
        ("$BRANCH == 'Main'", False),
        ("${BRANCH} != 'main'", False),
        ("$BRANCH", True),
        ("$EMPTY", False),
        ("$NONE == null", True),
        ("$EMPTY == null", False),
        ("$EMPTY == ''", True),
        ("$BRANCH =~ /^MA.N$/i", True),
        ("$BRANCH =~ /^a/", False),
        ("$BRANCH !~ /^a/", True),
        ("$BRANCH =~ $PATTERN", True),
        ("$NONE =~ /a/", False),
        ("$NONE || $EMPTY || $N", True),
        ("$N || $NONE && $EMPTY", True),
        ("($N || $NONE) && $EMPTY", False),
        ("'a/b' =~ /a\\/b/", True),
    ],
)
def test_a_rules_expression_holds_as_at_gitlab(text: str, holds: bool) -> None:
    assert evaluate(text, VARIABLES) is holds


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "an expression ends early"),
        ("$A ==", "an expression ends early"),
        ("($A", "')' is missing"),
        ("$A $B", "'$B' is one too many"),
        ("branch == 'a'", "nobody can read \"branch == 'a'\""),
        ("$N =~ 'a'", "'a' is no /pattern/"),
        ("$N =~ /(/", "/(/ is no regular expression: "),
        ("== 'a'", "'==' can't stand there"),
    ],
)
def test_what_is_no_expression_is_told(text: str, problem: str) -> None:
    with pytest.raises(ExpressionError) as wrong:
        evaluate(text, VARIABLES)
    assert str(wrong.value).startswith(problem)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("job: {scrip: [a]}", "1: job.scrip: no such key; did you mean script?"),
        ("job: {stage: test}", "1: job: has no script"),
        ("job: [a]", "1: job: a table, not a list"),
        ("job: {script: {a: b}}", "1: job.script: a text or a list, not a table"),
        (
            "job: {script: a, stage: tests}",
            "1: job.stage: there is no stage tests; there are .pre,",
        ),
        ("job: {script: a, when: later}", "1: job.when: on_success or on_failure or "),
        ("job: {script: a, only: [master]}", "1: job.only: can't be rehearsed; write rules"),
        ("job: {script: a, parallel: 3}", "1: job.parallel: can't be rehearsed; write what it"),
        ("job: {script: a, extends: .b}", "1: job.extends: there is no job .b"),
        ("job: {script: a, extends: job}", "1: job.extends: job extends itself"),
        ("job: {script: a, needs: [b]}", "1: job.needs: there is no job b"),
        ("job: {script: a, needs: [job]}", "1: job.needs: jobs wait for each other: job"),
        ("job: {script: a, timeout: soon}", "1: job.timeout: nobody can read 'soon'; write 1h 30m"),
        ("job:\n  script: a\n  rules: [{if: $A =}]", "3: job.rules[0].if: nobody can read '='"),
        ("job: {script: a, rules: [{changes: [b]}]}", "1: job.rules[0].changes: can't be "),
        ("job:\n  script:\n    - !reference [.a, script]", "3: !reference can't be rehearsed; "),
        ("include: a.yml\njob: {script: a}", "1: include: the jobs of other files can't be "),
        ("- a", "1: the file: a table, not a list"),
        ("variables: {A-B: c}", "1: variables.A-B: a variable's name"),
        ("a: ]", "1: not valid YAML: "),
    ],
)
def test_a_mistake_is_told(text: str, problem: str) -> None:
    (told,) = gitlab_faults(text)
    assert told.startswith(f"ci.yml:{problem}")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("other", "there is no job other, which is to be run; there are job"),
        ("job", "no rule holds on branch master; name a job that runs there"),
    ],
)
def test_a_job_that_is_wanted_and_does_not_run_is_told(name: str, problem: str) -> None:
    text = "job: {script: a, rules: [{if: $CI_COMMIT_TAG}]}"
    (told,) = gitlab_faults(text, jobs=(name,))
    assert problem in told


def test_a_job_runs_where_the_first_rule_that_holds_says_so() -> None:
    text = """
    tagged: {script: a, rules: [{if: $CI_COMMIT_TAG =~ /^v/}]}
    never: {script: a, rules: [{if: $CI_COMMIT_TAG, when: never}, {when: always}]}
    by_hand: {script: a, when: manual}
    """
    assert [*gitlab(text, replace(WORKFLOW, ref_type="tag", ref="v1")).jobs] == ["tagged"]
    assert [*gitlab(text).jobs] == ["never"]
    assert [*gitlab(text, jobs=("by_hand",)).jobs] == ["by_hand"]


def test_jobs_have_what_they_extend_and_what_goes_for_all() -> None:
    text = """
    default: {before_script: [all], timeout: 2 hours 5m}
    .base: {variables: {A: base, B: base}, script: [base], before_script: [own]}
    .more: {extends: .base, variables: {A: more}}
    job: {extends: [.more], variables: {C: job}, needs: [{job: gone, optional: true}]}
    other: {script: [one, [two, three]], timeout: 30 seconds, stage: deploy}
    """
    pipeline = gitlab(text)
    job, other = pipeline.jobs["job"], pipeline.jobs["other"]
    assert (job.before, job.script) == (("own",), ("base",))
    assert job.variables == {"A": "more", "B": "base", "C": "job"}
    assert (other.before, other.script) == (("all",), ("one", "two", "three"))
    first, second = pipeline.definition.blocks
    assert (first.dependencies, second.dependencies) == ((), ("job",))
    assert [each.jobs[0].minutes for each in (first, second)] == [125, 1]
