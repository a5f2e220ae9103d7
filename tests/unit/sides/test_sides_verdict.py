"""What the verdict asks of canary and baseline, and how they are watched from then on."""

from __future__ import annotations

from typing import Any

import pytest
from fakes import app
from fakes.go import GO
from fakes.objects import Object, unready
from fakes.pages import restarted
from fakes.sides import MAY_NOT, SILENT, answered, ask_alone_for_long, both, measured, sides
from fakes.traffic import until
from fakes.world import NewWorld, World
from fakes.world_settings import JUDGED

from pytest_canary.analysis.comparison import Comparison
from pytest_canary.context import judging
from pytest_canary.context.outcomes import CanaryOutcome, StableOutcome, VerdictOutcome
from pytest_canary.core.errors import NotApplicable
from pytest_canary.sides.sides import BASE_RATE
from pytest_canary.stages import stable


def ready_again(pod: Object) -> None:
    for condition in pod["status"]["conditions"]:
        condition["status"] = "True"


@pytest.mark.parametrize("table", [JUDGED, SILENT])
def test_the_verdict_asks_both_and_knows_how_it_was_before(
    new_world: NewWorld, table: dict[str, Any]
) -> None:
    world = new_world(**table)
    (found,) = measured(world, both)
    baseline, canary = found
    assert len(baseline.requests) == pytest.approx(len(canary.requests), abs=2)
    assert baseline.requests.errors == canary.requests.errors == 0
    began = world.journal.outcome(CanaryOutcome).began
    assert began is not None
    assert baseline.before
    assert baseline.before.most.due[-1] < began
    assert canary.before is None
    assert world.journal.outcome(VerdictOutcome) == VerdictOutcome(GO)


def test_what_the_canary_fails_is_its_own_though_it_tells_no_version(new_world: NewWorld) -> None:
    world = new_world(**SILENT).enter("migration")
    world.app.faults.append(app.only("canary", app.breaks_the_connection))
    ((baseline, canary),) = measured(world, both)
    its = canary.requests
    assert (baseline.requests.errors, its.errors > 0) == (0, True)
    # On a busy machine one may not have been answered yet.
    assert its.errors + its.waiting.sum() == len(its)


def late(world: World) -> dict[str, Comparison]:
    """How the canary did since its verdict."""
    return {each.metric: each for each in judging.judge_late(world.context)}


def test_the_canary_is_watched_from_its_verdict_on(loaded: World) -> None:
    loaded.enter("canary")
    assert late(loaded) == {}, "there was no verdict yet"
    loaded.enter("verdict")
    loaded.app.faults.append(app.only("canary", app.fails))
    until(lambda: bool((found := late(loaded).get("errors")) and found.canary))
    # The baseline's errors are those of the verdict's window.
    assert late(loaded)["errors"].baseline == 0
    assert list(late(loaded)) == ["restarts", "readiness", "errors", "slow answers", "memory"]


def test_what_becomes_of_the_canarys_pods_is_watched_too(loaded: World) -> None:
    loaded.enter("canary").change_pod("canary", restarted(1))
    loaded.enter("verdict")
    assert late(loaded)["restarts"].canary == 0, "it was before the verdict"
    loaded.change_pod("canary", restarted(3))
    for _ in range(2):
        loaded.change_pod("canary", unready)
        loaded.change_pod("canary", ready_again)
    found = late(loaded)
    assert (found["restarts"].canary, found["readiness"].canary) == (2, 2)
    assert (found["restarts"].answer, found["readiness"].answer) == ("no-go", "no-go")


def test_pods_that_the_promotion_replaces_are_no_restarts_of_stable(loaded: World) -> None:
    loaded.enter("verdict")
    loaded.context.release.deploy("stable", 3, loaded.version("candidate"))
    found = late(loaded)
    assert (found["restarts"].baseline, found["readiness"].baseline) == (0, 0)


def test_who_has_no_address_of_its_own_is_watched_by_its_header(loaded: World) -> None:
    loaded.namespace.lacking = [MAY_NOT]
    loaded.enter("verdict")
    loaded.app.faults.append(app.only("canary", app.fails))
    until(lambda: bool((found := late(loaded).get("errors")) and found.canary))
    assert "slow answers" not in late(loaded), "stable's may be the candidate's too"
    assert "told apart by the header" in "; ".join(loaded.journal.notes["verdict"])


def test_without_a_verdict_nothing_can_turn_out_otherwise(loaded: World) -> None:
    loaded.enter("stable")
    loaded.journal.outcome(StableOutcome).late = ()
    with pytest.raises(NotApplicable, match="there was no verdict"):
        loaded.check("stable", stable.canary_stays_well)


@pytest.mark.parametrize(("most", "first"), [(75, 20), (12, 12)])
def test_a_verdict_begins_with_half_of_the_traffics_rate(
    new_world: NewWorld, most: float, first: float
) -> None:
    world = new_world(**JUDGED, verdict={"rate": most}).enter("canary")
    beside = world.context.app.traffic
    asked, traffic = sides(world).asked_by_track(beside), sides(world).traffic
    assert asked
    assert traffic
    until(lambda: min(answered(world).values()) >= 1)
    asked.keep_up()
    assert traffic.rate == first
    assert beside.rate == BASE_RATE
    asked.ease()
    assert beside.rate == JUDGED["traffic"]["rate"]
    assert traffic.rate == BASE_RATE


def test_a_read_that_is_bounded_takes_the_place_of_the_other(new_world: NewWorld) -> None:
    world = new_world(api=app.BOUNDED, **JUDGED)
    paths: list[str] = []

    def note(asked: app.Asked, right: app.Reply) -> app.Reply:
        beside = world.context.comparing.sides
        if asked.method == "GET" and beside and beside.traffic:
            paths.append(asked.path)
        return right

    world.app.faults.append(note)
    ((baseline, canary),) = measured(world, both)
    row = f"/notes/{world.journal.writes.acknowledged[0].unique}"
    # Nor does the traffic through the Service read everything.
    assert set(paths) - {"/metrics"} == {row}
    assert baseline.requests.errors == canary.requests.errors == 0
    assert baseline.rows == 0


def test_where_it_is_not_the_rows_are_counted(loaded: World) -> None:
    ask_alone_for_long(loaded)
    ((baseline, _),) = measured(loaded, both)
    assert baseline.before
    had = loaded.journal.outcome(CanaryOutcome).rows
    assert baseline.before.samples[0] == sides(loaded).alone
    assert baseline.before.samples[1].rows == had / 2
    assert baseline.rows > had
