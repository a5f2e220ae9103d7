"""What a migration did that takes long on many rows, by what the catalogue says afterwards.

What PostgreSQL's catalogue says is in `tests/acceptance/engine/test_real_schema.py`.
"""

from fakes.world import World

from pytest_canary.database.blocking_changes import (
    CATALOGUE_SQL,
    Catalogue,
    blocking_changes,
    read_catalogue,
)
from pytest_canary.stages import migration

Row = tuple[str, ...]

# As a real PostgreSQL 15 answered: 1 is the table public.p, 2 an index of it.
TABLE: Row = ("table", "1", "public.p", "16834", "8192", "5", "", "")
INDEX: Row = ("index", "2", "public.p_n", "16840", "1", "700", "700", "")
CHECK: Row = ("check", "1", "n_pos", "CHECK ((n > 0))", "701", "701", "3", "700")
BEFORE = (TABLE, INDEX, CHECK)


def found(*after: Row, before: tuple[Row, ...] = BEFORE) -> list[tuple[str, str]]:
    """The code and sentence of each finding."""
    findings = blocking_changes(catalogue(*before), catalogue(*after))
    return [(finding.code, finding.sentence) for finding in findings]


def catalogue(*rows: Row) -> Catalogue:
    return read_catalogue(list(rows))


def test_what_is_as_it_was_blocks_nobody() -> None:
    assert found(*BEFORE) == []
    assert found() == [], "nor what was dropped"


# A table that is written anew


def test_a_table_with_another_file_was_rewritten() -> None:
    (finding,) = blocking_changes(
        catalogue(TABLE), catalogue(("table", "1", "public.p", "16843", "8192", "5", "", ""))
    )
    assert finding.code == "table-rewrite"
    assert finding.sentence == (
        "the migration writes table public.p anew, and until that is done nobody can read or "
        "write it"
    )
    assert finding.seen == "the table's file was 16834 and is 16843"
    assert finding.next.startswith("add a column of the new type, fill it in batches")


def test_a_table_that_the_migration_made_or_emptied_was_not_rewritten() -> None:
    made = ("table", "9", "public.note", "17000", "8192", "2", "", "")
    emptied = ("table", "1", "public.p", "16843", "0", "5", "", "")
    assert found(*BEFORE, made) == []
    assert found(emptied) == []


def test_a_table_that_was_empty_before_may_have_been_rewritten() -> None:
    before = ("table", "1", "public.p", "16834", "0", "5", "", "")
    after = ("table", "1", "public.p", "16843", "0", "5", "", "")
    assert [code for code, _ in found(after, before=(before,))] == ["table-rewrite"]


def test_the_indexes_of_a_table_that_is_rewritten_go_without_saying() -> None:
    table = ("table", "1", "public.p", "16843", "8192", "5", "", "")
    index = ("index", "3", "public.p_n", "16850", "1", "720", "720", "")
    assert [code for code, _ in found(table, index, CHECK)] == ["table-rewrite"]


# An index


def test_an_index_that_one_transaction_made_and_left_valid_blocked_writes() -> None:
    index = ("index", "3", "public.i", "16850", "1", "720", "720", "")
    (finding,) = blocking_changes(catalogue(*BEFORE), catalogue(*BEFORE, index))
    assert finding.code == "blocking-index"
    assert finding.sentence == (
        "the migration builds index public.i without CONCURRENTLY, and until that is done nobody "
        "can write to public.p"
    )
    assert finding.seen == "transaction 720 made it and left it valid"
    assert finding.next.startswith("CREATE INDEX CONCURRENTLY, outside a transaction")


def test_an_index_that_a_later_transaction_made_valid_blocked_nobody() -> None:
    assert found(*BEFORE, ("index", "3", "public.i", "16850", "1", "720", "722", "")) == []


def test_an_index_of_a_table_that_the_migration_made_blocked_nobody() -> None:
    table = ("table", "9", "public.note", "17000", "8192", "2", "", "")
    index = ("index", "10", "public.note_pkey", "17001", "9", "720", "720", "")
    assert found(*BEFORE, table, index) == []


def test_an_index_that_is_made_anew_of_the_file_that_is_there_blocked_nobody() -> None:
    """As ALTER COLUMN TYPE does where the values stay as they are."""
    assert found(TABLE, ("index", "3", "public.p_n", "16840", "1", "720", "720", "")) == []


def test_an_index_that_is_built_anew_blocked_writes() -> None:
    index = ("index", "2", "public.p_n", "16850", "1", "700", "703", "")
    (finding,) = blocking_changes(catalogue(*BEFORE), catalogue(TABLE, index))
    assert finding.code == "blocking-index"
    assert finding.seen == "its file was 16840 and is 16850"


# A constraint


def test_a_constraint_that_one_transaction_made_and_validated_blocked_the_table() -> None:
    check = ("check", "1", "c", "CHECK ((n < 100))", "720", "720", "3", "700")
    key = ("foreign key", "1", "f", "FOREIGN KEY (n) REFERENCES o(id)", "720", "720", "3", "700")
    assert found(*BEFORE, check, key) == [
        (
            "validated-constraint",
            "the migration adds check c and validates it in one transaction, and until all rows "
            "are looked at nobody can read or write public.p",
        ),
        (
            "validated-constraint",
            "the migration adds foreign key f and validates it in one transaction, and until all "
            "rows are looked at nobody can write to public.p",
        ),
    ]
    (finding, _) = blocking_changes(catalogue(*BEFORE), catalogue(*BEFORE, check, key))
    assert finding.next == "add the constraint NOT VALID, and VALIDATE it in another transaction"


def test_a_constraint_that_a_later_transaction_validated_blocked_nobody() -> None:
    check = ("check", "1", "c", "CHECK ((n < 100))", "720", "721", "3", "700")
    assert found(*BEFORE, check) == []


def test_a_constraint_that_is_made_again_as_it_was_is_none_that_was_added() -> None:
    again = (*CHECK[:4], "720", "720", "3", "720")
    assert found(TABLE, INDEX, again) == []
    other = ("check", "1", "n_pos", "CHECK ((n > 1))", "720", "720", "3", "700")
    (finding,) = blocking_changes(catalogue(*BEFORE), catalogue(TABLE, INDEX, other))
    assert finding.likely == "it is made again, as its column's type is changed, or it is itself"


def test_a_foreign_key_of_a_column_that_came_with_it_looks_at_no_row() -> None:
    key = ("foreign key", "1", "f", "FOREIGN KEY (r) REFERENCES o(id)", "720", "720", "6")
    assert found(*BEFORE, (*key, "720")) == []
    assert [code for code, _ in found(*BEFORE, (*key, "719"))] == ["validated-constraint"]


def test_a_constraint_of_a_table_that_the_migration_made_blocked_nobody() -> None:
    table = ("table", "9", "public.note", "17000", "8192", "2", "", "")
    check = ("check", "9", "c", "CHECK ((n < 100))", "720", "720", "1", "720")
    whole = ("check", "9", "d", "CHECK (now() > '2026-01-01')", "720", "720", "", "")
    assert found(*BEFORE, table, check, whole) == []


# In a walk


def test_a_walk_tells_it_on_the_stages_line_and_fails_nothing(world: World) -> None:
    def migrate(release: str, database: str) -> tuple[int, str]:
        if release == "2" and not database.startswith("canary_fresh"):
            rewritten = ("table", "1", "public.p", "16843", "8192", "5", "", "")
            world.postgres.answers[CATALOGUE_SQL] = [rewritten]
        return world.commands.migrate_all(release, database)

    world.postgres.answers[CATALOGUE_SQL] = [TABLE]
    world.commands.migrate = migrate
    world.enter("migration")
    world.check("migration", migration.commands_run)
    world.check("migration", migration.nobody_will_wait)
    assert world.journal.line("migration")[-1] == "1 warning: table-rewrite"
    (told,) = world.journal.warnings
    assert told.finding.sentence == (
        "the migration writes table public.p anew, and until that is done nobody can read or "
        "write it"
    )
