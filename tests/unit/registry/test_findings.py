"""What is wrong with a registry, by what it and docker have said; those words are real ones."""

from typing import Any

import pytest

from pytest_canary.core.findings import Finding
from pytest_canary.registry.attempts import Attempt, What
from pytest_canary.registry.client import RegistryAnswer
from pytest_canary.registry.findings import of_answer, of_attempt, of_parts, of_pods, of_tag

ONE, TWO = (f"sha256:{each * 64}" for each in "12")
IMAGE = "docker.io/ada/shop:w-1"


def found(what: What, said: str, code: int = 1, name: str = IMAGE) -> Finding | None:
    return of_attempt(Attempt(what, name, code, said))


@pytest.mark.parametrize(
    ("what", "said", "code", "sentence"),
    [
        (
            "login",
            "Error response from daemon: login attempt to https://docker.io/v2/ failed with "
            "status: 401 Unauthorized",
            "RegistryLoginRefused",
            "is refused: user and password are not those of the registry",
        ),
        (
            "login",
            "Error: Cannot perform an interactive login from a non TTY device",
            "RegistryLoginRefused",
            "is refused: user and password are not those of the registry",
        ),
        (
            "login",
            'Error response from daemon: Get "https://docker.io/v2/": dial tcp 127.0.0.1:5000: '
            "connect: connection refused",
            "RegistryUnreachable",
            "failed: the registry does not answer",
        ),
        (
            "push",
            "The push refers to repository [docker.io/ada/shop]\nno basic auth credentials",
            "RegistryLoginMissing",
            "is refused: the job has not logged in to docker.io",
        ),
        (
            "push",
            "unauthorized: authentication required",
            "RegistryLoginRefused",
            "is refused: this login may not",
        ),
        (
            "push",
            "denied: requested access to the resource is denied",
            "RegistryLoginRefused",
            "is refused: this login may not",
        ),
        (
            "push",
            "name unknown: The repository with name 'shop' does not exist in the registry",
            "RepositoryMissing",
            "failed: the registry has no such repository, and makes none",
        ),
        (
            "push",
            'Get "https://docker.io/v2/": net/http: TLS handshake timeout',
            "RegistryUnreachable",
            "failed: the registry does not answer",
        ),
        (
            "push",
            "a\nreceived unexpected HTTP status: 507 Insufficient Storage",
            "PushFailed",
            "failed: received unexpected HTTP status: 507 Insufficient Storage",
        ),
        (
            "pull",
            "Error response from daemon: unauthorized: authentication required",
            "RegistryLoginRefused",
            "is refused: this login may not",
        ),
    ],
)
def test_why_a_job_gets_nothing_of_its_registry_is_told(
    what: What, said: str, code: str, sentence: str
) -> None:
    told = found(what, said)
    assert told
    assert (told.code, told.where, told.evidence) == (code, f"docker {what}", said)
    doing = {"login": "login to", "push": "push of", "pull": "pull of"}[what]
    assert told.sentence == f"the {doing} {IMAGE} {sentence}"
    assert told.next


@pytest.mark.parametrize(
    ("what", "said", "code"),
    [
        ("login", "Login Succeeded", 0),
        ("push", "unauthorized", 0),
        ("pull", "Error response from daemon: manifest for ada/shop:latest not found", 1),
    ],
)
def test_what_came_through_is_not_told_nor_a_first_builds_pull(
    what: What, said: str, code: int
) -> None:
    assert found(what, said, code) is None


def test_a_login_without_a_host_is_likely_where_another_is_pushed_to() -> None:
    told = found("push", "no basic auth credentials", name="gcr.io/shop:1")
    assert told
    assert told.likely == "`docker login` without a host logs in to docker.io, and not to gcr.io"


@pytest.mark.parametrize(
    ("answer", "tags", "code", "sentence"),
    [
        (RegistryAnswer(200, digest=ONE), None, "", ""),
        (
            RegistryAnswer(failure="[Errno 111] Connection refused"),
            None,
            "RegistryUnreachable",
            f"{IMAGE} can't be looked for: the registry does not answer",
        ),
        (
            RegistryAnswer(503, ("UNAVAILABLE",)),
            None,
            "RegistryUnreachable",
            f"{IMAGE} can't be looked for: the registry does not answer",
        ),
        (
            RegistryAnswer(401, ("UNAUTHORIZED",)),
            None,
            "RegistryLoginRefused",
            f"{IMAGE} can't be looked for: the registry refuses the login",
        ),
        (
            RegistryAnswer(404),
            RegistryAnswer(404, ("NAME_UNKNOWN",)),
            "RepositoryMissing",
            f"there is no {IMAGE}: the registry has no repository docker.io/ada/shop",
        ),
        (
            RegistryAnswer(404),
            RegistryAnswer(200, content={"tags": [*"gfedcba"]}),
            "ImageGone",
            f"there is no {IMAGE} any more: its repository has a, b, c, d, e and 2 more",
        ),
        (
            RegistryAnswer(404),
            RegistryAnswer(200, content={"tags": None}),
            "ImageGone",
            f"there is no {IMAGE} any more: its repository has no tag any more",
        ),
    ],
)
def test_why_an_image_can_not_be_had_is_told(
    answer: RegistryAnswer, tags: RegistryAnswer | None, code: str, sentence: str
) -> None:
    told = of_answer("ada/shop:w-1", answer, tags)
    assert (told.code, told.sentence) == (code, sentence) if told else (code, sentence) == ("", "")


def test_a_name_that_is_nearly_that_of_what_was_pushed_is_told() -> None:
    told = of_answer("ada/shpo:w-1", RegistryAnswer(404), None, [IMAGE, "gcr.io/other:1"])
    assert told
    assert (told.code, told.likely) == ("RepositoryMissing", "did you mean docker.io/ada/shop?")


def test_an_image_whose_parts_are_gone_is_gone() -> None:
    assert of_parts(IMAGE, []) is None
    told = of_parts(IMAGE, [ONE, TWO])
    assert told
    assert told.code == "ImageGone"
    assert told.sentence == f"{IMAGE} is there by name alone: 2 parts of it are not"
    assert told.evidence == f"{ONE}\n{TWO}"


def test_a_tag_that_has_moved_is_told_with_both_digests() -> None:
    assert of_tag(IMAGE, ONE, ONE) is None
    assert of_tag(IMAGE, ONE, "") is None
    told = of_tag("ada/shop:w-1", ONE, TWO)
    assert told
    assert told.code == "TagMoved"
    assert told.sentence == (
        "tag w-1 of docker.io/ada/shop has moved: sha256:111111111111 was pushed, and it is "
        "sha256:222222222222 now"
    )
    assert told.seen == f"pushed {ONE}, now {TWO}"


def pod(image: str, runs: str) -> dict[str, Any]:
    container = {"name": "shop", "image": image}
    return {
        "metadata": {"name": "shop-1"},
        "spec": {"containers": [container]},
        "status": {"containerStatuses": [{"name": "shop", "imageID": runs}]},
    }


@pytest.mark.parametrize(
    ("image", "runs", "number"),
    [
        ("ada/shop:w-1", f"docker.io/ada/shop@{TWO}", 1),
        ("ada/shop:w-1", f"docker.io/ada/shop@{ONE}", 0),
        ("ada/shop:w-1", "sha256:0a1b", 0),  # it was loaded, and not pulled
        ("ada/shop:w-1", "", 0),  # it is not there yet
        ("ada/other:w-1", f"docker.io/ada/other@{TWO}", 0),
    ],
)
def test_pods_that_run_another_content_than_was_pushed_are_told(
    image: str, runs: str, number: int
) -> None:
    told = of_pods({IMAGE: ONE}, [pod(image, runs), pod(image, runs)])
    assert len(told) == number
    for each in told:
        assert each.sentence == (
            f"pod shop-1, container shop runs another {IMAGE} than was pushed: "
            "sha256:111111111111 was pushed, and it runs sha256:222222222222"
        )
