"""Where the canary is not, or can't be, compared; or is compared, and is worse."""

import time
from dataclasses import replace

from fakes import app
from fakes.observed import observed
from fakes.world import LOADED, World
from unit.stages.failing import Cases

from pytest_canary.analysis.judge import Judge
from pytest_canary.context.outcomes import VerdictOutcome
from pytest_canary.stages import verdict

CASES = Cases("verdict")


@CASES.fails(
    verdict.are_compared,
    "the canary was not compared with the baseline, so nobody knows whether it is worse",
    table=LOADED,
)
def nobody_looked(world: World) -> None:
    world.journal.outcome(VerdictOutcome).verdict = None


@CASES.fails(verdict.is_go, "there is no verdict, which is no go", table=LOADED)
def nobody_judged(world: World) -> None:
    world.journal.outcome(VerdictOutcome).verdict = None


@CASES.fails(
    verdict.is_go,
    "5 % of its requests fail",
    evidence=("seen    400 requests to the canary and 800 to the baseline, at the same time",),
    table=LOADED,
)
def the_canary_is_worse(world: World) -> None:
    found = world.journal.outcome(VerdictOutcome).verdict
    assert found
    world.journal.outcome(VerdictOutcome).verdict = replace(
        found, answer="no-go", sentence="5 % of its requests fail", requests=(800, 400)
    )


@CASES.fails(
    verdict.is_go,
    "31 requests of the canary, at least 253 are needed",
    evidence=("next    raise verdict.seconds or traffic.rate",),
    table=LOADED,
)
def too_little_is_known(world: World) -> None:
    judged = Judge(world.settings.verdict).look(1.0, observed(62), observed(31))
    world.journal.outcome(VerdictOutcome).verdict = judged


@CASES.fails(
    verdict.baseline_is_not_harmed,
    " requests were lost, ",
    "500",
    evidence=(" in verdict",),
    table=LOADED,
)
def the_baseline_fails_meanwhile(world: World) -> None:
    world.app.faults = [app.only("stable", app.fails)]
    begun = world.context.app.traffic.sent
    while world.context.app.traffic.sent < begun + 40:
        time.sleep(0.01)
