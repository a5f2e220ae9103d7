"""What the harness asks of a database, asked of a real PostgreSQL in a container."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from acceptance.engine.postgres_containers import Server

from pytest_canary.core.errors import DatabaseError, FoundError
from pytest_canary.database import backup
from pytest_canary.database.database import Database, expect_supported
from pytest_canary.database.lock_findings import expect_patience
from pytest_canary.database.lock_sampler import SAMPLER


def test_a_migration_tools_table_is_read_whatever_its_schema_is_called(live: Server) -> None:
    noted = live.database.history(live.database.schema())
    assert noted == [("o'b.alembic_version", "0001")]


def test_a_long_value_is_read_whole(live: Server) -> None:
    assert live.database.query("select repeat('x', 200000)") == [("x" * 200_000,)]


def test_a_database_that_refuses_changes_refuses_them_to_whoever_connects(server: Server) -> None:
    """To its superuser too; and its schema, of which there is nothing, can still be read."""
    with server.database.scratch("refused") as name:
        assert server.database.refuse_changes(name)
        before = server.database.schema(name)
        for begin in ("", "begin read write; "):
            for change in ("create table t (a int)", "create schema s", "create sequence s"):
                with pytest.raises(DatabaseError) as refused:
                    server.database.query(f"{begin}{change}; commit", database=name)
                assert "in a read-only transaction" in refused.value.evidence
        assert server.database.schema(name) == before


def test_whoever_is_no_superuser_has_a_database_refuse_what_is_not_read_write(
    server: Server,
) -> None:
    own = server.database
    own.query("create role ada login createdb")
    settings = own.settings.model_copy(update={"user": "ada"})
    ada = Database(own.namespace, own.observer, settings, own.waiter)
    with ada.scratch("refused") as name:
        assert not ada.refuse_changes(name)
        with pytest.raises(DatabaseError) as refused:
            ada.query("create table t (a int)", database=name)
        assert "in a read-only transaction" in refused.value.evidence
        ada.query("begin read write; create table t (a int); commit", database=name)
        assert ada.schema(name) != frozenset()
    own.query("drop role ada")


def test_the_version_is_one_that_is_supported(live: Server) -> None:
    expect_supported(live.database.version())


def test_a_backup_restores_whatever_is_written_meanwhile(live: Server) -> None:
    schema = live.database.schema()
    with ThreadPoolExecutor(1) as pool:
        written = [
            pool.submit(live.sql, "stable", "insert into person (name) values ('y')")
            for _ in range(30)
        ]
        backups = [backup.back_up(live.database, schema, 60) for _ in range(2)]
        for each in written:
            each.result()
    for made in backups:
        assert " in 7 tables (" in backup.expect_restored(made)
        assert made.live.rows >= 504
        assert made.size > 1000
    names = [name for (name,) in live.database.query("select datname from pg_database")]
    assert sorted(names) == ["app", "postgres", "template0", "template1"]
    left = live.postgres.exec_run(["sh", "-c", "ls /tmp"]).output.decode()
    assert "dump" not in left


def test_a_backup_with_other_rows_or_values_to_come_is_found(live: Server) -> None:
    other = """
        update other.t set v = 'another' where v = 'two';
        select setval('public.ticket', 1, false), setval('public.person_id_seq', 400);
        revoke select on public.grown from public;
    """
    restore = backup.RESTORE.replace("select 'said'", f"{other} select 'said'")
    made = backup.back_up(live.database, live.database.schema(), 60, restore=restore)
    assert made.lost == [
        "GRANT SELECT ON TABLE public.grown TO PUBLIC",
        "other.t has 2 rows, but not the same",
        "sequence public.person_id_seq goes on with 401, where the live one goes on with 501",
        "sequence public.ticket goes on with 1, where the live one goes on with 6",
    ]


def test_a_dump_that_fails_is_told_in_its_own_words_and_leaves_nothing(live: Server) -> None:
    other = backup.DUMP.replace("pg_dump -Fc", "pg_dump -Fc -t nonsense")
    with pytest.raises(FoundError) as failure:
        backup.back_up(live.database, frozenset(), 60, dump=other)
    assert failure.value.sentence == (
        "pg_dump exits with code 1: pg_dump: error: no matching tables were found"
    )
    assert live.database.query("select count(*) from pg_database") == [("4",)]


def test_a_restore_that_fails_is_told_in_its_own_words_and_leaves_nothing(live: Server) -> None:
    other = backup.RESTORE.replace("pg_restore", "pg_restore -t person --section=data")
    with pytest.raises(FoundError) as failure:
        backup.back_up(live.database, frozenset(), 60, restore=other)
    assert failure.value.findings[0].code == "BackupDoesNotRestore"
    assert 'relation "public.person" does not exist' in failure.value.evidence
    assert live.database.query("select count(*) from pg_database") == [("4",)]


def test_an_index_made_concurrently_keeps_nobody_waiting(live: Server) -> None:
    locks = live.watched(
        "create index concurrently person_mood on person (mood)",
        meanwhile=["insert into person (name) values ('y')"],
    )
    assert expect_patience(locks, 0.5) == 0
    assert locks.samples > 5


def test_a_transaction_that_holds_its_lock_too_long_is_told(live: Server) -> None:
    locks = live.watched(
        "begin",
        "create index person_mood on person (mood)",
        "select pg_sleep(2)",
        "commit",
        meanwhile=["insert into person (name) values ('y')"] * 3,
    )
    with pytest.raises(FoundError) as failure:
        expect_patience(locks, 0.5)
    (finding,) = failure.value.findings
    assert " holds ShareLock on public.person" in finding.sentence
    assert "app canary" in finding.where
    assert "3 transactions waited" in finding.seen
    assert "`insert into person (name) values ('y')`" in finding.seen


def test_nobody_samples_any_more_when_the_migration_is_over(live: Server) -> None:
    live.watched("select 1")
    left = live.database.query(
        f"select count(*) from pg_stat_activity where application_name = '{SAMPLER}'"
    )
    assert left == [("0",)]


def test_a_statement_that_is_refused_is_told_in_the_servers_own_words(live: Server) -> None:
    with pytest.raises(DatabaseError) as failure:
        live.database.query("select nonsense")
    assert failure.value.sentence == "the database refuses `select nonsense`"
    assert 'column "nonsense" does not exist' in failure.value.evidence
