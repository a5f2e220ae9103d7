"""The addressbook, built from app/, against a real PostgreSQL: both releases on both schemas."""

import http.client
import json
import re
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import docker
import pytest
import requests
from acceptance.projects import ROOT, needed

APP = ROOT / "app"
LABEL = {"pytest-canary": "test"}
PASSWORD = "correct horse"
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SAMMY = {"firstName": "Sammy", "lastName": "David Jr"}


@dataclass
class Bench:
    """The container engine, the network and the PostgreSQL of this module's tests."""

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


def test_put_person_answers_in_the_books_words(app2: App) -> None:
    answer = app2.put("Sammy", "David Jr")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert re.fullmatch(
        r'\{"id":\d+,"firstName":"Sammy","lastName":"David Jr",'
        rf'"updatedAt":"({MOMENT})","createdAt":"\1"\}}',
        answer.text,
    )


def test_the_first_person_of_a_new_database_has_id_1(bench: Bench, database: str) -> None:
    bench.run(2, database, "migrate")
    with bench.app(2, database) as app:
        assert app("GET", "/all").json() == []
        assert app.put("Sammy", "David Jr").json()["id"] == 1


def test_all_lists_everyone_as_they_were_answered_and_by_id(app2: App) -> None:
    written = [app2.put("Ada", str(number)).json() for number in range(3)]
    listed = app2("GET", "/all").json()
    assert [person for person in listed if person in written] == written
    assert [person["id"] for person in listed] == sorted(person["id"] for person in listed)


def test_a_person_is_found_by_id_until_deleted(app2: App) -> None:
    person = app2.put("Grace", "Hopper").json()
    path = f"/person/{person['id']}"
    assert app2("GET", path).json() == person
    deleted = app2("DELETE", path)
    assert (deleted.status_code, deleted.content) == (204, b"")
    for method in ("GET", "DELETE"):
        answer = app2(method, path)
        assert answer.status_code == 404
        assert answer.json() == {"error": f"There is no person {person['id']}."}


@pytest.mark.parametrize("name", ["Žluťoučký 🐎", "O'Brien; DROP TABLE person", "%_\\", "a&b=c+d"])
def test_a_name_comes_back_as_it_was_given(app2: App, name: str) -> None:
    person = app2.put(name, name).json()
    assert person["firstName"] == person["lastName"] == name
    assert app2("GET", f"/person/{person['id']}").json() == person
    assert f"{name} {name}" in app2.names(query=name)


def test_a_form_in_plain_utf_8_is_read_as_curl_sends_it(app2: App) -> None:
    body = "firstName=Zoë&lastName=Žižka".encode()
    answer = app2("PUT", "/person", data=body, headers=FORM)
    assert (answer.json()["firstName"], answer.json()["lastName"]) == ("Zoë", "Žižka")


def test_a_name_of_255_characters_is_the_longest(app2: App) -> None:
    assert app2.put("🐎" * 255, "x").status_code == 200
    assert app2.put("🐎" * 256, "x").status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "sentence"),
    [
        ("PUT", "/person", {"data": {"firstName": "A"}}, 400, "lastName is missing"),
        ("PUT", "/person", {"data": {"lastName": "A"}}, 400, "firstName is missing"),
        ("PUT", "/person", {"data": "", "headers": FORM}, 400, "firstName is missing"),
        ("PUT", "/person", {"data": {**SAMMY, "firstName": ""}}, 400, "firstName is empty"),
        ("PUT", "/person", {"data": {**SAMMY, "lastName": " \t"}}, 400, "lastName is empty"),
        ("PUT", "/person", {"data": {**SAMMY, "lastName": "x" * 256}}, 400, "has 256 characters"),
        ("PUT", "/person", {"data": {**SAMMY, "lastName": "a\0b"}}, 400, "a NUL character"),
        (
            "PUT",
            "/person",
            {"data": "firstName=a&firstName=b&lastName=c", "headers": FORM},
            400,
            "given once",
        ),
        ("PUT", "/person", {"data": b"firstName=%ff&lastName=c", "headers": FORM}, 400, "in UTF-8"),
        ("PUT", "/person", {"data": b"firstName=\xff&lastName=c", "headers": FORM}, 400, "UTF-8"),
        ("PUT", "/person", {"data": "&".join(["a=b"] * 30), "headers": FORM}, 400, "20 fields"),
        ("PUT", "/person", {"json": SAMMY}, 415, "not application/json"),
        ("PUT", "/person", {"data": b"firstName=a&lastName=b"}, 415, "not of no type"),
        ("PUT", "/person", {"files": {"firstName": "a"}}, 415, "not multipart/form-data"),
        ("PUT", "/person", {"data": {"firstName": "x" * 20_000}}, 413, "16384 bytes or less"),
        ("PUT", "/person", {"data": {"firstName": "x" * 5_000_000}}, 413, "16384 bytes or less"),
        ("GET", "/person/one", {}, 400, "must be a whole number"),
        ("GET", "/person/-1", {}, 400, "must be a whole number"),
        ("GET", "/person/1.0", {}, 400, "must be a whole number"),
        ("GET", "/person/%D9%A1", {}, 400, "must be a whole number"),
        ("DELETE", "/person/1%00", {}, 400, "must be a whole number"),
        ("GET", "/person/0", {}, 404, "no person 0"),
        ("GET", "/person/9223372036854775808", {}, 404, "no person 9223372036854775808"),
        ("DELETE", f"/person/{'9' * 5000}", {}, 404, "no person 9999"),
        ("GET", "/all?q=%00", {}, 400, "a NUL character"),
        ("POST", "/person", {"data": SAMMY}, 405, "/person does not take POST; it takes PUT"),
        ("GET", "/person", {}, 405, "/person does not take GET; it takes PUT"),
        ("PATCH", "/all", {}, 405, "/all does not take PATCH"),
        ("PROPFIND", "/person/1", {}, 405, "/person/1 does not take PROPFIND"),
        ("GET", "/", {}, 404, "nothing at /; try /all"),
        ("GET", "/all/", {}, 404, "nothing at /all/"),
        ("PUT", "/person/", {"data": SAMMY}, 404, "nothing at /person/"),
    ],
)
def test_a_mistake_is_answered_with_its_status_and_one_sentence(
    app2: App, method: str, path: str, options: dict[str, Any], status: int, sentence: str
) -> None:
    answer = app2(method, path, **options)
    assert answer.status_code == status, answer.text
    assert list(answer.json()) == ["error"]
    assert sentence in answer.json()["error"]
    assert answer.json()["error"].count("\n") == 0
    assert answer.headers["X-Release"] == "2"
    assert answer.headers["X-Pod"] == "addressbook-canary-7c66-mf6gk"


@pytest.mark.parametrize("release", [1, 2])
def test_every_answer_names_its_release_and_pod(bench: Bench, database: str, release: int) -> None:
    bench.run(1, database, "migrate")
    with bench.app(release, database, POD_NAME="some-pod") as app:
        answers = [
            app.put("a", "b"),
            *(app("GET", p) for p in ("/all", "/live", "/no", "/metrics")),
        ]
        assert {answer.headers["X-Release"] for answer in answers} == {str(release)}
        assert {answer.headers["X-Pod"] for answer in answers} == {"some-pod"}
        host, port = app.address.split(":")
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.sendall(b"this is not HTTP\r\n\r\n")
            head = connection.recv(65536).decode().lower()
        assert head.startswith("http/1.1 400")
        assert f"x-release: {release}\r\n" in head


def test_metrics_count_requests_by_path_template_and_not_by_path(app2: App) -> None:
    app2("GET", "/person/123456789")
    app2("GET", "/made-up")
    app2("PROPFIND", "/all")
    text = app2("GET", "/metrics").text
    assert 'http_requests_total{method="GET",path="/person/{id}",status="404"}' in text
    assert 'http_requests_total{method="GET",path="other",status="404"}' in text
    assert 'http_requests_total{method="other",path="/all",status="405"}' in text
    assert (
        'http_request_duration_seconds_bucket{le="0.05",method="GET",path="/person/{id}"}' in text
    )
    assert 'addressbook_release_info{release="2"} 1.0' in text
    assert "123456789" not in text
    assert "made-up" not in text


@pytest.mark.parametrize("schema", [1, 2])
@pytest.mark.parametrize("release", [1, 2])
def test_either_release_serves_on_either_schema(
    bench: Bench, database: str, release: int, schema: int
) -> None:
    bench.run(1, database, "migrate")
    with bench.app(1, database) as old:
        before = old.put("Old", "Row").json()
    if schema == 2:
        assert bench.run(2, database, "migrate").output == "0001 -> 0002"
    with bench.app(release, database) as app:
        assert app("GET", "/ready").json() == {"ready": True}
        written = app.put("New", "Row").json()
        assert app("GET", "/all").json() == [before, written]
        assert app("GET", f"/person/{before['id']}").json() == before
        assert app("DELETE", f"/person/{written['id']}").status_code == 204


@pytest.mark.parametrize("schema", [1, 2])
def test_release_2_searches_rows_of_either_release_on_either_schema(
    bench: Bench, database: str, schema: int
) -> None:
    bench.run(schema, database, "migrate")
    with bench.app(1, database) as old:
        old.put("Anna", "Old")
        assert old.names(query="nobody") == ["Anna Old"]  # release 1 knows no search
    with bench.app(2, database) as new:
        new.put("ANNA", "New")
        new.put("Zoë", "Other")
        assert new.names(query="anna") == ["Anna Old", "ANNA New"]
        assert new.names(query="a o") == ["Anna Old"]
        assert new.names(query="100%") == []
        assert new.names(query="zoe") == ([] if schema == 1 else ["Zoë Other"])


def test_release_2_notices_a_migration_and_a_downgrade_while_it_serves(
    bench: Bench, database: str
) -> None:
    bench.run(1, database, "migrate")
    count = "SELECT count(search_name) FROM person"
    with bench.app(2, database) as app:
        assert app.put("Zoë", "One").status_code == 200
        assert bench.run(2, database, "migrate").output == "0001 -> 0002"
        assert app.put("Zoë", "Two").status_code == 200
        assert bench.sql(count, database) == "1"
        assert app.names(query="zoe") == ["Zoë Two"]
        assert bench.run(2, database, "downgrade", "0001").output == "0002 -> 0001"
        assert app.put("Zoë", "Three").status_code == 200
        assert app.names(query="zoë") == ["Zoë One", "Zoë Two", "Zoë Three"]


def test_release_2_searches_after_a_downgrade_that_no_write_has_noticed(
    bench: Bench, database: str
) -> None:
    bench.run(2, database, "migrate")
    with bench.app(2, database) as app:
        app.put("Zoë", "One")
        bench.run(2, database, "downgrade", "0001")
        assert app.names(query="zoë") == ["Zoë One"]


def test_the_image_of_release_1_has_no_trace_of_migration_0002(bench: Bench) -> None:
    with bench.container(1, "none", command=["sleep", "60"]) as container:
        code, found = container.exec_run("find / -xdev -name '*0002*' -path '*versions*'")
        assert code == 0 or b"Permission denied" in found
        assert b"0002_" not in found
        assert b"0001_person.py" in container.exec_run("ls addressbook/migrations/versions").output


def test_the_images_differ_in_one_layer_and_name_their_release(bench: Bench) -> None:
    layers = {n: image.attrs["RootFS"]["Layers"] for n, image in bench.images.items()}
    assert layers[1][:-1] == layers[2][:-1]
    assert layers[1][-1] != layers[2][-1]
    for release, built in bench.images.items():
        assert built.labels["org.opencontainers.image.version"] == str(release)


def test_a_release_that_does_not_exist_is_not_built(bench: Bench) -> None:
    with pytest.raises(docker.errors.BuildError):
        bench.engine.images.build(
            path=str(APP),
            buildargs={"BASE": needed("PYTHON_IMAGE"), "RELEASE": "3"},
            rm=True,
            forcerm=True,
        )


def test_migrate_tells_what_it_did_and_may_be_repeated(bench: Bench, database: str) -> None:
    assert bench.run(1, database, "migrate") == Run(0, "base -> 0001")
    assert bench.run(1, database, "migrate") == Run(0, "schema 0001 is up to date")
    assert bench.run(2, database, "migrate") == Run(0, "0001 -> 0002")
    assert bench.run(2, database, "migrate") == Run(0, "schema 0002 is up to date")


def test_release_1_leaves_a_newer_schema_alone(bench: Bench, database: str) -> None:
    bench.run(2, database, "migrate")
    expected = "schema 0002 is newer than release 1 knows; nothing to do"
    assert bench.run(1, database, "migrate") == Run(0, expected)
    refused = bench.run(1, database, "downgrade", "base")
    assert refused.code == 1
    assert "schema 0002 is not one that release 1 can take back" in refused.output
    assert bench.sql("SELECT version_num FROM alembic_version", database) == "0002"


def test_migrate_by_many_pods_at_once_is_done_by_one(bench: Bench, database: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: bench.run(2, database, "migrate"), range(4)))
    outputs = sorted(run.output for run in runs)
    assert [run.code for run in runs] == [0] * 4
    assert outputs == ["base -> 0002", *["schema 0002 is up to date"] * 3]


def test_downgrade_goes_back_to_a_revision_or_says_why_not(bench: Bench, database: str) -> None:
    bench.run(2, database, "migrate")
    refused = bench.run(2, database, "downgrade", "0009")
    assert refused.code == 1
    assert "0009 is no revision below 0002" in refused.output
    assert bench.run(2, database, "downgrade", "0001") == Run(0, "0002 -> 0001")
    assert bench.run(2, database, "downgrade", "base") == Run(0, "0001 -> base")
    assert bench.run(2, database, "migrate") == Run(0, "base -> 0002")


def test_migrate_gives_up_on_a_locked_table_and_changes_nothing(
    bench: Bench, database: str
) -> None:
    bench.run(1, database, "migrate")
    with locked(bench, database, "ACCESS EXCLUSIVE"):
        run = bench.run(2, database, "migrate")
    assert run.code == 1
    assert "lock timeout" in run.output
    assert run.output.count("\n") == 0
    assert bench.run(2, database, "migrate").output == "0001 -> 0002"


def test_ping_says_which_server_answers(bench: Bench, database: str) -> None:
    run = bench.run(2, database, "ping")
    assert run.code == 0
    assert re.fullmatch(rf"{database} at db:5432 answers: PostgreSQL \S.*, schema base", run.output)


@pytest.mark.parametrize(
    ("command", "wrong", "sentence"),
    [
        ("ping", {"DB_HOST": "127.0.0.1"}, "127.0.0.1:5432 does not answer: connection"),
        ("migrate", {"DB_HOST": "127.0.0.1"}, "127.0.0.1:5432 does not answer: connection"),
        ("downgrade 0001", {"DB_HOST": "127.0.0.1"}, "does not answer: connection"),
        ("ping", {"DB_HOST": "no.such.host.invalid"}, "does not answer"),
        ("ping", {"DB_PASSWORD": "wrong-secret"}, "password authentication failed"),
        ("migrate", {"DB_SCHEMA": "nowhere"}, '"nowhere" does not exist'),
        ("ping", {"DB_SSL": "true"}, "SSL"),
    ],
)
def test_a_command_fails_in_one_sentence_when_the_database_does_not_answer(
    bench: Bench, command: str, wrong: dict[str, str], sentence: str
) -> None:
    run = bench.run(2, "postgres", *command.split(), **wrong)
    assert run.code == 1
    assert run.output.startswith(f"addressbook {command.split()[0]}: ")
    assert sentence in run.output
    assert run.output.count("\n") == 0
    assert "secret" not in run.output
    assert PASSWORD not in run.output


@pytest.mark.parametrize("command", ["serve", "ping", "migrate"])
def test_every_variable_that_is_missing_or_wrong_is_named_at_once(
    bench: Bench, command: str
) -> None:
    run = bench.run(2, "x", command, DB_HOST=None, DB_PASSWORD="", DB_PORT="tcp://1:2", DB_SSL="1")
    assert run.code == 2
    assert run.output == (
        "addressbook: DB_HOST is not set; DB_PASSWORD is not set; DB_SSL must be true or false,"
        " not '1'; DB_PORT must be a port from 1 to 65535, not 'tcp://1:2'"
    )


def test_without_a_schema_the_app_is_ready_and_says_what_is_missing(
    bench: Bench, database: str
) -> None:
    with bench.app(2, database) as app:
        assert app("GET", "/ready").status_code == 200
        for answer in (app.put("a", "b"), app("GET", "/all")):
            assert answer.status_code == 503
            assert "run: python -m addressbook migrate" in answer.json()["error"]


def test_without_its_database_the_app_lives_and_is_not_ready_until_it_is_back(
    bench: Bench, database: str
) -> None:
    bench.run(2, database, "migrate")
    with bench.app(2, database) as app:
        bench.sql(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false", "postgres")
        bench.sql(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'",
            "postgres",
        )
        for answer in (app("GET", "/ready"), app("GET", "/all"), app.put("a", "b")):
            assert answer.status_code == 503
            sentence = "The database does not answer; try again in a moment."
            assert answer.json() == {"error": sentence}
        assert app("GET", "/live").status_code == 200
        bench.sql(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true", "postgres")
        assert app("GET", "/ready").status_code == 200
        assert app.put("a", "b").status_code == 200
        log = app.container.logs().decode()
        assert "Traceback" not in log
        assert PASSWORD not in log


def test_a_restarted_database_costs_no_request(bench: Bench, database: str) -> None:
    bench.run(2, database, "migrate")
    with bench.app(2, database) as app:
        app("GET", "/all")
        bench.sql(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'",
            "postgres",
        )
        assert app("GET", "/all").status_code == 200


def test_a_database_that_hangs_is_reported_and_the_app_recovers(
    bench: Bench, database: str
) -> None:
    bench.run(2, database, "migrate")
    with bench.app(2, database) as app:
        app("GET", "/ready")
        bench.postgres.pause()
        try:
            started = time.monotonic()
            assert app("GET", "/ready").status_code == 503
            assert time.monotonic() - started < 5
            assert app("GET", "/live").status_code == 200
        finally:
            bench.postgres.unpause()
        wait_until(lambda: app.answers("/ready"), "the app is ready again", app.container)


def test_sigterm_under_load_loses_no_request(bench: Bench, database: str) -> None:
    bench.run(2, database, "migrate")
    outcomes: list[str] = []
    draining = threading.Event()
    with bench.app(2, database, SHUTDOWN_DELAY="3") as app, ThreadPoolExecutor(8) as pool:
        stop_at = [float("inf")]

        def load(worker: int) -> None:
            while time.monotonic() < stop_at[0]:
                during = draining.is_set()
                try:
                    answer = app.put("Load", str(worker)) if worker % 2 else app("GET", "/live")
                    outcomes.append(f"{answer.status_code} {'after' if during else 'before'}")
                except requests.RequestException as error:
                    outcomes.append(repr(error))

        workers = [pool.submit(load, worker) for worker in range(8)]
        time.sleep(1)
        app.container.kill("SIGTERM")
        draining.set()
        stop_at[0] = time.monotonic() + 2.5
        for worker in workers:
            worker.result()
        ended = app.container.wait(timeout=10)
        log = app.container.logs().decode()
    assert set(outcomes) == {"200 before", "200 after"}
    assert outcomes.count("200 after") > 50
    assert ended["StatusCode"] == 0
    assert "Traceback" not in log


def test_a_kept_connection_is_told_to_close_while_the_app_drains(
    bench: Bench, database: str
) -> None:
    with bench.app(2, database, SHUTDOWN_DELAY="3") as app:
        connection = http.client.HTTPConnection(app.address, timeout=5)
        connection.request("GET", "/live")
        first = connection.getresponse()
        first.read()
        assert first.getheader("Connection") is None
        app.container.kill("SIGTERM")
        time.sleep(0.5)
        connection.request("GET", "/live")
        second = connection.getresponse()
        assert (second.status, second.getheader("Connection")) == (200, "close")
        connection.close()


def test_a_request_in_flight_is_finished_before_the_app_ends(bench: Bench, database: str) -> None:
    bench.run(2, database, "migrate")
    with bench.app(2, database) as app, ThreadPoolExecutor(1) as pool:
        with locked(bench, database, "SHARE"):
            waiting = pool.submit(app.put, "In", "flight")
            time.sleep(1)
            app.container.kill("SIGTERM")
            time.sleep(0.5)
            assert not waiting.done()
        assert waiting.result().status_code == 200
        assert app.container.wait(timeout=10)["StatusCode"] == 0
    assert bench.sql("SELECT count(*) FROM person", database) == "1"


def test_sigterm_while_the_app_starts_ends_it_at_once(bench: Bench, database: str) -> None:
    def handles_sigterm() -> bool:
        """Whether process 1 has a handler; the kernel spares it the signal until then."""
        processes = container.top(ps_args="-eo pid,caught")["Processes"]
        return any(int(caught, 16) & 1 << 14 for _, caught in processes)

    with bench.container(2, database, environment={"SHUTDOWN_DELAY": "0"}) as container:
        wait_until(handles_sigterm, "SIGTERM is handled", container)
        container.kill("SIGTERM")
        started = time.monotonic()
        assert container.wait(timeout=10)["StatusCode"] == 0
        assert time.monotonic() - started < 2


def test_the_app_runs_without_root_rights_capabilities_or_a_file_to_write(
    bench: Bench, database: str
) -> None:
    with bench.app(2, database) as app:
        user = bench.images[2].attrs["Config"]["User"]
        assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)  # Kubernetes can't judge a name
        status = app.container.exec_run("cat /proc/1/status").output.decode()
        assert re.search(r"^Uid:\s+10001\s+10001", status, re.MULTILINE)
        assert re.search(r"^CapEff:\s+0+$", status, re.MULTILINE)
        command = app.container.exec_run("cat /proc/1/cmdline").output.decode().split("\0")
        assert command[:-1] == ["python", "-m", "addressbook", "serve"]
        writable = "find / -xdev -writable -not -type l -not -path '/proc/*' -not -path '/dev/*'"
        assert app.container.exec_run(["sh", "-c", f"{writable} 2>/dev/null"]).output == b""


def test_the_environment_is_asked_once_and_the_log_names_no_password(
    bench: Bench, database: str
) -> None:
    with bench.app(2, database) as app:
        log = app.container.logs().decode()
    assert f"addressbook release 2, database {database} at db:5432" in log
    assert PASSWORD not in log
    assert json.dumps(PASSWORD) not in log


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
