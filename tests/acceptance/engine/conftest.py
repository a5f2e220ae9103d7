"""What the tests share: a PostgreSQL, databases in it, a release of the addressbook that serves."""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack

import docker
import pytest
from acceptance.engine.addressbook_containers import LABEL, PASSWORD, App, Bench, wait_until
from acceptance.engine.postgres_containers import Server, serving
from acceptance.projects import needed


@pytest.fixture(scope="module")
def bench(engine: docker.DockerClient, releases: dict[str, str]) -> Iterator[Bench]:
    images = {int(release): engine.images.get(name) for release, name in releases.items()}
    with ExitStack() as stack:
        name = f"pytest-canary-test-{uuid.uuid4().hex[:8]}"
        network = engine.networks.create(name, labels=LABEL)
        stack.callback(network.remove)
        server = engine.containers.run(
            needed("POSTGRES_IMAGE"),
            detach=True,
            network=name,
            networking_config={name: engine.api.create_endpoint_config(aliases=["db"])},
            labels=LABEL,
            environment={"POSTGRES_PASSWORD": PASSWORD},
        )
        stack.callback(server.remove, force=True, v=True)
        # By TCP: the official image serves on the socket alone while it sets itself up.
        ready = ["pg_isready", "-h", "127.0.0.1", "-U", "postgres"]
        wait_until(lambda: server.exec_run(ready).exit_code == 0, "PostgreSQL answers", server)
        yield Bench(engine, name, server, images)


@pytest.fixture
def database(bench: Bench) -> str:
    return bench.new_database()


@pytest.fixture(scope="module")
def app2(bench: Bench) -> Iterator[App]:
    """Release 2 on its own schema, for the tests that don't mind each other's rows."""
    database = bench.new_database()
    assert bench.run(2, database, "migrate").code == 0
    with bench.app(2, database) as app:
        yield app


@pytest.fixture(scope="session")
def server(engine: docker.DockerClient) -> Iterator[Server]:
    """A database as a walk asks it."""
    with serving(engine) as made:
        yield made


@pytest.fixture
def live(server: Server) -> Server:
    """The same with a little of everything in it."""
    server.fill()
    return server
