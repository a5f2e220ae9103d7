"""A rollback waits for nobody, and a condition holds for what its writer means."""

from pathlib import Path

import pytest
from fakes.workflows import pipeline, promotion, written

from pytest_canary.pipelines import promoting
from pytest_canary.pipelines.workflow import Workflow

ON_FAILED = ", auto_promote_on: [{result: failed}]"
ON_PASSED = ", auto_promote_on: [{result: passed}]"
STAYS = "so that nothing is rolled back until somebody is there"


def promotes(folder: Path, *promotions: str) -> Workflow:
    (folder / "undo.yml").write_text(pipeline(name="Rolling back"))
    (folder / "next.yml").write_text(pipeline(name="Stable"))
    return written(folder, ci=pipeline(more="promotions:\n" + "".join(promotions)))


@pytest.mark.parametrize(
    ("promotions", "told"),
    [
        ([promotion("Stable", "next.yml")], None),
        ([promotion("Rollback", "next.yml", "result = 'failed'")], None),
        ([promotion("Rollback", "next.yml", "result != 'passed'")], None),
        ([promotion("Rollback", "next.yml", more=ON_FAILED)], None),
        ([promotion("Rollback", "next.yml", "${{parameters.X}}")], None),
        ([promotion("Rollback", "next.yml")], "Rollback is started by hand"),
        ([promotion("Roll back canary", "next.yml")], "Roll back canary is started by hand"),
        ([promotion("Away with it", "undo.yml")], "Away with it is started by hand"),
        (
            [promotion("Rollback", "next.yml", "result = 'passed'")],
            "Rollback never starts where the pipeline failed",
        ),
        (
            [promotion("Rollback", "next.yml", more=ON_PASSED)],
            "Rollback never starts where the pipeline failed",
        ),
        (
            [
                promotion("Rollback by hand", "undo.yml"),
                promotion("Rollback", "undo.yml", "result = 'failed'"),
            ],
            None,
        ),
    ],
)
def test_a_rollback_that_waits_for_somebody_is_told(
    tmp_path: Path, promotions: list[str], told: str | None
) -> None:
    found = [*promoting.manual_rollbacks(promotes(tmp_path, *promotions))]
    assert [each.sentence for each in found] == ([f"promotion {told}, {STAYS}"] if told else [])
    assert all(each.source.line(each.line).strip().startswith("- {name: ") for each in found)
    assert {each.fix for each in found} <= {"write auto_promote: {when: \"result = 'failed'\"}"}


REFS = ": of branch, tag and pull_request one has a value, and the other two are empty"
HOLDS = "promotions[0].auto_promote.when holds for a pipeline that has not passed, too"
STAR = (
    "promotions[0].auto_promote.when: '^hotfix*' at character 30 is a regular expression, where x* "
    "is any number of x, also none: it matches all that '^hotfi' matches"
)


@pytest.mark.parametrize(
    ("when", "never", "misleads"),
    [
        ("result = 'passed' and branch = 'master'", None, None),
        ("result = 'passed' and branch = 'master' and tag =~ '^v'", REFS, None),
        ("result = 'passed' and result = 'failed'", "", None),
        ("result = 'passed' and tag =~ '^hotfix*'", None, STAR),
        ("branch = 'master'", None, HOLDS),
        ("tag =~ '^v' or result = 'passed'", None, HOLDS),
        ("result = 'failed' or result = 'stopped'", None, None),
        ("result =~ 'passed|failed'", None, None),
        ("true", None, None),
        ("false", None, None),
        ("'${{parameters.GO}}' = 'true'", None, None),
    ],
)
def test_a_promotions_condition_is_looked_at(
    tmp_path: Path, when: str, never: str | None, misleads: str | None
) -> None:
    workflow = promotes(tmp_path, promotion("Canary", "next.yml", when))
    found = [each.sentence for each in promoting.never_true(workflow)]
    place = "promotions[0].auto_promote.when"
    assert found == ([] if never is None else [f"{place} never holds{never}"])
    told = [*promoting.misleading_conditions(workflow)]
    assert [each.sentence for each in told] == ([misleads] if misleads else [])
    assert all(when in each.source.line(each.line) for each in told)


def test_the_condition_that_is_meant_is_written_out(tmp_path: Path) -> None:
    workflow = promotes(tmp_path, promotion("Canary", "next.yml", "branch = 'master'"))
    (told,) = promoting.misleading_conditions(workflow)
    assert told.fix == "write result = 'passed' and (branch = 'master')"


def test_a_rollback_may_start_whatever_the_result(tmp_path: Path) -> None:
    workflow = promotes(tmp_path, promotion("Rollback", "next.yml", "branch = 'master'"))
    assert [*promoting.misleading_conditions(workflow)] == []


def test_conditions_of_blocks_and_pipeline_are_looked_at(tmp_path: Path) -> None:
    text = pipeline(more="fail_fast: {stop: {when: \"branch =~ 'dev'\"}}\n").replace(
        "  - task:", "  - run: {when: \"branch = 'a' and tag = 'b'\"}\n    task:"
    )
    workflow = written(tmp_path, ci=text)
    assert [each.sentence for each in promoting.never_true(workflow)] == [
        f"blocks[0].run.when never holds{REFS}"
    ]
    (told,) = promoting.misleading_conditions(workflow)
    assert told.sentence.startswith(
        "fail_fast.stop.when: 'dev' at character 11 is matched anywhere"
    )
