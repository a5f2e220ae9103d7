"""Where the backup from before the migration is none."""

from fakes.world import World
from unit.stages.failing import Cases
from unit.stages.failing.migration.schema import GRANT

from pytest_canary.context import expect
from pytest_canary.context.outcomes import MigrationOutcome
from pytest_canary.stages import migration

CASES = Cases("migration")


@CASES.fails(
    migration.backup_restores,
    "pg_dump exits with code 1: pg_dump: error: permission denied for table secret",
    before=True,
)
def the_database_can_not_be_dumped(world: World) -> None:
    denied = "pg_dump: error: permission denied for table secret"
    world.postgres.ends["pg_dump"] = f"{denied}\nexit 1"


@CASES.fails(
    migration.backup_restores,
    "pg_restore exits with code 1: ",
    evidence=('type "vector" does not exist', "next    restore it by hand, and see why"),
    before=True,
)
def the_backup_lacks_an_extension(world: World) -> None:
    world.postgres.ends["pg_restore"] = 'pg_restore: error: type "vector" does not exist\nexit 1'


@CASES.fails(
    migration.backup_restores,
    "the database does not answer: psql was given up at its deadline",
    before=True,
)
def the_dump_waits_for_ever(world: World) -> None:
    world.postgres.hangs = "pg_dump"


@CASES.fails(
    migration.backup_restores,
    "the backup does not restore what was backed up: public.person has 0 of 1 row",
    before=True,
)
def the_backup_has_lost_rows(world: World) -> None:
    expect.write_and_read(world.context)
    world.postgres.restored = lambda contents: contents | {"public.person": (0, "0")}


@CASES.fails(
    migration.backup_restores,
    "the backup does not restore what was backed up: public.person has 1 row, but not the same",
    before=True,
)
def the_backup_has_other_rows(world: World) -> None:
    expect.write_and_read(world.context)
    world.postgres.restored = lambda contents: contents | {"public.person": (1, "0")}


@CASES.fails(
    migration.backup_restores,
    "the backup does not restore what was backed up: column public.person.id int8 not null",
    before=True,
)
def the_backup_has_lost_a_column(world: World) -> None:
    world.postgres.restored_schema = lambda schema: frozenset(
        part for part in schema if part[3] != "id"
    )


@CASES.fails(
    migration.backup_restores,
    "the backup does not restore what was backed up: sequence public.person_id_seq goes on with 1, "
    "where the live one goes on with 34",
    before=True,
)
def the_backups_sequence_begins_anew(world: World) -> None:
    world.postgres.sequences = {"public.person_id_seq": 34}
    world.postgres.restored_sequences = lambda sequences: dict.fromkeys(sequences, 1)


@CASES.fails(
    migration.backup_restores,
    "the backup does not restore what was backed up: GRANT SELECT ON TABLE public.person TO report",
    before=True,
)
def the_backup_has_lost_a_grant(world: World) -> None:
    world.postgres.schemas["app"] |= {GRANT}
    world.postgres.restored_schema = lambda schema: schema - {GRANT}


@CASES.fails(
    migration.backup_restores,
    "the backup proves nothing: the live database has 0 tables and no row",
    before=True,
)
def there_is_nothing_to_back_up(world: World) -> None:
    world.postgres.contents = dict


@CASES.fails(migration.backup_restores, "no backup was made before the migration")
def no_backup_was_made(world: World) -> None:
    world.journal.outcome(MigrationOutcome).backup = None
