"""What app and Service are called where no setting says so, but only what is made of the files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fakes.manifest_sets import DEPLOYMENT, SERVICE, planned, project

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
