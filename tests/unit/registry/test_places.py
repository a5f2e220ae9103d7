"""Where the images of other registries lie, by their names."""

import pytest

from pytest_canary.registry.places import host_of, place, reference

DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("image", "where", "which"),
    [
        ("shop", "docker.io/library/shop", "latest"),
        ("team/shop:1", "docker.io/team/shop", "1"),
        ("index.docker.io/team/shop:1", "docker.io/team/shop", "1"),
        ("registry.invalid:5000/shop:1", "registry.invalid-5000/shop", "1"),
        (f"gcr.io/a/b/shop@{DIGEST}", "gcr.io/a/b/shop", DIGEST),
        (f"gcr.io/shop:1@{DIGEST}", "gcr.io/shop", DIGEST),
    ],
)
def test_an_image_lies_under_its_whole_name(image: str, where: str, which: str) -> None:
    assert place("canary-c7f2a1", image) == f"canary-c7f2a1/{where}"
    assert reference(image) == which


def test_an_image_is_of_dockers_own_registry_unless_it_says_otherwise() -> None:
    assert host_of("team/shop") == "docker.io"
    assert host_of("gcr.io/shop") == "gcr.io"
