"""The addressbook's two releases on both schemas, and the commands that migrate them."""

import re
from concurrent.futures import ThreadPoolExecutor

import docker
import pytest
from acceptance.engine.addressbook_containers import APP, PASSWORD, Bench, Run, locked
from acceptance.projects import needed

SOAK = pytest.mark.soak


# On its own schema each of them serves in every other test.
@pytest.mark.parametrize(
    ("release", "schema"),
    [
        pytest.param(1, 1, marks=SOAK),
        (1, 2),
        (2, 1),
        pytest.param(2, 2, marks=SOAK),
    ],
)
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
    """It is asked by its log, as what an exec prints may get lost on its way."""
    find = ["find", "/", "-xdev", "-path", "*versions*", "-name", "000[12]_*"]
    with bench.container(1, "none", command=find) as container:
        container.wait(timeout=60)
        found = container.logs(stderr=False).decode()
    assert "addressbook/migrations/versions/0001_person.py\n" in found
    assert "0002_" not in found


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
        pytest.param(
            "migrate",
            {"DB_HOST": "127.0.0.1"},
            "127.0.0.1:5432 does not answer: connection",
            marks=SOAK,
        ),
        pytest.param(
            "downgrade 0001", {"DB_HOST": "127.0.0.1"}, "does not answer: connection", marks=SOAK
        ),
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


@pytest.mark.parametrize(
    "command",
    ["serve", pytest.param("ping", marks=SOAK), pytest.param("migrate", marks=SOAK)],
)
def test_every_variable_that_is_missing_or_wrong_is_named_at_once(
    bench: Bench, command: str
) -> None:
    run = bench.run(2, "x", command, DB_HOST=None, DB_PASSWORD="", DB_PORT="tcp://1:2", DB_SSL="1")
    assert run.code == 2
    assert run.output == (
        "addressbook: DB_HOST is not set; DB_PASSWORD is not set; DB_SSL must be true or false,"
        " not '1'; DB_PORT must be a port from 1 to 65535, not 'tcp://1:2'"
    )
