"""The migration: the new schema, under both versions."""

from __future__ import annotations

from pytest_canary.config.plan import Plan
from pytest_canary.context import expectations
from pytest_canary.database.backup import restores
from pytest_canary.database.lock_findings import patient
from pytest_canary.manifests.version import CANARY, STABLE
from pytest_canary.rehearsal.rehearsal import Walk
from pytest_canary.stages import Suite, first, migrates_live, upgrade

SUITE = Suite()


def migrates(plan: Plan) -> bool:
    """Applies where there is something to migrate."""
    return plan.migrates


@SUITE.holds("ping and migrate run in a canary pod")
def commands_run(walk: Walk) -> None:
    walk.enter("migration")
    done = walk.memory.migrations.get("candidate")
    if done:
        last = done.migrate.output.splitlines()[-1:] or ["no output"]
        walk.note("migration", ", ".join(filter(None, [last[0], done.counts])))


@SUITE.holds("a backup from before the migration restores", when=migrates_live)
def backup_restores(walk: Walk) -> None:
    walk.note("migration", restores(walk.memory.backup))


@SUITE.holds("ping exits with 0", when=migrates)
def ping_succeeds(walk: Walk) -> None:
    expectations.succeeded(walk.memory.migrations["candidate"].ping, "PingFails")


@SUITE.holds("migrate exits with 0", when=migrates)
def migrate_succeeds(walk: Walk) -> None:
    expectations.succeeded(walk.memory.migrations["candidate"].migrate, "MigrationFails")


@SUITE.holds("the schema is the one that these migrations make on an empty database", when=migrates)
def schema_is_right(walk: Walk) -> None:
    expectations.migrated(walk.memory.migrations["candidate"])


@SUITE.holds("the migration kept nobody waiting longer than {limit} s", when=migrates_live)
def nobody_waited(walk: Walk) -> None:
    longest = patient(walk.memory.migrations["candidate"].locks, walk.settings.database.lock_limit)
    if longest:
        walk.note("migration", f"somebody waited {longest:.1f} s for its locks")


@SUITE.holds("the canary answers {write} and {read} on the new schema")
def canary_works(walk: Walk) -> None:
    walk.write_and_read(walk.pod_api(CANARY))


@SUITE.holds("the baseline still answers {write} and {read} on the new schema", when=upgrade)
def baseline_works(walk: Walk) -> None:
    walk.write_and_read(walk.pod_api(STABLE))
    walk.note("migration", f"{walk.version_name('baseline')} still reads and writes")


@SUITE.holds("what the canary writes, the baseline reads", when=upgrade)
def baseline_reads_canarys(walk: Walk) -> None:
    walk.write_and_read_elsewhere(walk.pod_api(CANARY), walk.pod_api(STABLE))


@SUITE.holds("what the baseline writes, the canary reads", when=upgrade)
def canary_reads_baselines(walk: Walk) -> None:
    walk.write_and_read_elsewhere(walk.pod_api(STABLE), walk.pod_api(CANARY))


@SUITE.holds("the Service answers {write} and {read}", when=first)
def service_works(walk: Walk) -> None:
    walk.write_and_read(walk.api)


@SUITE.holds("the baseline still reads every row that was written", when=upgrade)
def baseline_reads_all(walk: Walk) -> None:
    walk.find_every_row(walk.pod_api(STABLE))


@SUITE.holds("the canary reads every row that was written")
def canary_reads_all(walk: Walk) -> None:
    walk.find_every_row(walk.pod_api(CANARY))


@SUITE.holds("the canary pods are still ready")
def canary_is_ready(walk: Walk) -> None:
    walk.release.wait_until_settled(CANARY, walk.settings.replicas.canary, walk.candidate)
