"""From stage to stage: each entered once, each step made once, each failure told again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pytest_canary.cluster.run import Run
from pytest_canary.config.baseline import Baseline
from pytest_canary.config.options import Options
from pytest_canary.config.plan import Plan
from pytest_canary.config.settings import Settings
from pytest_canary.context.outcomes import MigrationOutcome
from pytest_canary.context.stage import Stage
from pytest_canary.context.workspace import Workspace, existing_context, workspace_itself
from pytest_canary.core.errors import ClusterError, ReleaseError
from pytest_canary.rehearsal.rehearsal import Rehearsal

STAGES = ("preflight", "cluster", "baseline", "canary", "migration", "verdict", "stable")


@pytest.fixture
def made() -> list[str]:
    """What was made and looked at, in order."""
    return []


@pytest.fixture
def stages(made: list[str]) -> dict[str, Stage[Any]]:
    """Every stage, with a transition that writes down that it was made."""

    def stage(name: str, **facts: Any) -> Stage[Workspace]:
        new = Stage(name, workspace_itself, transition=f"to {name}", **facts)
        new.enter(f"{name} is entered")(lambda _: made.append(name))
        return new

    found = {name: stage(name) for name in (*STAGES, "rollback")}
    found["cleanup"] = stage("cleanup", final=True)
    found["canary"] = stage("canary", on_trial=True)
    found["automatic_rollback"] = Stage("rollback", workspace_itself, automatic=True)
    found["automatic_rollback"].enter("it is rolled back")(lambda _: made.append("rolled back"))
    return found


@pytest.fixture
def begin(
    configured: Callable[..., Settings],
    stages: dict[str, Stage[Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[..., Rehearsal]]:
    """Begins a rehearsal of these stages."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    runs: list[Run] = []

    def make(**options: object) -> Rehearsal:
        plan = Plan(configured(name="shop"), Options(**options), Baseline("none", "", ""))  # type: ignore[arg-type]
        runs.append(Run.start(tmp_path))
        return Rehearsal(Workspace(plan, tmp_path, runs[-1]), stages.__getitem__)

    yield make
    for run in runs:
        run.remove()


def test_the_earlier_stages_come_first_and_each_is_entered_once(
    begin: Callable[..., Rehearsal], made: list[str]
) -> None:
    rehearsal = begin()
    rehearsal.enter("canary")
    rehearsal.enter("baseline")
    rehearsal.enter("canary")
    assert made == ["preflight", "cluster", "baseline", "canary"]
    assert rehearsal.entered("canary")
    assert not rehearsal.has_tried("migration")
    assert [each.name for each in rehearsal.journal.timeline.transitions] == [
        "to preflight",
        "to cluster",
        "to baseline",
        "to canary",
    ]


def test_the_cleanup_needs_no_stage_before_it(
    begin: Callable[..., Rehearsal], made: list[str]
) -> None:
    with begin():
        pass
    assert made == ["cleanup"]


@pytest.mark.parametrize(
    ("keep", "fails", "begun", "kept"),
    [
        ("never", True, True, False),
        ("on-failure", False, True, False),
        ("on-failure", True, True, True),
        ("always", False, True, True),
        ("always", True, False, False),
    ],
)
def test_a_script_keeps_what_its_options_say(
    begin: Callable[..., Rehearsal],
    made: list[str],
    keep: str,
    fails: bool,
    begun: bool,
    kept: bool,
) -> None:
    rehearsal = begin(keep=keep)
    run = rehearsal.workspace.run
    with suppress(ReleaseError), rehearsal:
        if begun:
            inventory: Any = object()
            rehearsal.workspace.inventory = inventory
        if fails:
            raise ReleaseError("it broke in a test")
    assert made == ([] if kept else ["cleanup"])
    assert run.record.kept is kept


def test_a_stage_after_the_last_one_is_refused(begin: Callable[..., Rehearsal]) -> None:
    with pytest.raises(ReleaseError) as failure:
        begin(until="canary").enter("stable")
    assert failure.value.sentence == (
        "the walk ends before stage stable, at canary; see --canary-until"
    )


def test_a_transition_that_failed_is_not_made_again_and_says_the_same(
    begin: Callable[..., Rehearsal], stages: dict[str, Stage[Any]], made: list[str]
) -> None:
    def breaks(_: Workspace) -> None:
        made.append("broke")
        raise ReleaseError("it broke in a test")

    stages["canary"].enter()(breaks)
    rehearsal = begin()
    errors = []
    for _ in range(2):
        with pytest.raises(ReleaseError) as failure:
            rehearsal.enter("migration")
        errors.append(failure.value)
    assert errors[0] is errors[1]
    assert made == ["preflight", "cluster", "baseline", "broke"]
    assert (rehearsal.has_tried("canary"), rehearsal.entered("canary")) == (True, False)
    assert not rehearsal.has_tried("migration")
    assert rehearsal.journal.timeline.transitions[-1].name == "to canary"


def test_a_check_comes_after_its_steps_and_each_step_is_made_once(
    begin: Callable[..., Rehearsal], stages: dict[str, Stage[Any]], made: list[str]
) -> None:
    stage = stages["baseline"]

    @stage.step("first")
    def first(_: Workspace) -> None:
        made.append("first")

    @stage.step("second", holds="the second is made", after=first)
    def second(_: Workspace) -> None:
        made.append("second")

    @stage.holds("it holds", after=second)
    def holds(_: Workspace) -> None:
        made.append("looked")

    rehearsal = begin()
    for check in reversed(stage.checks):
        rehearsal.check(check, stage)
    assert made == ["preflight", "cluster", "baseline", "first", "second", "looked"]


def test_the_check_of_a_step_fails_with_the_steps_own_error(
    begin: Callable[..., Rehearsal], stages: dict[str, Stage[Any]]
) -> None:
    stage = stages["baseline"]

    @stage.step("first", holds="the first is made")
    def first(_: Workspace) -> None:
        raise ReleaseError("it broke in a test")

    with pytest.raises(ReleaseError, match=r"^it broke in a test$"):
        begin().check(stage.checks[-1], stage)


def test_a_name_that_no_stage_has_is_told_and_not_looked_for(
    begin: Callable[..., Rehearsal], made: list[str]
) -> None:
    with pytest.raises(ReleaseError, match=r"^the walk ends before stage bogus, at cleanup; "):
        begin().enter("bogus")
    assert made == []


def test_the_automatic_rollback_enters_no_other_stage(
    begin: Callable[..., Rehearsal], stages: dict[str, Stage[Any]], made: list[str]
) -> None:
    rehearsal, stage = begin(), stages["automatic_rollback"]
    rehearsal.check(stage.checks[0], stage)
    rehearsal.make(stage.entry, stage)
    assert made == ["rolled back"]
    assert rehearsal.entered("automatic_rollback")
    assert not rehearsal.entered("rollback")


def test_two_rehearsals_of_the_same_stages_know_nothing_of_each_other(
    begin: Callable[..., Rehearsal], made: list[str]
) -> None:
    first, second = begin(), begin()
    first.enter("preflight")
    assert not second.has_tried("preflight")
    second.enter("preflight")
    assert made == ["preflight", "preflight"]


def test_the_journal_knows_in_which_stages_the_canary_was_on_trial(
    begin: Callable[..., Rehearsal],
) -> None:
    rehearsal = begin()
    rehearsal.enter("baseline")
    assert rehearsal.journal.on_trial == []
    rehearsal.enter("stable")
    assert rehearsal.journal.on_trial == ["canary"]


def test_before_there_is_a_cluster_one_sentence_says_so(begin: Callable[..., Rehearsal]) -> None:
    rehearsal = begin()
    why = "there is no cluster yet; the stage `cluster` makes it"
    for ask in (
        lambda: rehearsal.context,
        lambda: rehearsal.expect.write_and_read(),
        lambda: rehearsal.expect.replicas("stable", 3),
        lambda: existing_context(rehearsal.workspace),
    ):
        with pytest.raises(ClusterError) as failure:
            ask()
        assert failure.value.sentence == why


def test_what_came_of_a_stage_that_was_not_entered_is_told_by_its_name(
    begin: Callable[..., Rehearsal],
) -> None:
    journal = begin().journal
    assert journal.find(MigrationOutcome) is None
    with pytest.raises(ReleaseError) as failure:
        journal.outcome(MigrationOutcome)
    assert failure.value.sentence == ("the walk has not come to stage migration; enter it first")


def test_where_the_manifests_alone_are_looked_at_there_is_no_run(
    configured: Callable[..., Settings], tmp_path: Path
) -> None:
    plan = Plan(configured(name="shop"), Options(), Baseline("none", "", ""))
    with pytest.raises(ClusterError, match="the manifests alone are looked at, so there is no run"):
        _ = Workspace(plan, tmp_path).run
