"""What the rules say of objects that a tool makes: nothing of scripts and templates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fakes.manifest_sets import DEPLOYMENT, JOB, SERVICE, WITHOUT_INIT, project
from fakes.preflight import found_in

from pytest_canary.preflight import groups

PATH = {"path": "k8s"}


def told(root: Path, **table: Any) -> list[str]:
    """The findings: rule, place, sentence and advice."""
    return [
        f"{each.code} {each.where}: {each.sentence}; {each.next}"
        for each in found_in(root, **table).findings
    ]


def test_what_stands_there_once_is_right_for_both_tracks(tmp_path: Path) -> None:
    inspection = found_in(project(tmp_path, DEPLOYMENT, SERVICE))
    assert inspection.findings == ()
    assert sorted(inspection.objects) == [
        "Deployment.v1.apps/shop-canary",
        "Deployment.v1.apps/shop-stable",
        "Service/shop",
    ]


def test_a_closed_service_is_no_finding_but_a_note(tmp_path: Path) -> None:
    inspection = found_in(
        project(tmp_path, DEPLOYMENT, SERVICE.replace("  type: LoadBalancer\n", ""))
    )
    assert inspection.findings == ()
    assert "Service shop is a NodePort, to be reached from outside" in inspection.notes


def test_a_fault_is_told_with_its_own_file_and_line(tmp_path: Path) -> None:
    wrong = DEPLOYMENT.replace("readinessProbe", "readynessProbe")
    root = project(tmp_path, service=SERVICE, web=wrong)
    assert told(root)[1:] == [
        'unknown-field k8s/web.yml:22: unknown field "spec.template.spec.containers[0]'
        '.readynessProbe"; did you mean readinessProbe?'
    ]


def test_without_a_deployment_there_is_nothing_to_release(tmp_path: Path) -> None:
    root = project(tmp_path, SERVICE)
    assert told(root, manifests=PATH) == [
        "no-deployment k8s/all.yml:1: k8s/all.yml has no Deployment; put it there, or name where "
        "it is: manifests.path",
    ]
    inspection = found_in(root, manifests=PATH)
    assert inspection.unread == "k8s/all.yml has no Deployment to look at"
    assert [each.code for each in inspection.of_group(groups.DEPLOYMENTS)] == ["no-deployment"]


def test_of_several_deployments_none_is_called_as_the_app(tmp_path: Path) -> None:
    second = DEPLOYMENT.replace("  name: shop\nspec", "  name: b\nspec")
    root = project(tmp_path, DEPLOYMENT, second, SERVICE)
    assert told(root, name="c")[0] == (
        "no-deployment k8s/all.yml:1: k8s/all.yml has 2 Deployments (shop, b), and none of them "
        "is c; set name in the settings to that of the one that is released"
    )


def test_a_service_that_selects_others_is_none(tmp_path: Path) -> None:
    root = project(tmp_path, DEPLOYMENT, SERVICE.replace("app: shop", "app: other"))
    assert told(root) == [
        "no-service k8s/all.yml:30: k8s/all.yml has no Service in front of the Deployment: shop "
        "selects app: other; let it select app: shop"
    ]
    assert told(project(tmp_path, DEPLOYMENT)) == [
        "no-service k8s/all.yml:1: k8s/all.yml has no Service in front of the Deployment; write "
        "one that selects app: shop"
    ]
    bare = DEPLOYMENT.replace("      labels:\n        app: shop\n", "      annotations: {a: b}\n")
    assert any(
        each.endswith("; write one that selects a label that its pods are given")
        for each in told(project(tmp_path, bare))
    )


def test_which_container_is_the_apps_has_to_be_known(tmp_path: Path) -> None:
    text = DEPLOYMENT.replace("- name: shop", "- name: web")
    text += (
        "        - name: proxy\n          image: team/proxy:9\n"
        "          readinessProbe: {httpGet: {path: /, port: 80}}\n"
    )
    root = project(tmp_path, text, SERVICE)
    advice = (
        "which container of shop-canary runs the app's image is not known: migrate, web, proxy; "
        "name it in the settings: manifests.container"
    )
    assert [each.partition(": ")[2] for each in told(root)] == [advice]
    assert told(root, manifests={"container": "web"}) == []
    (wrong,) = told(root, manifests={"container": "wbe"})
    assert wrong.startswith("wrong-image ")
    assert wrong.endswith("; did you mean web?")


def test_nothing_is_filled_in(tmp_path: Path) -> None:
    text = DEPLOYMENT.replace("path: /", "path: $HEALTH")
    (tmp_path / "canary.toml").write_text("[environment]\nPORT = '80'\n")
    root = project(tmp_path, text, SERVICE)
    assert told(root, environment={"PORT": "80"}) == [
        "unused-variable canary.toml:2: PORT is set in [environment], and no template is filled "
        "in; write it among the container's own variables, and take it out here",
        "unset-variable k8s/all.yml:22: $HEALTH stays as it stands: k8s/all.yml is applied "
        "without filling anything in; write its value here",
    ]


def test_what_is_no_yaml_is_told_once(tmp_path: Path) -> None:
    root = project(tmp_path, web=DEPLOYMENT, service="a: [\n")
    (first, *others) = told(root)
    assert first.startswith("invalid-yaml k8s/service.yml:2: k8s/service.yml is no valid YAML")
    assert others == []


def test_a_folder_without_yaml_is_told(tmp_path: Path) -> None:
    (project(tmp_path) / "k8s").mkdir()
    (tmp_path / "k8s" / "readme.txt").touch()
    assert told(tmp_path, manifests=PATH)[0] == (
        "invalid-yaml k8s:1: k8s has no YAML; put the manifests into it"
    )
    for name in ("web", "jobs", "notes"):
        (tmp_path / "k8s" / name).mkdir()
    (tmp_path / "k8s" / "web" / "all.yml").write_text(DEPLOYMENT)
    (tmp_path / "k8s" / "jobs" / "all.yml").write_text(JOB)
    below = (
        "invalid-yaml k8s:1: k8s has no YAML; kubectl looks into no folder below it; write "
        'manifests.path = ["k8s/jobs", "k8s/web"]'
    )
    assert told(tmp_path, manifests=PATH)[0] == below
    # The others that are named don't make up for it.
    assert told(tmp_path, manifests={"path": ["k8s/web", "k8s"]})[0] == below


def test_the_job_that_migrates_is_looked_at_with_the_rest(tmp_path: Path) -> None:
    inspection = found_in(project(tmp_path, WITHOUT_INIT, SERVICE, JOB))
    assert inspection.findings == ()
    assert "Job.v1.batch/migrate" in inspection.objects
    assert "Job migrate is run by itself, to migrate" in inspection.notes
    wrong = JOB.replace("restartPolicy: Never", "restartPolicy: Always")
    assert told(project(tmp_path, WITHOUT_INIT, SERVICE, wrong)) == [
        "wrong-value k8s/all.yml:38: spec.template.spec.restartPolicy must be one of Never, "
        "OnFailure; write Never or OnFailure"
    ]


def test_kubectl_applies_nothing_without_a_name(tmp_path: Path) -> None:
    job = JOB.replace("name: migrate", "generateName: seed-", 1).replace("team/shop", "team/seed")
    job = job.replace("migrate", "seed")
    assert told(project(tmp_path, DEPLOYMENT, SERVICE, job))[0] == (
        "missing-field k8s/all.yml:37: metadata.name is missing, and `kubectl apply` takes no Job "
        "that is named by generateName alone; give it a name"
    )


def test_without_an_init_container_none_can_be_named(tmp_path: Path) -> None:
    (wrong,) = told(project(tmp_path, WITHOUT_INIT, SERVICE), migration={"by": "init-container"})
    assert wrong.endswith(
        "shop-canary has 0 init containers, where one is to migrate; put it there, or say in "
        "migration.by what migrates"
    )


def test_of_several_jobs_it_is_not_known_which_migrates(tmp_path: Path) -> None:
    other = JOB.replace("name: migrate", "name: migrate-more")
    root = project(tmp_path, WITHOUT_INIT, SERVICE, JOB, other)
    assert told(root, migration={"by": "job"}) == [
        "no-migration k8s/all.yml:1: the objects have 2 Jobs, where one is to migrate; name the "
        "manifest of the one that does in migration.job"
    ]
    root = project(tmp_path, WITHOUT_INIT, SERVICE)
    assert told(root, migration={"by": "job"}) == [
        "no-migration k8s/all.yml:1: the objects have 0 Jobs, where one is to migrate; name the "
        "manifest of the one that does in migration.job"
    ]


def test_a_migration_by_another_image_is_told(tmp_path: Path) -> None:
    job = JOB.replace("team/shop", "team/migrations")
    assert told(project(tmp_path, WITHOUT_INIT, SERVICE, job)) == [
        "other-migration k8s/all.yml:42: migrate migrates by team/migrations:1.4, whatever version "
        "is released, so baseline and candidate migrate alike; let it run the app's image, where "
        "that has the migrations"
    ]


def test_the_variables_of_a_jobs_own_file_are_filled_in(tmp_path: Path) -> None:
    root = project(tmp_path, WITHOUT_INIT, SERVICE)
    (root / "own.yml").write_text(
        JOB.replace("team/shop:1.4", "$img") + "          args: [$LACKS]\n"
    )
    table = {"manifests": PATH, "migration": {"job": "own.yml"}, "environment": {}}
    (unset,) = told(root, **table)
    assert unset.startswith("unset-variable own.yml:14: $LACKS has no value")
    assert told(root, **table | {"environment": {"LACKS": "nothing"}}) == []


def test_without_a_canary_what_stands_there_is_made_once(tmp_path: Path) -> None:
    alone = {"replicas": {"canary": 0}, "database": {"image": "none"}}
    inspection = found_in(project(tmp_path, WITHOUT_INIT, SERVICE), **alone)
    assert inspection.findings == ()
    assert sorted(inspection.objects) == ["Deployment.v1.apps/shop-stable", "Service/shop"]
