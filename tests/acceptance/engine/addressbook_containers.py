"""Containers of the addressbook's two releases, beside a PostgreSQL that they share."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import docker
import pytest
import requests
from fakes.folders import ROOT

APP = ROOT / "app"
LABEL = {"pytest-canary": "test"}
PASSWORD = "correct horse"


@dataclass
class Bench:
    """The container engine, the network and the PostgreSQL of a module's tests."""

    engine: docker.DockerClient
    network: str
    postgres: Any
    images: dict[int, Any]

    def new_database(self) -> str:
        """Create an empty database and return its name."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        self.sql(f"CREATE DATABASE {name}", database="postgres")
        return name

    def sql(self, statement: str, database: str) -> str:
        """Return what psql prints for `statement`."""
        code, output = self.postgres.exec_run(
            ["psql", "-U", "postgres", "-d", database, "-v", "ON_ERROR_STOP=1", "-qAtc", statement]
        )
        assert code == 0, output.decode()
        return str(output.decode().strip())

    @contextmanager
    def container(self, release: int, database: str, **options: Any) -> Iterator[Any]:
        """Start a container as the manifest would, and remove it in the end."""
        environment = {**settings(database), **options.pop("environment", {})}
        container = self.engine.containers.create(
            self.images[release].id,
            network=self.network,
            labels=LABEL,
            environment={key: value for key, value in environment.items() if value is not None},
            read_only=True,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            **options,
        )
        try:
            container.start()
            yield container
        finally:
            container.remove(force=True, v=True)

    def run(self, release: int, database: str, *command: str, **environment: str | None) -> "Run":
        """Run one command of the app to its end."""
        argv = ["python", "-m", "addressbook", *command]
        with self.container(release, database, command=argv, environment=environment) as container:
            code = container.wait(timeout=90)["StatusCode"]
            return Run(code, container.logs().decode().strip())

    @contextmanager
    def app(self, release: int, database: str, **environment: str) -> Iterator["App"]:
        """Serve until the block ends."""
        ports = {"3000/tcp": ("127.0.0.1", 0)}
        with self.container(release, database, ports=ports, environment=environment) as container:
            app = App(container)
            wait_until(lambda: app.answers("/live"), f"release {release} lives", container)
            yield app


@dataclass
class Run:
    """How a command ended."""

    code: int
    output: str


@dataclass
class App:
    """A running addressbook."""

    container: Any
    address: str = field(init=False)

    def __post_init__(self) -> None:
        wait_until(self._find_address, "the port is published", self.container)

    def _find_address(self) -> bool:
        self.container.reload()
        published = self.container.ports.get("3000/tcp")
        if published:
            self.address = f"127.0.0.1:{published[0]['HostPort']}"
        return bool(published)

    def __call__(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send one request on a new connection."""
        return requests.request(method, f"http://{self.address}{path}", timeout=10, **options)

    def answers(self, path: str) -> bool:
        try:
            return self("GET", path).status_code == 200
        except requests.ConnectionError:
            return False

    def put(self, first: str, last: str) -> requests.Response:
        return self("PUT", "/person", data={"firstName": first, "lastName": last})

    def names(self, query: str = "") -> list[str]:
        answer = self("GET", "/all", params={"q": query} if query else {})
        return [f"{person['firstName']} {person['lastName']}" for person in answer.json()]


def settings(database: str) -> dict[str, str]:
    return {
        "DB_HOST": "db",
        "DB_PORT": "5432",
        "DB_SCHEMA": database,
        "DB_USER": "postgres",
        "DB_PASSWORD": PASSWORD,
        "DB_SSL": "false",
        "POD_NAME": "addressbook-canary-7c66-mf6gk",
        "SHUTDOWN_DELAY": "0",
    }


def wait_until(condition: Callable[[], bool], what: str, container: Any, limit: float = 30) -> None:
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {limit:g} s: {what}; the log: {container.logs().decode()}")
        time.sleep(0.05)


@contextmanager
def locked(bench: Bench, database: str, mode: str) -> Iterator[None]:
    """Hold a lock on the table from another session."""
    statement = f"BEGIN; LOCK TABLE person IN {mode} MODE; SELECT pg_sleep(60)"
    command = ["psql", "-U", "postgres", "-d", database, "-qAtc", statement]
    bench.postgres.exec_run(command, detach=True)
    holder = (
        "SELECT pid FROM pg_locks WHERE granted AND relation = 'person'::regclass"
        f" AND mode = '{''.join(word.title() for word in mode.split())}Lock'"
    )
    wait_until(lambda: bench.sql(holder, database) != "", "the table is locked", bench.postgres)
    try:
        yield
    finally:
        bench.sql(f"SELECT pg_terminate_backend(({holder}))", database)
