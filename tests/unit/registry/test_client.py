"""What a registry answers, read as it comes: also from one that answers nonsense."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from fakes.tls import DIGEST, serving

from pytest_canary.core.processes import Processes
from pytest_canary.registry.certificate import make_certificate
from pytest_canary.registry.client import Client, Login, logins_of

CONFIG, LAYER, GONE = (f"sha256:{each * 64}" for each in "abc")
IMAGE = {"config": {"digest": CONFIG}, "layers": [{"digest": LAYER}, {"digest": GONE}]}
ANSWERS: dict[str, tuple[int, Any]] = {
    "/v2/": (200, {}),
    "/v2/shop/manifests/1": (200, IMAGE),
    "/v2/shop/manifests/all": (200, {"manifests": [{"digest": "sha256:1"}, {"digest": "gone"}]}),
    "/v2/shop/manifests/sha256:1": (200, IMAGE),
    "/v2/shop/manifests/odd": (200, {"config": [], "layers": {"digest": 1}, "manifests": ["x"]}),
    f"/v2/shop/blobs/{CONFIG}": (200, ""),
    f"/v2/shop/blobs/{LAYER}": (200, ""),
    "/v2/shop/tags/list": (200, {"name": "shop", "tags": ["1"]}),
    "/v2/none/tags/list": (404, {"errors": [{"code": "NAME_UNKNOWN", "message": "…"}]}),
    "/v2/odd/tags/list": (500, {"errors": ["x", {"message": "y"}, {"code": 3}]}),
    "/v2/list/tags/list": (502, "[1]"),
    "/v2/html/tags/list": (502, "<html>"),
    "/v2/deep/tags/list": (502, "[" * 100_000),
}


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    made = make_certificate(Processes(), ["registry.svc"])
    with serving(made, ANSWERS) as port:
        yield Client(port, made.certificate, Login("ada", "enigma"))


def test_an_image_is_known_by_its_digest(client: Client) -> None:
    found = client.look("shop", "1")
    assert (found.status, found.digest, found.content) == (200, DIGEST, {})
    assert client.look("shop", "2").status == 404


def test_errors_are_known_by_their_codes(client: Client) -> None:
    assert client.tags("shop").content["tags"] == ["1"]
    found = client.tags("none")
    assert (found.status, found.codes) == (404, ("NAME_UNKNOWN",))


@pytest.mark.parametrize(
    ("name", "codes"), [("odd", ("3",)), ("list", ()), ("html", ()), ("deep", ())]
)
def test_what_is_no_answer_of_a_registrys_is_read_too(
    client: Client, name: str, codes: tuple[str, ...]
) -> None:
    assert client.tags(name).codes == codes


@pytest.mark.parametrize(
    ("reference", "missing"),
    [("1", [GONE]), ("all", [GONE, "gone"]), ("2", ["2"]), ("odd", [])],
)
def test_the_parts_of_an_image_that_are_not_there_are_found(
    client: Client, reference: str, missing: list[str]
) -> None:
    assert list(client.missing_parts("shop", reference)) == missing


def test_a_registry_that_is_not_there_does_not_answer(client: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    found = Client(port, client.certificate).ping()
    assert found.status == 0
    assert "Connection refused" in found.failure


def test_a_login_is_what_one_secret_gives_of_both() -> None:
    secrets = [{"USER": "ada", "PASSWORD": "x"}, {"USER": "bea"}, {"PASSWORD": "y", "OTHER": ""}]
    assert logins_of(secrets, "USER", "PASSWORD") == [Login("ada", "x")]
