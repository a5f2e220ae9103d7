"""Where the project's own pipelines made the transitions, and something is wrong with them."""

from collections.abc import Callable

from fakes.delivery import REFUSED, command, delivered
from fakes.transitions import NotPassed
from fakes.world import World
from fakes.world_settings import DELIVERED
from unit.stages.failing import Cases

from pytest_canary.core.errors import FoundError
from pytest_canary.core.findings import Finding
from pytest_canary.pipelines.roles import Role
from pytest_canary.stages import automatic_rollback, cluster, migration, rollback, stable

CASES = {
    stage: Cases(stage)
    for stage in ("cluster", "migration", "stable", "rollback", "automatic_rollback")
}

WORDS = (
    "`make it` calls `terraform apply`, which a rehearsal does not run: nothing stands in for it"
)


def refused(role: Role) -> Callable[[World], None]:
    def a_job_calls_what_it_may_not(world: World) -> None:
        world.journal.pipelines.append(delivered(role, command(code=127, calls=(REFUSED,))))

    return a_job_calls_what_it_may_not


for stage, check, role in (
    ("cluster", cluster.build_is_clean, "build"),
    ("migration", migration.pipeline_is_clean, "canary"),
    ("stable", stable.pipeline_is_clean, "stable"),
    ("rollback", rollback.pipeline_is_clean, "rollback"),
    ("automatic_rollback", automatic_rollback.pipeline_is_clean, "rollback"),
):
    CASES[stage].fails(check, WORDS, table=DELIVERED)(refused(role))  # type: ignore[arg-type]


@CASES["migration"].fails(
    migration.pipeline_passes, "the canary pipeline does not pass: `false` exits", table=DELIVERED
)
def a_command_after_the_migration_fails(world: World) -> None:
    found = Finding("PipelineFails", "the canary pipeline does not pass: `false` exits with code 1")
    world.context.transitions = NotPassed(world.context, FoundError([found]))


@CASES["automatic_rollback"].fails(
    automatic_rollback.rollback_starts_by_itself,
    "pipeline Pipeline has failed, and no rollback starts by itself: nothing is taken back until",
    table={**DELIVERED, "findings": {"manual-rollback": {"level": "error"}}},
    passes_first=False,
)
def the_rollback_is_started_by_hand(world: World) -> None:
    world.journal.pipelines.append(delivered("canary", result="failed"))
