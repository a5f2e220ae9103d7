"""A PostgreSQL in a container, asked as a walk asks its database, and two apps' pods beside it."""

import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import docker
from acceptance.engine.addressbook_containers import LABEL, PASSWORD
from acceptance.projects import needed

from pytest_canary.config.settings import DatabaseSettings
from pytest_canary.core.waiting import Waiter
from pytest_canary.database.database import Database
from pytest_canary.database.lock_sampler import sample_locks
from pytest_canary.database.locks import Locks
from pytest_canary.k8s.exec import Exec

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
    """The database of the tests, and the containers that stand for its two apps' pods."""

    database: Database
    postgres: Any
    pods: dict[str, Any]

    def fill(self) -> None:
        """Let it have a little of everything, and nothing else."""
        schemas = ("public", "other", '"o\'b"')
        gone = "".join(f"drop schema if exists {schema} cascade;" for schema in schemas)
        self.database.query(f"{gone} create schema public;")
        self.database.query(EVERYTHING)

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
        with ThreadPoolExecutor(8) as pool, sample_locks(self.database, others, 60) as locks:
            migration = pool.submit(self.sql, "canary", *statements)
            time.sleep(0.5)
            for each in [pool.submit(self.sql, "stable", one) for one in meanwhile]:
                each.result()
            migration.result()
        return locks


@contextmanager
def serving(engine: docker.DockerClient) -> Iterator[Server]:
    """Start the containers, wait for PostgreSQL, and remove them in the end."""
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
        pods = {track: start(command=["sleep", "3600"]) for track in ("canary", "stable")}
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
