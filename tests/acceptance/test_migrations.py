"""What else than a command in a canary pod migrates, on a real cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from acceptance.projects import Project, addressbook_tables
from acceptance.rehearsals import build, hold, load, rehearsal
from fakes.folders import FIXTURES

from pytest_canary import stages
from pytest_canary.core.errors import CanaryError, FoundError
from pytest_canary.rehearsal.rehearsal import Rehearsal

WAYS = FIXTURES / "migrations"
JOB = {"job": str(WAYS / "job.yml")}


def table(migration: Mapping[str, Any]) -> dict[str, Any]:
    """The bundled project's settings, where this migrates."""
    return addressbook_tables() | {
        "commands": {"down": ["python", "-m", "addressbook", "downgrade", "0001"]},
        "migration": migration,
        "traffic": {"rate": 0},
    }


def jobs(walk: Rehearsal) -> list[str]:
    """The Jobs that there are."""
    return [each["metadata"]["name"] for each in walk.context.namespace.objects("Job")]


# One is walked each time, to its end, in test_renderers.py.
@pytest.mark.soak
@pytest.mark.parametrize("migration", [JOB, JOB | {"first": True}], ids=["job", "job-first"])
def test_a_job_migrates_and_all_that_exec_proves_is_proven(
    shared: Project, releases: dict[str, str], tmp_path: Path, migration: Mapping[str, Any]
) -> None:
    with rehearsal(shared, tmp_path, releases, table(migration)) as walk:
        hold(walk, "preflight", "cluster", "baseline", "canary", "migration")

        done = walk.journal.migrations["candidate"]
        assert done.migrate.pod.startswith("addressbook-migrate-")
        assert done.migrate.command == "python -m addressbook migrate"
        assert done.counts == "+1 column"
        assert done.locks, "somebody has watched who waits"
        note = "; ".join(walk.journal.notes["migration"])
        assert "0001 -> 0002, +1 column; a backup of " in note
        assert "release 1 still reads and writes" in note
        assert jobs(walk) == []

        # What runs at the end of the rollback is made of the Job's pod.
        hold(walk, "stable", "rollback")
        assert "then down: -1 column" in "; ".join(walk.journal.notes["rollback"])


@pytest.mark.soak
@pytest.mark.parametrize(
    ("way", "by"), [("init-container", {}), ("start", {"by": "start"})], ids=["init", "start"]
)
def test_a_versions_own_pods_migrate_as_they_come(
    shared: Project, releases: dict[str, str], tmp_path: Path, way: str, by: Mapping[str, Any]
) -> None:
    own = table(by) | {"manifests": {"deployment": str(WAYS / f"{way}.yml")}}
    with rehearsal(shared, tmp_path, releases, own) as walk:
        hold(walk, "preflight", "cluster", "baseline")
        hold(walk, "canary", "migration")

        assert walk.plan.settings.migration.way == way, "said, or known by its name"
        done = walk.journal.migrations["candidate"]
        assert done.migrate.pod.startswith("addressbook-canary-")
        assert "python -m addressbook migrate" in done.migrate.command
        assert done.counts == "+1 column"
        assert done.fresh, "an empty database was migrated in the same way"
        note = "; ".join(walk.journal.notes["migration"])
        assert "+1 column; a backup of " in note
        assert "release 1 still reads and writes" in note

        hold(walk, "stable", "rollback")
        assert "then down: -1 column" in "; ".join(walk.journal.notes["rollback"])


@pytest.mark.soak
def test_pods_that_wait_for_a_migration_that_waits_for_them_are_told(
    shared: Project, releases: dict[str, str], tmp_path: Path
) -> None:
    own = {"manifests": {"deployment": str(WAYS / "waiting.yml")}, "deadlines": {"rollout": 20}}
    with rehearsal(shared, tmp_path, releases, addressbook_tables() | own) as walk:
        hold(walk, "preflight", "cluster")
        with pytest.raises(FoundError) as told:
            hold(walk, "baseline")
        first = told.value.findings[0]
        assert first.code == "WaitsForMigration"
        assert 'gets ready only after its migration: "waiting for the migration"' in first.sentence
        assert "named by migration.job, with migration.first = true" in first.next

    (tmp_path / "again").mkdir()
    way_out = table(JOB | {"first": True}) | own
    with rehearsal(shared, tmp_path / "again", releases, way_out) as walk:
        hold(walk, "preflight", "cluster", "baseline", "canary", "migration")


@pytest.mark.soak
def test_a_job_of_the_template_migrates_and_can_not_be_applied_again(
    shared: Project, releases: dict[str, str], tmp_path: Path
) -> None:
    """Its name says whether it is the canary's or stable's, and not of which version."""
    own = table({}) | {"manifests": {"deployment": str(WAYS / "job-beside.yml")}}
    with rehearsal(shared, tmp_path, releases, own) as walk:
        hold(walk, "preflight", "cluster", "baseline")
        hold(walk, "canary", "migration")

        done = walk.journal.migrations["candidate"]
        assert done.migrate.pod.startswith("migrate-addressbook-canary-")
        assert done.counts == "+1 column"
        assert jobs(walk) == ["migrate-addressbook-canary", "migrate-addressbook-stable"]

        with pytest.raises(CanaryError, match="immutable"):
            hold(walk, "stable")


@pytest.mark.soak
def test_a_job_that_fails_is_told_and_the_release_is_rolled_back(
    shared: Project, releases: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "failing"
    folder.mkdir()
    (folder / "0003_short_names.py").write_text(
        "from alembic import op\n"
        'revision, down_revision = "0003", "0002"\n'
        "def upgrade():\n"
        '    op.create_check_constraint("short_names", "person", "length(first_name) < 2")\n'
    )
    versions = "addressbook/migrations/versions/0003_short_names.py"
    (folder / "Dockerfile").write_text(
        f"FROM {releases['2']}\nCOPY 0003_short_names.py {versions}\n"
    )
    with rehearsal(shared, tmp_path, releases, table(JOB)) as walk:
        hold(walk, "preflight", "cluster", "baseline")
        failing = build(walk, {"failing": folder})["failing"]
        load(walk, [failing])
        up = walk.context.provisioned
        up.candidate = replace(up.candidate, image=failing)
        walk.context.release.know(failing)
        hold(walk, "canary")

        with pytest.raises(FoundError) as told:
            hold(walk, "migration")

        (found,) = told.value.findings
        assert found.code == "MigrationFails"
        assert "`python -m addressbook migrate` in pod addressbook-migrate-" in found.sentence
        assert "exits with code 1" in found.sentence
        assert 'check constraint "short_names"' in found.sentence
        assert jobs(walk) == []
        walk.keep_evidence("migration", told.value)
        stage = stages.load("automatic_rollback")
        for each in stage.checks_for(walk.plan):
            walk.check(each, stage)
