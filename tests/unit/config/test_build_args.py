"""Build arguments that mean something outside of the build too."""

from collections.abc import Callable

import pytest

from pytest_canary.config.build_args import is_dockers_own
from pytest_canary.config.options import Options
from pytest_canary.config.plan import plan
from pytest_canary.config.settings import Settings
from pytest_canary.core.errors import SettingsError

Configured = Callable[..., Settings]

NOTE = (
    "build-arg NPM_TOKEN looks like a secret: in the last build stage, it stays in the image's "
    "history, for whoever has the image"
)


@pytest.mark.parametrize("name", ["PATH", "HOME", "DOCKER_HOST", "BUILDX_BUILDER", "LD_PRELOAD"])
def test_the_docker_command_reads_some_itself(name: str) -> None:
    assert is_dockers_own(name)


@pytest.mark.parametrize("name", ["NPM_TOKEN", "RELEASE", "PATHS", "MY_DOCKER_HOST", "HTTP_PROXY"])
def test_others_are_the_builds_alone(name: str) -> None:
    assert not is_dockers_own(name)


@pytest.mark.parametrize(
    ("options", "notes"),
    [
        (Options(baseline="none"), (NOTE,)),
        (Options(baseline="shop:1"), (NOTE,)),
        (Options(baseline="shop:1", image="shop:2"), ()),
    ],
)
def test_one_that_looks_like_a_secret_is_told_where_an_image_is_built(
    configured: Configured, options: Options, notes: tuple[str, ...]
) -> None:
    proxy = "http://someone:password=geheimnis@proxy:3128"
    args = {"NPM_TOKEN": "geheimnis", "RELEASE": "2", "https_proxy": proxy}
    assert plan(configured(image={"build-args": args}), options).notes == notes


def test_a_secret_that_would_have_to_be_an_argument_is_refused(configured: Configured) -> None:
    args = {"DOCKER_AUTH_TOKEN": "geheimnis", "DOCKER_HOST": "x"}
    with pytest.raises(SettingsError) as wrong:
        configured(image={"build-args": args})
    assert str(wrong.value) == (
        "canary.toml: image.build-args.DOCKER_AUTH_TOKEN = '…': looks like a secret, and the "
        "docker command reads it; choose another name"
    )
