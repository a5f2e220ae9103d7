"""Where settings keep every release from its go."""

from fakes.world import World
from unit.stages.failing.preflight.cases import CASES

from pytest_canary.stages import preflight


@CASES.fails(
    preflight.go_is_in_reach,
    "no canary can get a go: with verdict.errors = 0.015 and verdict.confidence = 0.95 that takes "
    "253 requests to it, and verdict.seconds = 3 and verdict.rate = 100 give it ",
    evidence=(
        "seen    canary.toml, rule unreachable-go",
        "next    set verdict.seconds to at least 4; or ",
    ),
    before=True,
    table={"traffic": {"rate": 30}, "verdict": {"seconds": 3}},
)
def the_verdict_is_too_short_for_a_go(world: World) -> None:
    pass


@CASES.fails(
    preflight.promotion_is_meant,
    "no release is ever promoted: promotion.when holds only for a pipeline that has not passed",
    evidence=(
        "seen    canary.toml, rule unreachable-promotion",
        "next    say in [promotion] what ",
    ),
    before=True,
    table={
        "promotion": {"when": "result = 'failed'"},
        "findings": {"unreachable-promotion": {"level": "error"}},
    },
)
def the_condition_is_that_of_a_rollback(world: World) -> None:
    pass


@CASES.fails(
    preflight.promotion_is_meant,
    "promotion.tags: '^hotfix*' is a regular expression, where x* is any number of x, also none: ",
    evidence=(
        "seen    canary.toml, rule misleading-promotion",
        "next    leave the star out: '^hotfix'",
    ),
    before=True,
    table={
        "promotion": {"tags": ["^hotfix*"]},
        "findings": {"misleading-promotion": {"level": "error"}},
    },
)
def a_pattern_ends_like_a_shells(world: World) -> None:
    pass
