"""Blocks have an order, and time limits that another one does not make meaningless."""

import pytest
from fakes.pipelines import line_of, with_changes

from pytest_canary.pipelines.blocks import order

WHOLE, BLOCK, JOB = "execution_time_limit: {hours: 2}", "{minutes: 60}", "{minutes: 30}"


def blocks(**dependencies: list[str]) -> list[dict[str, object]]:
    return [{"name": name, "dependencies": each} for name, each in dependencies.items()]


@pytest.mark.parametrize(
    ("dependencies", "problem"),
    [
        ({"A": [], "B": ["A"], "C": ["B"]}, None),
        ({"A": [], "B": ["A"], "C": ["A"], "D": ["B", "C"]}, None),
        ({"A": ["A"]}, "A waits for A, so that none of them ever begins"),
        ({"A": ["B"], "B": ["A"]}, "A waits for B waits for A, so that none of them ever begins"),
        (
            {"D": [], "A": ["C", "D"], "B": ["A"], "C": ["B"], "E": ["A"]},
            "A waits for C waits for B waits for A, so that none of them ever begins",
        ),
        ({"Build": [], "B": ["Biuld"]}, "there is no block Biuld; did you mean Build?"),
    ],
)
def test_blocks_have_an_order(dependencies: dict[str, list[str]], problem: str | None) -> None:
    assert [each.problem for each in order(blocks(**dependencies))] == (
        [problem] if problem else []
    )


def test_blocks_without_dependencies_follow_each_other() -> None:
    assert [*order([{"name": "A"}, {"name": "A"}])] == []


def test_a_circle_and_a_block_without_dependencies_are_told_with_their_line() -> None:
    found = with_changes(("    dependencies: []\n", "\n"))
    assert found.mistakes == (
        f"ci.yml:{line_of('- name: Build')}: blocks[0]: has no dependencies, and other blocks "
        "have; write dependencies: []",
    )
    found = with_changes(("    dependencies: []", "    dependencies: [Report]"))
    assert found.mistakes == (
        f"ci.yml:{line_of('    dependencies: []')}: blocks[0].dependencies: Build waits for Report "
        "waits for Lint waits for Build, so that none of them ever begins",
    )


@pytest.mark.parametrize(
    ("changes", "at", "mistake"),
    [
        (((WHOLE, ""), (BLOCK, "{minutes: 61}")), 3, "61 minutes are more than the pipeline's, "),
        (((JOB, "{minutes: 61}"),), 2, "61 minutes are more than its block's, which is 60"),
        (((JOB, "{hours: 3}"),), 2, "180 minutes are more than the pipeline's, which is 120"),
        (((WHOLE, "execution_time_limit: {hours: 25}"),), 1, "1,500 minutes are more than a job's"),
        (
            ((WHOLE, "execution_time_limit: {hours: 26}"), (BLOCK, "{hours: 25}")),
            3,
            "1,500 minutes are more than a job's, which is 1440 unless it says more",
        ),
    ],
)
def test_a_time_limit_that_is_cut_short_is_told(
    changes: tuple[tuple[str, str], ...], at: int, mistake: str
) -> None:
    place = {1: WHOLE, 2: f"execution_time_limit: {JOB}", 3: f"execution_time_limit: {BLOCK}"}[at]
    found = with_changes(*changes).mistakes
    assert any(f"ci.yml:{line_of(place)}: " in each and mistake in each for each in found), found


def test_a_time_limit_within_the_others_is_none_to_tell() -> None:
    longest = (WHOLE, "execution_time_limit: {hours: 30}"), (BLOCK, "{hours: 25}")
    assert with_changes(*longest, (JOB, "{hours: 25}")).mistakes == ()
