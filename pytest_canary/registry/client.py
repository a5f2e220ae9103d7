"""Asks the run's registry what it has, by its HTTP API; from this machine.

https://distribution.github.io/distribution/spec/api/
"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

# Seconds for an answer, and bytes that are read of one.
ANSWERING, MOST = 20.0, 4_000_000

_DOCKER, _OCI = "application/vnd.docker.distribution.manifest", "application/vnd.oci.image"
_MANIFESTS = (
    f"{_DOCKER}.v2+json, {_DOCKER}.list.v2+json, {_OCI}.manifest.v1+json, {_OCI}.index.v1+json"
)


@dataclass(frozen=True)
class RegistryAnswer:
    """What a registry said, or why it said nothing.

    Attributes:
        status: HTTP's; 0 for no answer.
        codes: the errors that it names: "MANIFEST_UNKNOWN".
        digest: of the manifest that was asked for.
        content: what it has sent, where that is a JSON object.
        failure: why there is no answer.
    """

    status: int = 0
    codes: tuple[str, ...] = ()
    digest: str = ""
    content: dict[str, Any] = field(default_factory=dict)
    failure: str = ""


@dataclass(frozen=True)
class Login:
    """Who may push and pull."""

    user: str
    password: str = field(repr=False)

    @property
    def basic(self) -> str:
        """Both, as HTTP's basic authentication and docker's configuration have them."""
        return base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


def logins_of(secrets: Iterable[Mapping[str, str]], user: str, password: str) -> list[Login]:
    """The logins that a pipeline's secrets give.

    Args:
        secrets: the variables of each.
        user: the variable that says who logs in.
        password: the one that has the password.
    """
    return [Login(each[user], each[password]) for each in secrets if {user, password} <= set(each)]


@dataclass(frozen=True)
class Client:
    """Asks a registry at a port of this machine.

    Attributes:
        port: of 127.0.0.1.
        certificate: the one that is trusted, PEM.
        login: None for nobody.
    """

    port: int
    certificate: str = field(repr=False)
    login: Login | None = None

    def ping(self) -> RegistryAnswer:
        """Whether it is there, and takes the login."""
        return self._ask("GET", "")

    def look(self, repository: str, reference: str) -> RegistryAnswer:
        """A manifest's digest, by its tag or by the digest itself."""
        return self._ask("HEAD", f"{repository}/manifests/{reference}")

    def tags(self, repository: str) -> RegistryAnswer:
        """The tags of a repository; NAME_UNKNOWN where there is none of that name."""
        return self._ask("GET", f"{repository}/tags/list")

    def missing_parts(self, repository: str, reference: str) -> Iterator[str]:
        """The digests of an image's parts that are not there, of every platform's."""
        found = self._ask("GET", f"{repository}/manifests/{reference}")
        if found.status != http.HTTPStatus.OK:
            yield reference
            return
        for each in _digests(found.content.get("manifests")):
            yield from self.missing_parts(repository, each)
        blobs = [found.content.get("config"), *(found.content.get("layers") or ())]
        for each in _digests(blobs):
            answer = self._ask("HEAD", f"{repository}/blobs/{each}")
            if answer.status != http.HTTPStatus.OK:
                yield each

    def delete(self, repository: str, digest: str) -> RegistryAnswer:
        """Take a manifest away, under all its tags."""
        return self._ask("DELETE", f"{repository}/manifests/{digest}")

    def _ask(self, method: str, path: str) -> RegistryAnswer:
        # By itself, so that no proxy of the machine is asked for what is on it.
        headers = {"Accept": _MANIFESTS}
        if self.login:
            headers["Authorization"] = f"Basic {self.login.basic}"
        trusted = ssl.create_default_context(cadata=self.certificate)
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=ANSWERING, context=trusted
        )
        try:
            connection.request(method, f"/v2/{path}", headers=headers)
            response = connection.getresponse()
            body = response.read(MOST)
        except (OSError, http.client.HTTPException) as error:
            return RegistryAnswer(failure=str(error) or type(error).__name__)
        finally:
            connection.close()
        content = _object(body)
        return RegistryAnswer(
            response.status,
            tuple(_codes(content)),
            response.headers.get("Docker-Content-Digest", ""),
            content,
        )


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _codes(content: dict[str, Any]) -> Iterator[str]:
    errors = content.get("errors")
    for each in errors if isinstance(errors, list) else ():
        if isinstance(each, dict) and "code" in each:
            yield str(each["code"])


def _digests(parts: Any) -> Iterator[str]:
    for each in parts if isinstance(parts, list) else ():
        if isinstance(each, dict) and "digest" in each:
            yield str(each["digest"])
