"""Names of images, in full."""

import pytest

from pytest_canary.k8s.image_names import full_name, repository, tag


@pytest.mark.parametrize(
    ("ref", "full"),
    [
        ("postgres:17", "docker.io/library/postgres:17"),
        ("team/app:1", "docker.io/team/app:1"),
        ("localhost/app:1", "localhost/app:1"),
        ("localhost:5000/app:1", "localhost:5000/app:1"),
        ("registry.invalid/team/app:1", "registry.invalid/team/app:1"),
        ("a.b:1", "docker.io/library/a.b:1"),
        ("app", "docker.io/library/app:latest"),
        ("localhost:5000/app", "localhost:5000/app:latest"),
        ("team/app@sha256:00", "docker.io/team/app@sha256:00"),
        ("app:1@sha256:00", "docker.io/library/app:1@sha256:00"),
        ("docker.io/app:1", "docker.io/library/app:1"),
        ("index.docker.io/team/app:1", "docker.io/team/app:1"),
    ],
)
def test_an_image_is_named_in_full_as_containerd_does(ref: str, full: str) -> None:
    assert full_name(ref) == full


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("app", ("docker.io/library/app", "")),
        ("app:1", ("docker.io/library/app", "1")),
        ("host:5000/app", ("host:5000/app", "")),
        ("host:5000/app:1", ("host:5000/app", "1")),
        ("app@sha256:00", ("docker.io/library/app", "")),
        ("app:1@sha256:00", ("docker.io/library/app", "1")),
    ],
)
def test_a_tag_is_told_from_a_registrys_port(name: str, parts: tuple[str, str]) -> None:
    assert (repository(name), tag(name)) == parts


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("web", "docker.io/library/web:latest"),
        ("web:1", "docker.io/library/web:1"),
        ("team/web:1", "docker.io/team/web:1"),
        ("localhost/web", "localhost/web:latest"),
        ("localhost:5000/web:1", "localhost:5000/web:1"),
        ("example.com/team/web", "example.com/team/web:latest"),
        ("web@sha256:12", "docker.io/library/web@sha256:12"),
    ],
)
def test_an_images_name_is_filled_in_as_an_engine_does(short: str, long: str) -> None:
    assert full_name(short) == long
    assert full_name(long) == long
