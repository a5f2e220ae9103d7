"""The variables that the app finds its database by, and the manifests that it is made of."""

import json

from pytest_canary.config.settings import DatabaseSettings as Database
from pytest_canary.database.deployment import manifests, parameters, secret

SETTINGS = Database(name="shop", user="keeper")


def test_the_app_gets_six_variables() -> None:
    given = parameters(SETTINGS)
    password = given.pop("DB_PASSWORD")
    assert given == {
        "DB_HOST": "db",
        "DB_PORT": "5432",
        "DB_SCHEMA": "shop",
        "DB_USER": "keeper",
        "DB_SSL": "false",
    }
    assert len(password) >= 20


def test_no_command_line_takes_the_password_for_an_option() -> None:
    """A password in 64 began with a dash: `migrate --password "$DB_PASSWORD"` failed by chance."""
    assert all(parameters(SETTINGS)["DB_PASSWORD"].isalnum() for _ in range(200))


def test_every_run_has_a_password_of_its_own() -> None:
    assert len({parameters(SETTINGS)["DB_PASSWORD"] for _ in range(20)}) == 20


def test_the_password_stands_in_the_secret_and_in_no_other_manifest() -> None:
    given = parameters(SETTINGS)
    made = secret(given)
    assert made["metadata"] == {"name": "db-params"}
    assert made["stringData"] == given
    others = json.dumps(manifests(SETTINGS, "postgres:17"))
    assert given["DB_PASSWORD"] not in others
    assert '"secretKeyRef": {"name": "db-params", "key": "DB_PASSWORD"}' in others


def test_the_database_is_the_service_that_the_app_is_told_of() -> None:
    service, deployment = manifests(SETTINGS, "canary-db:0123")
    assert service["metadata"]["name"] == parameters(SETTINGS)["DB_HOST"]
    assert str(service["spec"]["ports"][0]["port"]) == parameters(SETTINGS)["DB_PORT"]
    template = deployment["spec"]["template"]
    selector = deployment["spec"]["selector"]["matchLabels"]
    assert service["spec"]["selector"] == selector == template["metadata"]["labels"]
    (container,) = template["spec"]["containers"]
    assert container["image"] == "canary-db:0123"
    assert container["imagePullPolicy"] == "IfNotPresent", "a loaded image is not pulled"


def test_the_database_has_started_when_it_answers_over_tcp_and_then_stays_in_its_service() -> None:
    _, deployment = manifests(SETTINGS, "postgres:17")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert "readinessProbe" not in container
    command = container["startupProbe"]["exec"]["command"]
    assert command == ["pg_isready", "-q", "-h", "127.0.0.1", "-U", "keeper"]


def test_the_database_is_no_best_effort_pod() -> None:
    _, deployment = manifests(SETTINGS, "postgres:17")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["requests"]["cpu"] == "100m"
