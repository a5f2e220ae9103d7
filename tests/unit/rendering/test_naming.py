"""What app and Service are called where no setting says so, but only what is made of the files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fakes.manifest_sets import DEPLOYMENT, JOB, SERVICE, WITHOUT_INIT, planned, project

from pytest_canary.core.errors import SettingsError


def service(name: str) -> str:
    """One of that name."""
    return SERVICE.replace("name: shop", f"name: {name}")


def names(root: Path, **table: Any) -> tuple[str, str]:
    """The app's and the Service's."""
    found = planned(root, **table).settings
    return found.name, found.service_name


def test_the_deployment_and_the_service_in_front_of_it_tell(tmp_path: Path) -> None:
    root = project(tmp_path, DEPLOYMENT, service("front"))
    assert names(root) == ("shop", "front")
    assert names(root, name="store") == ("store", "front")


@pytest.mark.parametrize(
    ("called", "chosen"),
    [
        (["a", "shop", "shop-lb"], "shop-lb"),
        (["a", "shop"], "shop"),
        (["closed", "open"], "open"),
        (["headless", "a"], "a"),
        (["elsewhere"], "shop-lb"),
        ([], "shop-lb"),
    ],
)
def test_of_several_services_one_is_likeliest(
    tmp_path: Path, called: list[str], chosen: str
) -> None:
    closed = {"  type: LoadBalancer\n": ""}
    edits = {
        "closed": closed,
        "headless": {"  type: LoadBalancer\n": "  clusterIP: None\n"},
        "a": closed,
        "elsewhere": {"app: shop": "app: other"},
    }
    texts = []
    for each in called:
        text = service(each)
        for old, new in edits.get(each, {}).items():
            text = text.replace(old, new)
        texts.append(text)
    assert names(project(tmp_path, DEPLOYMENT, *texts)) == ("shop", chosen)


def test_of_several_deployments_one_has_to_be_named(tmp_path: Path) -> None:
    root = project(tmp_path, DEPLOYMENT, DEPLOYMENT.replace("name: shop\nspec", "name: b\nspec"))
    with pytest.raises(SettingsError) as wrong:
        names(root)
    assert str(wrong.value) == (
        "canary.toml: name is missing: k8s/all.yml has 2 Deployments (shop, b), and one of them "
        'is released; name it, such as name = "shop"'
    )
    assert names(root, name="b")[0] == "b"


def test_what_can_not_be_read_is_left_to_a_check(tmp_path: Path) -> None:
    assert names(project(tmp_path, "a: [\n"), manifests={"path": "k8s"}) == ("app", "app-lb")


def test_what_migrates_is_known_by_what_is_made(tmp_path: Path) -> None:
    root = project(tmp_path, WITHOUT_INIT, SERVICE)
    assert planned(root).settings.migration.way == "exec"
    project(root, DEPLOYMENT, SERVICE)
    settings = planned(root).settings
    assert (settings.migration.way, settings.migration.container) == ("init-container", "migrate")
    assert settings.commands.migrate == []
    project(root, WITHOUT_INIT, SERVICE, JOB)
    assert planned(root).settings.migration.way == "job"
    said = planned(root, commands={"migrate": ["app", "migrate"]}).settings
    assert (said.migration.way, said.commands.migrate) == ("exec", ["app", "migrate"])


def test_a_job_among_what_a_tool_makes_does_not_come_with_the_pods(tmp_path: Path) -> None:
    root = project(tmp_path, WITHOUT_INIT, SERVICE, JOB)
    found = planned(root)
    assert (found.migrates, found.migrates_along, found.migrates_first) == (True, False, False)
    first = planned(root, migration={"by": "job", "first": True})
    assert (first.migrates_along, first.migrates_first) == (False, True)


def test_a_charts_job_is_helms_to_run(tmp_path: Path) -> None:
    root = project(tmp_path)
    (root / "chart").mkdir()
    (root / "chart" / "Chart.yaml").write_text("name: shop\n")
    with pytest.raises(SettingsError) as wrong:
        planned(root, manifests={"path": "chart"}, migration={"by": "job"})
    assert str(wrong.value) == (
        "canary.toml: migration.by = 'job': needs migration.job with a chart; say \"hook\" where "
        "one of its own Jobs migrates, which Helm runs as a hook"
    )


def test_a_job_among_the_manifests_has_no_file_of_its_own(tmp_path: Path) -> None:
    root = project(tmp_path, WITHOUT_INIT, SERVICE, up=JOB)
    with pytest.raises(SettingsError) as wrong:
        planned(root, migration={"job": "k8s/up.yml"})
    assert str(wrong.value) == (
        "canary.toml: migration.job = 'k8s/up.yml': stands among the manifests, whose Job needs no "
        'file of its own; say migration.by = "job" instead'
    )
