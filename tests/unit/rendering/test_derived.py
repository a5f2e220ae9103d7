"""Objects that stand in a project once, as they are for each of a walk's two tracks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fakes.manifest_sets import (
    DEPLOYMENT,
    JOB,
    SERVICE,
    WITHOUT_INIT,
    one,
    planned,
    project,
)

from pytest_canary.config.options import Options
from pytest_canary.manifests.rendered import Given
from pytest_canary.rendering.renderer import Renderer
from pytest_canary.rendering.renderers import renderer_of

CANARY = Given("shop-canary", 1, "shop:2", {})
STABLE = Given("shop-stable", 3, "shop:2", {})
ELSEWHERE = Options(check=True, context="prod", registry="registry.invalid/team")


def of(root: Path, options: Options | None = None, **table: Any) -> Renderer:
    """The project's renderer."""
    return renderer_of(planned(root, options=options, **table), root)


def test_a_track_has_its_name_label_replicas_and_image(tmp_path: Path) -> None:
    renderer = of(project(tmp_path, DEPLOYMENT, SERVICE))
    for given in (CANARY, STABLE):
        (made,) = renderer.render(given).parsed.documents
        assert (made.name, made.at("spec", "replicas")) == (given.deployment, given.replicas)
        labels = {"app": "shop", "deployment": given.deployment}
        assert made.at("spec", "selector", "matchLabels") == labels
        assert made.at("spec", "template", "metadata", "labels") == labels
        pod = made.table("spec", "template", "spec")
        images = [each["image"] for key in ("initContainers", "containers") for each in pod[key]]
        assert images == ["shop:2", "shop:2"], "what runs before it is of the same version"


def test_where_a_value_stands_is_known_from_then_on(tmp_path: Path) -> None:
    renderer = of(project(tmp_path, SERVICE, DEPLOYMENT))
    (made,) = renderer.render(CANARY).parsed.documents
    line = made.line("spec", "replicas")
    assert made.source.where(line) == "k8s/all.yml:16"
    assert made.source.line(line) == "  replicas: 5"
    # What is not there yet, where it is going to be.
    assert made.line("spec", "selector", "matchLabels", "deployment") == 18


@pytest.mark.parametrize("taken", ["deployment", "track"])
def test_a_label_that_has_a_meaning_already_keeps_it(tmp_path: Path, taken: str) -> None:
    text = DEPLOYMENT.replace("app: shop", f"{taken}: shop")
    service = SERVICE.replace("app: shop", f"{taken}: shop")
    renderer = of(project(tmp_path, text, service))
    (made,) = renderer.render(CANARY).parsed.documents
    labels = made.table("spec", "selector", "matchLabels")
    assert labels[taken] == "shop"
    assert [key for key, value in labels.items() if value == "shop-canary"] == [
        "track" if taken == "deployment" else "deployment"
    ]


def test_what_is_around_it_comes_along_with_the_apps_image_replaced(tmp_path: Path) -> None:
    worker = DEPLOYMENT.replace("name: shop\nspec", "name: worker\nspec").replace(
        "app: shop", "app: worker"
    )
    settings = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {A: b}\n"
    renderer = of(project(tmp_path, worker, DEPLOYMENT, SERVICE, settings), name="shop")
    shared = renderer.shared_objects("shop:2").documents
    assert [each.kind for each in shared] == ["Deployment", "Service", "ConfigMap"]
    made = one(shared, "Deployment")
    assert (made.name, made.at("spec", "replicas")) == ("worker", 5)
    assert made.at("spec", "template", "spec", "containers", 0, "image") == "shop:2"
    assert one(shared, "ConfigMap").at("data") == {"A": "b"}


def test_another_image_stays_as_it_is(tmp_path: Path) -> None:
    sidecar = "        - name: proxy\n          image: team/proxy:9\n"
    renderer = of(project(tmp_path, DEPLOYMENT + sidecar, SERVICE))
    (made,) = renderer.render(CANARY).parsed.documents
    containers = made.at("spec", "template", "spec", "containers")
    assert [each["image"] for each in containers] == ["shop:2", "team/proxy:9"]


@pytest.mark.parametrize(
    ("edits", "table"),
    [
        ({}, {"manifests": {"path": "k8s", "container": "web"}}),
        (
            {
                "      labels:\n        app": "      annotations:\n        "
                "kubectl.kubernetes.io/default-container: web\n      labels:\n        app"
            },
            {},
        ),
    ],
    ids=["settings", "annotation"],
)
def test_of_several_containers_one_is_named(
    tmp_path: Path, edits: dict[str, str], table: dict[str, Any]
) -> None:
    text = DEPLOYMENT.replace("- name: shop", "- name: web")
    text += "        - name: proxy\n          image: team/proxy:9\n"
    for old, new in edits.items():
        text = text.replace(old, new)
    (made,) = of(project(tmp_path, text, SERVICE), **table).render(CANARY).parsed.documents
    containers = made.at("spec", "template", "spec", "containers")
    assert [each["image"] for each in containers] == ["shop:2", "team/proxy:9"]


def test_a_job_of_the_apps_image_is_no_part_of_what_is_applied(tmp_path: Path) -> None:
    job = (
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate}\nspec:\n  template:\n"
        "    spec:\n      containers: [{name: x, image: team/shop:1.4}]\n"
    )
    other = job.replace("team/shop", "team/seeds").replace("migrate", "seeds")
    renderer = of(project(tmp_path, job, other, DEPLOYMENT, SERVICE))
    assert [each.name for each in renderer.shared_objects("shop:2").documents] == ["seeds", "shop"]
    assert renderer.notes() == ["Job migrate is left to commands.migrate"]


def test_a_job_that_migrates_is_run_by_itself(tmp_path: Path) -> None:
    seeds = JOB.replace("name: migrate", "name: seeds").replace("app, migrate", "app, seed")
    root = project(tmp_path, JOB, seeds, WITHOUT_INIT, SERVICE)
    renderer = of(root)
    (job,) = renderer.jobs(CANARY)
    assert job.name == "migrate", "the other one says nothing of migrations"
    assert job.at("spec", "template", "spec", "containers", 0, "image") == "shop:2"
    assert [each.name for each in renderer.shared_objects("shop:2").documents] == ["shop"]
    assert renderer.pull_secrets() == {"registry"}
    assert renderer.notes() == [
        "Job migrate is run by itself, to migrate",
        'Job seeds is left out: migration.by = "job"',
    ]
    before = renderer.fingerprint()
    project(tmp_path, JOB.replace("app, migrate", "app, upgrade"), seeds, WITHOUT_INIT, SERVICE)
    assert of(root).fingerprint() != before


def test_a_job_of_another_image_migrates_where_its_name_says_so(tmp_path: Path) -> None:
    job = JOB.replace("team/shop", "team/migrations")
    renderer = of(project(tmp_path, job, WITHOUT_INIT, SERVICE))
    (made,) = renderer.jobs(CANARY)
    assert made.at("spec", "template", "spec", "containers", 0, "image") == "team/migrations:1.4"
    assert [each.name for each in renderer.shared_objects("shop:2").documents] == ["shop"]


def test_where_it_is_said_the_apps_job_migrates_whatever_it_is_called(tmp_path: Path) -> None:
    job = JOB.replace("migrate", "prepare")
    root = project(tmp_path, job, WITHOUT_INIT, SERVICE)
    assert of(root).jobs(CANARY) == []
    (made,) = of(root, migration={"by": "job"}).jobs(CANARY)
    assert made.name == "prepare"


def test_a_job_in_a_file_of_its_own_takes_its_place(tmp_path: Path) -> None:
    root = project(tmp_path, JOB, WITHOUT_INIT, SERVICE)
    (root / "own.yml").write_text(JOB.replace("team/shop:1.4", "$img"))
    renderer = of(root, manifests={"path": "k8s"}, migration={"job": "own.yml"})
    assert renderer.jobs(CANARY) == []
    assert renderer.notes() == ["Job migrate is left to own.yml"]


def test_a_job_without_a_name_is_told_by_what_its_names_begin_with(tmp_path: Path) -> None:
    job = JOB.replace("name: migrate", "generateName: seed-", 1).replace("name: migrate", "name: s")
    renderer = of(project(tmp_path, DEPLOYMENT, SERVICE, job))
    assert renderer.notes() == ["Job seed-… is left to commands.migrate"]


def test_one_namespace_is_left_out_and_several_are_not(tmp_path: Path) -> None:
    deployment = DEPLOYMENT.replace("  name: shop\nspec", "  name: shop\n  namespace: a\nspec")
    service = SERVICE.replace("  name: shop\nspec", "  name: shop\n  namespace: a\nspec")
    space = "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n"
    renderer = of(project(tmp_path, space, deployment, service))
    assert [each.kind for each in renderer.shared_objects("").documents] == ["Service"]
    documents = renderer.shared_objects("").documents + renderer.render(CANARY).parsed.documents
    assert [each.at("metadata", "namespace") for each in documents] == [None, None]
    assert renderer.notes() == ["namespace a is left out for the rehearsal's own"]
    again = of(project(tmp_path, space, deployment, service.replace("space: a", "space: b")))
    assert one(again.shared_objects("").documents, "Service").at("metadata", "namespace") == "b"
    assert again.notes() == []


def test_who_is_bound_to_a_role_comes_along_to_the_rehearsals_namespace(tmp_path: Path) -> None:
    binding = (
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n"
        "metadata: {name: shop, namespace: a}\n"
        "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: shop}\n"
        "subjects: [{kind: ServiceAccount, name: shop, namespace: a}, {kind: ServiceAccount, "
        "name: other, namespace: b}, {kind: User, name: c}]\n"
    )
    renderer = of(project(tmp_path, DEPLOYMENT, SERVICE, binding))
    bound = one(renderer.shared_objects("").documents, "RoleBinding")
    namespaces = [each.get("namespace") for each in bound.value["subjects"]]
    assert namespaces == [None, "b", None]


def test_in_a_cluster_of_the_runs_own_the_service_is_reached_and_images_are_there(
    tmp_path: Path,
) -> None:
    text = DEPLOYMENT.replace(
        "team/shop:1.4\n", "team/shop:1.4\n          imagePullPolicy: Always\n"
    )
    root = project(tmp_path, text, SERVICE.replace("  type: LoadBalancer\n", ""))

    def seen(renderer: Renderer) -> tuple[object, object]:
        (made,) = renderer.render(CANARY).parsed.documents
        policy = made.at("spec", "template", "spec", "containers", 0, "imagePullPolicy")
        return one(renderer.shared_objects("").documents, "Service").at("spec", "type"), policy

    assert seen(of(root)) == ("NodePort", "IfNotPresent")
    assert of(root).notes() == ["Service shop is a NodePort, to be reached from outside"]
    assert seen(of(root, ELSEWHERE)) == (None, "Always")
    assert of(root, ELSEWHERE).notes() == []


def test_kubectl_reads_it_and_no_file_is_made(tmp_path: Path) -> None:
    renderer = of(project(tmp_path, DEPLOYMENT, SERVICE))
    command = renderer.apply(CANARY)
    assert (command.program, command.words, command.cwd) == (None, ("apply", "-f", "-"), None)
    (made,) = json.loads(command.stdin)["items"]
    assert made["metadata"]["name"] == "shop-canary"
    shared = renderer.apply_shared("shop:2")
    assert shared
    (service,) = json.loads(shared.stdin)["items"]
    assert service["kind"] == "Service"
    assert renderer.script().name == "kubectl apply"


def test_versions_differ_by_what_they_say_but_for_the_image(tmp_path: Path) -> None:
    first = of(project(tmp_path, DEPLOYMENT, SERVICE)).fingerprint()
    assert of(project(tmp_path, DEPLOYMENT, SERVICE)).fingerprint() == first
    text = DEPLOYMENT.replace("team/shop:1.4", "team/shop:1.5")
    assert of(project(tmp_path, text, SERVICE)).fingerprint() == first
    text = DEPLOYMENT.replace("path: /", "path: /ready")
    assert of(project(tmp_path, text, SERVICE)).fingerprint() != first
    assert of(project(tmp_path, DEPLOYMENT, SERVICE + "  # more\n")).fingerprint() == first


def test_the_secrets_of_its_registry_are_known(tmp_path: Path) -> None:
    text = DEPLOYMENT.replace(
        "      containers:\n", "      imagePullSecrets: [{name: registry}, {}]\n      containers:\n"
    )
    assert of(project(tmp_path, text, SERVICE)).pull_secrets() == {"registry"}
    assert of(project(tmp_path, SERVICE), manifests={"path": "k8s"}).pull_secrets() == set()
