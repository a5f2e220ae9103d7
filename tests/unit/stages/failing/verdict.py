"""Where the canary is not, or can't be, compared; or is compared, and is worse."""

from dataclasses import replace

from fakes import app
from fakes.objects import unready
from fakes.observed import observed
from fakes.traffic import sends
from fakes.world import World
from fakes.world_settings import LOADED, NO_CANARY
from unit.stages.failing import Cases

from pytest_canary.analysis.judge import Judge
from pytest_canary.context.outcomes import VerdictOutcome
from pytest_canary.stages import verdict

CASES = Cases("verdict")


@CASES.fails(
    verdict.canary_is_compared,
    "the canary was not compared with the baseline, so nobody knows whether it is worse",
    table=LOADED,
)
def nobody_looked(world: World) -> None:
    world.journal.outcome(VerdictOutcome).verdict = None


@CASES.fails(verdict.verdict_is_go, "there is no verdict, which is no go", table=LOADED)
def nobody_judged(world: World) -> None:
    world.journal.outcome(VerdictOutcome).verdict = None


@CASES.fails(
    verdict.verdict_is_go,
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
    verdict.verdict_is_go,
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
    sends(world.context.app.traffic, 40)


UPDATED = NO_CANARY | LOADED


@CASES.fails(
    verdict.candidate_is_ready,
    "addressbook-stable 2/3 ready of {candidate}; {stable} running, not ready",
    table=NO_CANARY,
)
def a_pod_of_the_update_is_not_ready(world: World) -> None:
    world.change_pod("stable", unready)


@CASES.fails(
    verdict.versions_differ,
    "candidate and baseline both say that they are version 2; build the version into each image",
    table=NO_CANARY,
)
def the_update_says_what_the_baseline_said(world: World) -> None:
    world.journal.versions["baseline"] = "2"


@CASES.fails(
    verdict.update_is_compared,
    "the candidate was not compared with the baseline, so nobody knows whether it is worse",
    table=UPDATED,
)
def nobody_compared_the_update(world: World) -> None:
    world.journal.outcome(VerdictOutcome).verdict = None


@CASES.fails(
    verdict.no_request_is_lost,
    " requests were lost, ",
    "500",
    evidence=(" in verdict",),
    table=UPDATED,
)
def the_candidate_fails_once_everybody_has_it(world: World) -> None:
    world.app.faults = [app.fails]
    sends(world.context.app.traffic, 40)
