"""Which of a team's tests run in which stage, and how a mistake in that is told."""

from __future__ import annotations

import pytest

from pytest_canary.plugin import fixtures
from pytest_canary.plugin.collector import divide, find_misuse


def items(pytester: pytest.Pytester, *markers: str) -> list[pytest.Item]:
    """A team's tests, one with each marker."""
    return pytester.getitems(
        "import pytest\n"
        + "".join(
            f"{marker and f'@pytest.mark.{marker}'}\ndef test_{place}(): pass\n"
            for place, marker in enumerate(markers)
        )
    )


def test_tests_are_divided_into_those_of_the_sessions_stages_and_others(
    pytester: pytest.Pytester,
) -> None:
    first, second, third = items(pytester, 'canary("canary")', 'canary("stable")', "")
    chosen, others = divide([first, second, third], ("preflight", "canary"))
    assert chosen == [first]
    assert others == [second, third]


def test_every_mistake_is_told_at_once(pytester: pytest.Pytester) -> None:
    wrong = items(pytester, 'canary("stabel")', 'canary(stage="stable")', 'canary("stable")')
    with pytest.raises(pytest.UsageError) as told:
        divide(wrong, ("stable",))
    first, second = told.value.args
    assert first == (
        f"{wrong[0].nodeid}: @pytest.mark.canary takes one stage, not 'stabel'; "
        "did you mean stable?"
    )
    assert second == f"{wrong[1].nodeid}: @pytest.mark.canary takes one stage, not stage='stable'"


@pytest.mark.parametrize("marker", ["canary", 'canary("eu-west")', "canary(fleet=3)"])
def test_a_marker_without_a_stage_is_the_teams_own(pytester: pytest.Pytester, marker: str) -> None:
    theirs = items(pytester, marker)
    assert divide(theirs, ("stable",)) == ([], theirs)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ("canary_database", "canary_database"),
        ("canary_traffic, canary_api", "canary_traffic"),
        ("tmp_path, canary_rehearsal", "canary_rehearsal"),
        ("theirs", "canary_release"),
        ("tmp_path", ""),
        ("canary_cluster", ""),
    ],
)
def test_a_fixture_of_ours_needs_a_stage_and_the_first_is_named(
    pytester: pytest.Pytester, arguments: str, named: str
) -> None:
    pytester.plugins.append(fixtures)  # as with --canary
    item = pytester.getitem(
        f"""
        import pytest
        @pytest.fixture
        def theirs(canary_release): pass
        @pytest.fixture
        def canary_cluster(): "Their own, under the same name."
        def test_it({arguments}): pass
        """,
        "test_it",
    )
    said = find_misuse(item)
    assert said.startswith(f" uses {named} and names no stage; mark it" if named else "")
    assert bool(said) is bool(named)
