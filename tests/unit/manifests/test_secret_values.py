"""Which values of Secrets are masked wherever they come out."""

from __future__ import annotations

import base64
from pathlib import Path

from pytest_canary.manifests.documents import Source
from pytest_canary.manifests.parsing import parse
from pytest_canary.manifests.secret_values import secret_values

HEAD = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n"


def of(text: str) -> list[str]:
    return secret_values(parse(Source(Path("s.yml"), "s.yml", text)).documents)


def test_a_secrets_values_are_known_as_pods_see_them() -> None:
    hidden = base64.b64encode(b"open-sesame").decode()
    plain = "stringData: {TOKEN: let-me-in, URL: 'redis://me:way-in@queue:6379', PORT: 6379}"
    found = of(f"{HEAD}data: {{REDIS_PASSWORD: {hidden}, HOST: {hidden}}}\n{plain}\n")
    assert found == ["open-sesame", "let-me-in", "way-in"]


def test_what_is_no_text_or_no_secret_is_left_out() -> None:
    key = base64.b64encode(b"\xff\xfe\x00private").decode()
    assert of(f"{HEAD}data: {{KEY: {key}, PASSWORD: '?'}}\n") == []
    assert of(HEAD.replace("Secret", "ConfigMap") + "data: {PASSWORD: in-the-open}\n") == []
