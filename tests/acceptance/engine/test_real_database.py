"""What the harness asks of a database, asked of a real PostgreSQL, in a container of its own."""

import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import docker
import pytest
from acceptance.projects import needed

from pytest_canary.config.settings import DatabaseSettings
from pytest_canary.core.errors import DatabaseError, FoundError
from pytest_canary.core.waiting import Waiter
from pytest_canary.database import backup
from pytest_canary.database.blocking_changes import blocking_changes
from pytest_canary.database.database import Database, expect_supported
from pytest_canary.database.lock_findings import expect_patience
from pytest_canary.database.lock_sampler import SAMPLER, sampled
from pytest_canary.database.locks import Locks
from pytest_canary.database.schema import describe, difference
from pytest_canary.k8s.exec import Exec

LABEL = {"pytest-canary": "test"}
PASSWORD = "correct horse"
EVERYTHING = """
create type mood as enum ('sad', 'ok');
create domain age as int check (value >= 0);
create table person (
  id bigint generated always as identity primary key,
  name varchar(20) not null default 'x' check (name in ('x', 'y')),
  shout text generated always as (upper(name)) stored,
  mood mood, age age);
create index person_name on person (name) where name <> 'x';
create table event (at date) partition by range (at);
create table event_1 partition of event for values from ('2026-01-01') to ('2027-01-01');
create view names as select name from person where name like 'x%';
create materialized view counts as select count(*) from person;
create sequence ticket increment 5;
create function one() returns int language sql as 'select 1';
create function keep() returns trigger language plpgsql as 'begin return new; end';
create trigger kept before insert on person for each row execute function keep();
create schema other; create table other."Odd name" ("Col.x" int);
create table other.t (t text, r text, v text); create index t_v on other.t (v);
create schema "o'b"; create table "o'b".alembic_version (version_num text);
create table grown (id int, mood mood, note varchar(9) check (note in ('a', 'b')), owner text);
create index grown_id on grown (id);
create table child (born date) inherits (grown);
create view grown_ups with (security_barrier) as select id, note from grown where note in ('a');
create rule stays as on delete to grown where old.note in ('a', 'b') do instead nothing;
alter table grown enable row level security;
create policy own on grown using (owner = current_user and note in ('a', 'b'));
grant select on grown to public;
create statistics together on id, note from grown;
create function two(a int, b varchar) returns bool begin atomic select b in ('a', 'b'); end;
create domain word as varchar(5) check (value in ('a', 'b'));
create type pair as (a int, b word);
insert into "o'b".alembic_version values ('0001');
insert into other.t values ('same', 'same', 'one'), (null, null, 'two');
insert into person (name) select 'x' from generate_series(1, 500);
select nextval('ticket');
insert into event values ('2026-02-03');
"""


class Pod:
    """A namespace whose one pod is a container."""

    def __init__(self, container: Any) -> None:
        self.container = container

    def exec(
        self,
        pod: str,
        container: str,
        command: Sequence[str],
        *,
        timeout: float,
        keep: int = 0,
        heard: Callable[[str], None] | None = None,
    ) -> Exec:
        words = ["docker", "exec", self.container.id, *command]
        with subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout
            assert process.stderr
            lines = []
            for line in process.stdout:
                lines.append(line)
                if heard:
                    heard(line)
            errors = process.stderr.read()
        stdout = "".join(lines)
        return Exec(pod, " ".join(command), process.returncode, stdout + errors, stdout)


@dataclass
class Server:
    """The database of a test, and the addresses that its two apps have."""

    database: Database
    postgres: Any
    pods: dict[str, Any]

    def sql(self, track: str, *statements: str) -> None:
        """Run statements in one session from a track's pod, as its app would."""
        words = ["psql", "-h", self.address(self.postgres), "-U", "app", "-d", "app", "-qAtX"]
        words += [word for each in statements for word in ("-c", each)]
        variables = {"PGPASSWORD": PASSWORD, "PGAPPNAME": f"app {track}"}
        code, output = self.pods[track].exec_run(words, environment=variables)
        assert code == 0, output.decode()

    def address(self, container: Any) -> str:
        container.reload()
        return str(container.attrs["NetworkSettings"]["IPAddress"])

    def watched(self, *statements: str, meanwhile: Sequence[str] = ()) -> Locks:
        """Migrate while stable's app has its own statements to run, half a second later."""
        others = [self.address(self.pods["stable"])]
        with ThreadPoolExecutor(8) as pool, sampled(self.database, others, 60) as locks:
            migration = pool.submit(self.sql, "canary", *statements)
            time.sleep(0.5)
            for each in [pool.submit(self.sql, "stable", one) for one in meanwhile]:
                each.result()
            migration.result()
        return locks


@pytest.fixture(scope="module")
def server(engine: docker.DockerClient) -> Iterator[Server]:
    image = needed("POSTGRES_IMAGE")
    with ExitStack() as stack:

        def start(**options: Any) -> Any:
            name = f"pytest-canary-test-{uuid.uuid4().hex[:8]}"
            made = engine.containers.run(image, detach=True, name=name, labels=LABEL, **options)
            stack.callback(made.remove, force=True, v=True)
            return made

        variables = {
            "POSTGRES_USER": "app",
            "POSTGRES_PASSWORD": PASSWORD,
            "POSTGRES_DB": "app",
        }
        postgres = start(environment=variables)
        pods = {track: start(command=["sleep", "600"]) for track in ("canary", "stable")}
        ready = ["pg_isready", "-h", "127.0.0.1", "-U", "app"]
        Waiter().until(
            "PostgreSQL", lambda: _seen(postgres.exec_run(ready).exit_code == 0), timeout=60
        )
        pod = {
            "metadata": {
                "name": "db-1",
                "labels": {"pod-template-hash": "1"},
                "ownerReferences": [{"kind": "ReplicaSet", "name": "db-1"}],
            },
            "status": {"conditions": [{"type": "Ready", "status": "True"}]},
        }
        snapshot = SimpleNamespace(pods={"db-1": pod})
        observer: Any = SimpleNamespace(snapshot=lambda: snapshot, change=time.sleep)
        namespace: Any = Pod(postgres)
        database = Database(namespace, observer, DatabaseSettings(), Waiter())
        yield Server(database, postgres, pods)


def _seen(done: bool) -> Any:
    return SimpleNamespace(text="not yet", done=done, value=None)


@pytest.fixture
def live(server: Server) -> Server:
    """The database with a little of everything in it."""
    schemas = ("public", "other", '"o\'b"')
    everything = "".join(f"drop schema if exists {schema} cascade;" for schema in schemas)
    server.database.query(f"{everything} create schema public;")
    server.database.query(EVERYTHING)
    return server


def test_the_schema_has_a_line_for_everything_in_it(live: Server) -> None:
    told = describe(live.database.schema())
    for line in (
        "column other.Odd name.Col.x integer",
        "column public.person.id bigint not null identity",
        "column public.person.name character varying(20) not null default 'x'::character varying",
        "column public.person.shout text generated always as upper((name)::text)",
        "materialized view public.counts SELECT count(*) AS count FROM person",
        "sequence public.ticket bigint increment 5",
        "table public.event partitioned",
        "type public.age domain over integer",
        "type public.mood enum 'sad', 'ok'",
    ):
        assert line in told
    for beginning in (
        "constraint public.person.person_name_check CHECK",
        "function public.one() returns integer body ",
        "index public.person.person_name CREATE INDEX person_name ON public.person",
        "trigger public.person.kept CREATE TRIGGER kept BEFORE INSERT",
        "view public.names SELECT ",
    ):
        assert any(line.startswith(beginning) for line in told), beginning


def test_a_change_is_what_a_statement_changed_and_no_more(live: Server) -> None:
    before = live.database.schema()
    live.database.query("alter table person add column email text; drop view names")
    changes = difference(before, live.database.schema())
    assert changes[0] == "+ column public.person.email text"
    assert [change[:21] for change in changes[1:]] == ["- view public.names S"]


CHANGES = {
    "alter table person set unlogged": "+ CREATE UNLOGGED TABLE public.person",
    "alter table person set (fillfactor = 50)": "+ table public.person: WITH (fillfactor='50')",
    "alter table grown replica identity full": "+ ALTER TABLE ONLY public.grown REPLICA IDENTITY "
    "FULL",
    "alter table person disable trigger kept": "+ ALTER TABLE public.person DISABLE TRIGGER kept",
    "alter table event detach partition event_1": "- ALTER TABLE ONLY public.event ATTACH "
    "PARTITION public.event_1 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
    "alter table child no inherit grown": "- table public.child: INHERITS (public.grown)",
    "alter domain age drop constraint age_check": "- domain public.age: CONSTRAINT age_check "
    "CHECK ((VALUE >= 0))",
    "alter type pair add attribute c text": "+ type public.pair: c text",
    "alter sequence ticket maxvalue 50 cycle": "+ sequence public.ticket: MAXVALUE 50",
    'alter table other.t alter v type text collate "C"': "+ table other.t: v text COLLATE "
    'pg_catalog."C"',
    "alter function one() security definer": "+ function public.one(): LANGUAGE sql SECURITY "
    "DEFINER",
    "alter function keep() stable": "+ function public.keep(): LANGUAGE plpgsql STABLE",
    "create or replace function two(a int, b varchar) returns bool begin atomic select true; end": (
        "+ function public.two(integer, character varying): SELECT true"
    ),
    "alter view grown_ups reset (security_barrier)": "+ CREATE VIEW public.grown_ups AS",
    "drop rule stays on grown": "- CREATE RULE stays AS",
    "alter table grown disable row level security": "- ALTER TABLE public.grown ENABLE ROW LEVEL "
    "SECURITY",
    "drop policy own on grown": "- CREATE POLICY own ON public.grown USING (((owner = CURRENT_USER)"
    " AND ((note)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))))",
    "revoke select on grown from public": "- GRANT SELECT ON TABLE public.grown TO PUBLIC",
    "drop statistics together": "- CREATE STATISTICS public.together ON id, note FROM public.grown",
    "alter default privileges grant select on tables to public": "+ ALTER DEFAULT PRIVILEGES FOR "
    "ROLE app GRANT SELECT ON TABLES TO PUBLIC",
    "create publication changes for table grown": "+ ALTER PUBLICATION changes ADD TABLE ONLY "
    "public.grown",
    "create foreign data wrapper away; create server there foreign data wrapper away": (
        "+ CREATE SERVER there FOREIGN DATA WRAPPER away"
    ),
    "comment on table grown is 'what has grown'": "+ COMMENT ON TABLE public.grown IS 'what has "
    "grown'",
    "create schema empty": "+ CREATE SCHEMA empty",
}


def test_a_change_that_no_query_here_asks_for_is_seen_as_pg_dump_writes_it(live: Server) -> None:
    before = live.database.schema()
    live.database.query("; ".join(CHANGES))
    changes = difference(before, live.database.schema())
    live.database.query(
        "drop publication changes; drop foreign data wrapper away cascade; drop schema empty; "
        "alter default privileges revoke select on tables from public"
    )
    # Some versions write two spaces where others write one.
    seen = {" ".join(line.split()) for line in changes}
    assert set(CHANGES.values()) - seen == set()


def test_a_migration_tools_table_is_read_whatever_its_schema_is_called(live: Server) -> None:
    noted = live.database.history(live.database.schema())
    assert noted == [("o'b.alembic_version", "0001")]


def test_a_long_value_is_read_whole(live: Server) -> None:
    assert live.database.query("select repeat('x', 200000)") == [("x" * 200_000,)]


def test_the_version_is_one_that_is_supported(live: Server) -> None:
    expect_supported(live.database.version())


CAREFUL = (
    "create index concurrently i on grown (id)",
    "create unique index concurrently u on grown (id, note)",
    "alter table grown add constraint g unique using index u",
    "reindex index concurrently grown_id",
    "alter table grown add constraint c check (id > 0) not valid",
    "alter table grown validate constraint c",
    "alter table grown add constraint f foreign key (id, note) references grown (id, note) "
    "not valid",
    "alter table grown validate constraint f",
    "alter table grown add since date not null default '2026-01-01', add peer bigint references "
    "person",
    "alter table other.t alter v type varchar",
    "create table fresh (id int primary key, n int check (n > 0)); create index n on fresh (n); "
    "alter table fresh alter n type bigint",
    "create index late on fresh (n)",
    "truncate event",
)
BLUNT = (
    'alter table other."Odd name" alter "Col.x" type bigint',
    "create index blunt on grown (id)",
    "alter table grown add constraint id_note unique (id, owner)",
    "reindex index grown_id",
    "begin; alter table grown add constraint d check (id < 9) not valid; "
    "alter table grown validate constraint d; commit",
    "alter table grown add constraint k foreign key (peer) references person",
)


def test_what_blocks_the_app_on_many_rows_is_told_and_what_is_done_with_care_is_not(
    live: Server,
) -> None:
    before = live.database.catalogue()
    live.sql("canary", *CAREFUL)
    between = live.database.catalogue()
    live.sql("canary", *BLUNT)
    assert blocking_changes(before, between) == []
    told = blocking_changes(between, live.database.catalogue())
    assert [(each.code, each.sentence.split()[4]) for each in told] == [
        ("table-rewrite", "other.Odd"),
        ("blocking-index", "public.blunt"),
        ("blocking-index", "public.grown_id"),
        ("blocking-index", "public.id_note"),
        ("validated-constraint", "d"),
        ("validated-constraint", "key"),
    ]


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
