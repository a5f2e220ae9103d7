"""Where a run's seconds went: no second without a name, and none with two."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_canary.context.outcomes import CheckResult
from pytest_canary.context.timeline import Activity
from pytest_canary.core.measuring import Kind
from pytest_canary.reporting.document import Spent
from pytest_canary.reporting.time_spent import NAME, time_spent


def check(sentence: str, began: float, ended: float, stage: str = "canary") -> CheckResult:
    return CheckResult(stage, sentence, "passed", ended - began, ended)


def spent(
    checks: Sequence[CheckResult], activities: Sequence[Activity] = ()
) -> dict[str, dict[str, float]]:
    """Rounded, by stage and name."""
    return {
        stage: {f"{each.kind} {each.name}": round(each.seconds, 6) for each in found}
        for stage, found in time_spent(checks, activities).items()
    }


def test_where_nothing_was_checked_nothing_is_told() -> None:
    assert time_spent([], [Activity("wait", "it", 0, 1)]) == {}


def test_what_lies_beside_the_checks_is_pytests() -> None:
    found = spent([check("it holds", 1, 4), check("so does this", 6, 9)])
    assert found == {
        "canary": {
            "check it holds": 3,
            "check so does this": 3,
            "pytest between the checks": 2,
            "pytest before the first check": 1,
        }
    }


def test_a_wait_is_taken_from_the_check_that_waits() -> None:
    found = spent([check("it holds", 0, 10)], [Activity("wait", "3/3 of app", 2, 8)])
    assert found == {"canary": {"wait 3/3 of app": 6, "check it holds": 4}}


def test_a_second_belongs_to_the_innermost() -> None:
    outer, inner = Activity("step", "fill", 1, 9), Activity("wait", "1/1 of db", 3, 8)
    found = spent([check("it holds", 0, 10)], [inner, outer])
    assert found == {"canary": {"wait 1/1 of db": 5, "step fill": 3, "check it holds": 2}}


def test_of_two_that_began_together_the_one_that_ends_first_is_within_the_other() -> None:
    both = [Activity("step", "fill", 1, 9), Activity("command", "kubectl apply", 1, 4)]
    for activities in (both, both[::-1]):
        found = spent([check("it holds", 0, 10)], activities)
        assert found == {
            "canary": {"step fill": 5, "command kubectl apply": 3, "check it holds": 2}
        }


def test_what_others_do_meanwhile_takes_no_second() -> None:
    found = spent([check("it holds", 0, 10)], [Activity("command", "docker build", 0, 9, True)])
    assert found == {"canary": {"check it holds": 10}}


def test_a_wait_for_steps_side_by_side_is_named_after_the_one_that_ends_last() -> None:
    found = spent(
        [check("it comes up", 0, 10)],
        [
            Activity("wait", "cluster and images", 0, 9),
            Activity("step", "image", 0, 2, True),
            Activity("step", "cluster", 0, 5, True),
            Activity("command", "docker build", 0, 20, True),
            Activity("step", "load", 6, 9, True),
        ],
    )
    assert found == {
        "canary": {
            "wait cluster and images: cluster": 5,
            "wait cluster and images: load": 3,
            "wait cluster and images": 1,
            "check it comes up": 1,
        }
    }


def test_each_stage_has_what_lies_between_the_end_of_the_one_before_and_its_own() -> None:
    found = spent(
        [check("it is up", 0, 2, "cluster"), check("it holds", 5, 7, "canary")],
        [Activity("wait", "both", 1, 4)],
    )
    assert found == {
        "cluster": {"check it is up": 1, "wait both": 1},
        "canary": {"wait both": 2, "check it holds": 2, "pytest between the checks": 1},
    }


def test_what_comes_after_the_last_check_is_no_stages() -> None:
    found = spent([check("it holds", 0, 4)], [Activity("wait", "cluster and images", 5, 300)])
    assert found == {"canary": {"check it holds": 4}}


def test_the_same_name_is_told_once() -> None:
    twice = [Activity("command", "psql", 1, 2), Activity("command", "psql", 4, 6)]
    found = spent([check("it holds", 0, 10)], twice)
    assert found == {"canary": {"check it holds": 7, "command psql": 3}}


def test_a_name_that_nobody_reads_to_its_end_is_cut() -> None:
    (found,) = time_spent([check("x" * 1000, 0, 10)], [])["canary"]
    assert found == Spent(kind="check", name="x" * NAME + "…", seconds=10)


KINDS: list[Kind] = ["wait", "command", "step"]
MOMENTS = st.floats(0, 100)
ACTIVITIES = st.builds(
    lambda kind, name, one, other, beside: Activity(
        kind, name, min(one, other), max(one, other), beside
    ),
    st.sampled_from(KINDS),
    st.sampled_from("abc"),
    MOMENTS,
    MOMENTS,
    st.booleans(),
)
CHECKS = st.builds(
    lambda stage, ended, seconds: CheckResult(stage, "it holds", "passed", seconds, ended),
    st.sampled_from(["cluster", "canary"]),
    MOMENTS,
    MOMENTS,
)


@given(st.lists(CHECKS, min_size=1), st.lists(ACTIVITIES))
def test_all_that_is_told_is_all_until_the_last_check_has_ended(
    checks: list[CheckResult], activities: list[Activity]
) -> None:
    found = time_spent(checks, activities)
    total = sum(each.seconds for stage in found.values() for each in stage)
    assert total == pytest.approx(max(check.ended for check in checks))
