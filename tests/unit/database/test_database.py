"""The database, asked by psql in its own pod: when it is asked, and what its answers mean."""

import pytest
from fakes.objects import unready
from fakes.world import World

from pytest_canary.core.errors import DatabaseError
from pytest_canary.database.database import Database, rows


@pytest.fixture
def database(world: World) -> Database:
    return world.context.database


def own_pod(world: World) -> str:
    names = [pod["metadata"]["name"] for pod in world.namespace.objects("Pod")]
    return next(str(name) for name in names if name.startswith("db-"))


@pytest.mark.parametrize("changes", [1, 2])
def test_a_pod_that_the_watches_tell_of_late_is_waited_for(
    world: World, database: Database, changes: int
) -> None:
    """Its Deployment may be available before they know that the pod is ready."""
    pod, name = world.namespace.objects("Pod"), own_pod(world)
    healthy = next(each for each in pod if each["metadata"]["name"] == name)
    world.namespace.edit("Pod", name, unready)
    world.act_after(changes, lambda: world.namespace.put(healthy))
    assert database.query("select 40 + 2") == [("42",)]


def test_a_pod_that_never_becomes_ready_is_told_with_its_state(
    world: World, database: Database
) -> None:
    world.namespace.edit("Pod", own_pod(world), unready)
    with pytest.raises(DatabaseError) as raised:
        database.query("select 40 + 2")
    assert raised.value.sentence == (
        "the database has no ready pod; see `kubectl describe pod` for why"
    )
    assert raised.value.evidence.endswith(f"last seen: {own_pod(world)} running, not ready")


def test_a_scratch_database_is_there_until_the_block_ends(world: World, database: Database) -> None:
    with database.scratch("fresh") as name:
        assert name.startswith("canary_fresh_")
        assert world.postgres.schemas[name] == frozenset() == database.schema(name)
    assert list(world.postgres.schemas) == ["app"]


def test_a_scratch_database_goes_whatever_fails_in_the_block_and_that_is_told(
    world: World, database: Database
) -> None:
    world.postgres.refused["drop database"] = (1, "ERROR: it is in use")
    with pytest.raises(KeyError), database.scratch("fresh"):
        raise KeyError
    del world.postgres.refused["drop database"]
    with pytest.raises(KeyError), database.scratch("fresh") as name:
        raise KeyError
    assert name not in world.postgres.schemas


def test_a_scratch_database_that_can_not_be_dropped_is_told(
    world: World, database: Database
) -> None:
    world.postgres.refused["drop database"] = (1, "ERROR: it is in use")
    refused = pytest.raises(DatabaseError, match="refuses `drop database if exists")
    with refused, database.scratch("fresh"):
        pass


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("1,a\n2,b\n", [("1", "a"), ("2", "b")]),
        ('"a,b","say ""hi""","two\nlines"\n', [("a,b", 'say "hi"', "two\nlines")]),
        ("1,\n", [("1", "")]),
        ("\n", [("",)]),  # one column that is NULL
        ("a\n\nb\n", [("a",), ("",), ("b",)]),
        ('"a\r\nb"\n', [("a\r\nb",)]),
        pytest.param(
            f"said,{'x' * 140_000}\n",
            [("said", "x" * 140_000)],
            id="more than Python's csv module takes",
        ),
    ],
)
def test_psqls_rows_are_read_as_they_are(text: str, expected: list[tuple[str, ...]]) -> None:
    assert rows(text) == expected
