"""What is found out where a repository says it in other ways, or says nothing."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from pytest_canary.discovery.discovery import discover, toml
from pytest_canary.discovery.repository import MOST, Repository

NAMED = "kind: Service\nmetadata:\n  name: {}\n"


def put(root: Path, **files: str) -> Path:
    """Files by their paths, with __ for a slash and _ for a dot."""
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def found(root: Path) -> dict[str, object]:
    """The settings, by their keys."""
    return {each.key: each.value for each in discover(root).settings}


def asked(root: Path) -> list[str]:
    return [each.text for each in discover(root).questions]


def test_what_others_have_made_is_not_looked_at(tmp_path: Path) -> None:
    put(tmp_path, venv__Dockerfile="FROM a\n", a__b__c__d__e__Dockerfile="FROM a\n")
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github" / "x.yml").write_text("kind: Service\n")
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "Dockerfile").write_text("FROM a\n")
    assert not any("node_modules" in each for each in Repository(tmp_path).files)
    assert "there is no Dockerfile" in asked(tmp_path)
    assert "there is no Service" in asked(tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "compose.yaml")
    os.mkfifo(tmp_path / "Dockerfile")
    (tmp_path / "package.json").symlink_to("nowhere")
    assert "there is no Dockerfile" in asked(tmp_path)


def test_of_a_repository_without_end_so_much_is_looked_at(tmp_path: Path) -> None:
    for folder in range(3):
        (tmp_path / f"{folder}").mkdir()
        for number in range(MOST // 2):
            (tmp_path / f"{folder}" / f"{number}").touch()
    assert len(Repository(tmp_path).files) <= 2 * MOST


@pytest.mark.parametrize(
    "text",
    [
        "services: [",
        "services: {web: {build: [a]}}",
        "services: {web: 3}",
        "[]",
        "\x00",
        "a: &a [*a]",
    ],
)
def test_a_compose_file_that_says_nothing_is_no_failure(tmp_path: Path, text: str) -> None:
    put(tmp_path, compose_yaml=text, Dockerfile="FROM a\n")
    assert found(tmp_path)["image.context"] == "."


def test_a_context_outside_or_without_a_dockerfile_is_not_taken(tmp_path: Path) -> None:
    put(
        tmp_path,
        compose_yaml="services: {a: {build: ../b}, b: {build: nowhere}, c: {image: redis}}",
    )
    assert "image.context" not in found(tmp_path)


@pytest.mark.parametrize("text", ["[", "{", "3", "[1]", '{"scripts": 3, "dependencies": [1]}'])
def test_a_package_that_can_not_be_read_is_no_failure(tmp_path: Path, text: str) -> None:
    put(tmp_path, package_json=text, pyproject_toml=text, openapi_json=text)
    assert found(tmp_path)["commands.migrate"] == []


@pytest.mark.parametrize(
    ("dependencies", "migrate"),
    [
        ('{"prisma": "6", "pg": "8"}', ["npx", "prisma", "migrate", "deploy"]),
        ('{"pg": "8"}', []),
    ],
)
def test_npm_without_a_script(tmp_path: Path, dependencies: str, migrate: list[str]) -> None:
    put(tmp_path, package_json=f'{{"dependencies": {dependencies}}}')
    assert found(tmp_path)["commands.migrate"] == migrate
    assert ("what migrates the database" in asked(tmp_path)) == (not migrate)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"name": "@team/Web_Shop"}', "web-shop"),
        ('{"name": "…"}', "folder"),
        (f'{{"name": "{"a" * 80}"}}', "a" * 52),
    ],
)
def test_a_name_is_one_that_kubernetes_takes(tmp_path: Path, text: str, name: str) -> None:
    root = tmp_path / "folder"
    root.mkdir()
    put(root, package_json=text)
    assert found(root)["name"] == name


def test_a_folder_of_no_letters_has_no_name(tmp_path: Path) -> None:
    root = tmp_path / "…"
    root.mkdir()
    assert "name" not in found(root)
    assert asked(root)[0] == "what the app is called"


@pytest.mark.parametrize(
    "text",
    [
        "kind: Service\nmetadata:\n  labels: {a: b}\n  name: shop-lb\n",
        "a: 1\n---\nkind: Service\nmetadata: {labels: {}, name: shop-lb}\n",
    ],
)
def test_a_service_names_the_app(tmp_path: Path, text: str) -> None:
    put(tmp_path, service_yml=text)
    assert found(tmp_path)["name"] == "shop"


@pytest.mark.parametrize(
    ("schema", "body"),
    [
        ("{properties: {at: {type: string, format: date}, title: {type: string}}}", "title"),
        ("{required: [at], properties: {at: {type: string, format: date}, t: {type: string}}}", ""),
        ("{required: [x], properties: {x: {type: array}, t: {type: string}}}", ""),
        ("{properties: {n: {type: integer}}}", ""),
        ("{$ref: '#/nowhere'}", ""),
        ("{$ref: '#/a'}", ""),
    ],
)
def test_a_body_is_made_of_what_its_schema_leaves_open(
    tmp_path: Path, schema: str, body: str
) -> None:
    put(
        tmp_path,
        openapi_yml="a: {$ref: '#/a'}\npaths:\n  /x:\n    get: {}\n    put:\n      requestBody:\n"
        f"        content: {{application/json: {{schema: {schema}}}}}\n",
    )
    made = found(tmp_path)
    if body:
        assert made["api.write.json"] == {body: "{unique}"}
        assert (made["api.write.method"], made["api.write.status"]) == ("PUT", 200)
    else:
        assert "api.write.json" not in made
        assert "how a row is written and read back" in asked(tmp_path)


@pytest.mark.parametrize(
    "value", ["a", 'quo"te\\ \n\x7f é', 3, ["a", "b"], {"a b": "{unique}", "c": 1, "d": True}]
)
def test_a_value_is_toml(value: str | int | list[str] | dict[str, str | int | bool]) -> None:
    assert tomllib.loads(f"a = {toml(value)}") == {"a": value}


def test_a_files_name_can_not_end_its_comment(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile.a\nname = 1").write_text("FROM a\n")
    text = discover(tmp_path).text
    assert tomllib.loads(text)["image"]["dockerfile"] == "Dockerfile.a\nname = 1"
    assert tomllib.loads(text)["name"] != 1


PLAIN = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n"
SERVICE = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n"


def test_plain_yaml_is_taken_as_it_is(tmp_path: Path) -> None:
    put(tmp_path, Dockerfile="FROM a\n", app__web_yml=PLAIN, net__front_yml=SERVICE)
    assert found(tmp_path)["manifests.renderer"] == "yaml"
    assert found(tmp_path)["manifests.path"] == ["app", "net/front.yml"]
    put(tmp_path, app__front_yml=SERVICE)
    assert found(tmp_path)["manifests.path"] == "app"
    put(tmp_path, other__web_yml=PLAIN)
    assert "there are several Deployments: app/web.yml, other/web.yml" in asked(tmp_path)


def test_at_the_top_files_are_named_and_no_folder(tmp_path: Path) -> None:
    put(tmp_path, Dockerfile="FROM a\n", web_yml=PLAIN)
    assert found(tmp_path)["manifests.path"] == "web.yml"
    assert "there is no Service" in asked(tmp_path)
    put(tmp_path, front_yml=SERVICE)
    assert found(tmp_path)["manifests.path"] == ["web.yml", "front.yml"]


def test_of_several_overlays_one_has_to_be_named(tmp_path: Path) -> None:
    put(tmp_path, base__kustomization_yaml="", overlays__a__kustomization_yml="", web_yml=PLAIN)
    assert found(tmp_path)["manifests.path"] == "overlays/a"
    put(tmp_path, overlays__b__kustomization_yaml="")
    several = "overlays/a/kustomization.yml, overlays/b/kustomization.yaml"
    assert f"there are several kustomizations: {several}" in asked(tmp_path)


# What migrates beside a command.

TEMPLATE = """apiVersion: apps/v1
kind: Deployment
metadata: {name: $deployment}
spec:
  replicas: $replicas
  template:
    spec:
      %scontainers: [{name: shop, image: $img}]
"""
INIT = "initContainers: [{name: up, image: $img, command: [npm, run, migrate]}]\n      "
JOB = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate}\nspec: {}\n"


@pytest.mark.parametrize(
    ("files", "settings"),
    [
        (
            {"deployment.yml": TEMPLATE % INIT},
            {"migration.by": "init-container", "migration.container": "up"},
        ),
        ({"deployment.yml": f"{TEMPLATE % ''}---\n{JOB}"}, {"migration.by": "job"}),
        (
            {"deployment.yml": TEMPLATE % "", "k8s/job.yml": JOB},
            {"migration.job": "k8s/job.yml"},
        ),
        ({"deployment.yml": TEMPLATE % "", "report.yml": JOB.replace("migrate", "report")}, {}),
    ],
    ids=["init-container", "beside", "job", "another-job"],
)
def test_what_migrates_in_the_manifests_takes_the_place_of_the_commands(
    tmp_path: Path, files: dict[str, str], settings: dict[str, str]
) -> None:
    files["package.json"] = '{"scripts": {"migrate": "up", "migrate:down": "down"}}'
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    found = {each.key: each.value for each in discover(tmp_path).settings}
    assert {key: found[key] for key in found if key.startswith("migration")} == settings
    assert ("commands.migrate" in found) == (not settings)
    assert found["commands.down"] == ["npm", "run", "migrate:down"]


def test_of_several_jobs_nobody_knows_which_migrates(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.yml").write_text(JOB)
    (question,) = [each for each in discover(tmp_path).questions if each.table == "migration"]
    assert question.text == "several Jobs may migrate: one.yml, two.yml"


@pytest.mark.parametrize("kustomized", [False, True])
def test_of_what_a_tool_makes_the_job_that_migrates_is_known(
    tmp_path: Path, kustomized: bool
) -> None:
    put(tmp_path, Dockerfile="FROM a\n", k8s__web_yml=PLAIN, k8s__up_yml=JOB)
    if kustomized:
        put(tmp_path, k8s__kustomization_yaml="resources: [web.yml, up.yml]\n")
    assert found(tmp_path)["migration.by"] == "job"
    assert "commands.migrate" not in found(tmp_path)
    assert "migration.job" not in found(tmp_path)


def test_a_job_beside_what_a_tool_makes_is_none_of_it(tmp_path: Path) -> None:
    put(tmp_path, Dockerfile="FROM a\n", k8s__web_yml=PLAIN, other__up_yml=JOB)
    assert not [key for key in found(tmp_path) if key.startswith("migration")]


def test_what_a_chart_brings_along_is_no_other_chart(tmp_path: Path) -> None:
    put(
        tmp_path,
        deploy__chart__Chart_yaml="name: shop\n",
        deploy__chart__charts__cache__Chart_yaml="name: cache\n",
    )
    assert found(tmp_path)["manifests.path"] == "deploy/chart"
    assert found(tmp_path)["name"] == "shop"
    assert not [each for each in asked(tmp_path) if "several charts" in each]


def test_of_several_charts_one_has_to_be_named(tmp_path: Path) -> None:
    put(tmp_path, charts__a__Chart_yaml="name: a\n", charts__b__Chart_yaml="name: b\n")
    assert "there are several charts: charts/a/Chart.yaml, charts/b/Chart.yaml" in asked(tmp_path)


@pytest.mark.parametrize("image", ["redis:7", '"team/mirror/postgres@sha256:0"', "postgres"])
def test_what_apps_stand_on_is_not_taken_for_the_app(tmp_path: Path, image: str) -> None:
    backing = f"kind: Deployment\nspec:\n  - image: {image}\n---\n{NAMED.format('backing')}"
    put(
        tmp_path,
        k8s__a__all_yaml=backing,
        k8s__b__all_yaml=f"kind: Deployment\nimage: redis-board:1\n---\n{NAMED.format('board')}",
    )
    assert (found(tmp_path)["manifests.path"], found(tmp_path)["name"]) == ("k8s/b", "board")
    assert any("there are several Deployments" in each for each in asked(tmp_path))


def test_a_kustomization_s_prefix_is_part_of_the_name(tmp_path: Path) -> None:
    base = "resources: [all.yaml]\nnamePrefix: team-\nnameSuffix: -x\n"
    put(
        tmp_path,
        base__kustomization_yaml=base,
        base__all_yaml=f"kind: Deployment\n---\n{NAMED.format('shop')}",
        overlays__live__kustomization_yaml="resources: [../../base]\nnamePrefix: live-\n",
    )
    assert found(tmp_path)["name"] == "live-team-shop-x"
    (tmp_path / "base" / "kustomization.yaml").write_text("resources: [../overlays/live]\n")
    assert str(found(tmp_path)["name"]).startswith("live-")


def test_a_database_among_the_manifests_is_told_with_what_comes_of_it(tmp_path: Path) -> None:
    put(
        tmp_path,
        k8s__app_yaml=f"kind: Deployment\n---\n{NAMED.format('shop')}",
        k8s__db_yaml="kind: StatefulSet\nspec:\n  containers:\n  - image: postgres:16.2\n",
    )
    assert found(tmp_path)["database.image"] == "postgres:16.2"
    assert any("k8s/db.yaml runs a PostgreSQL of its own" in each for each in asked(tmp_path))
