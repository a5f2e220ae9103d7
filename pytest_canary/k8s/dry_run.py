"""What the API server says of an object before it is applied: `kubectl apply --dry-run=server`.

As kubectl does, an object that is there is changed by what it has, and loses what it had when it
was applied before and has no more; one that isn't there is made. Nothing of it is kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pytest_canary.k8s.connection import Connection, UnansweredError
from pytest_canary.k8s.objects import Object

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

# Whoever applies is known by this name, and a field that nobody knows is refused.
QUERY = {
    "dryRun": "All",
    "fieldManager": "kubectl-client-side-apply",
    "fieldValidation": "Strict",
}

NO_MATCH = "NoMatch"
"""The reason, in kubectl's words, where the API server knows no such kind."""


@dataclass(frozen=True)
class Refusal:
    """What the API server has against an object.

    Attributes:
        reason: in one word, as the API server or kubectl has it: "Invalid".
        message: in its own words, masked.
        causes: each field that it names, with why; in its own words, masked.
    """

    reason: str
    message: str
    causes: tuple[tuple[str, str], ...] = ()


class DryRun:
    """Asks an API server what it would say.

    Args:
        connection: the way to it.
        namespace: of the objects that name none.
    """

    def __init__(self, connection: Connection, namespace: str) -> None:
        self._connection = connection
        self._namespace = namespace
        self._kinds: dict[str, dict[str, tuple[str, bool]]] = {}

    def apply(self, body: Object) -> Refusal | None:
        """What the API server has against an object; None where it takes it.

        Raises:
            ClusterError: it does not answer, or not as an API server does.
        """
        known = self._kind(str(body["apiVersion"])).get(str(body["kind"]))
        if known is None:
            said = f'no matches for kind "{body["kind"]}" in version "{body["apiVersion"]}"'
            return Refusal(NO_MATCH, said)
        plural, namespaced = known
        metadata = body["metadata"]
        there = f"/namespaces/{quote(metadata.get('namespace') or self._namespace)}"
        path = f"{_root(str(body['apiVersion']))}{there if namespaced else ''}/{plural}"
        one = f"{path}/{quote(str(metadata['name']))}"
        live = self._ask("GET", one)
        if live.status == 404:
            return self._refusal(self._ask("POST", path, body))
        if live.status != 200:
            return self._refusal(live)
        patch = change(_json(live), body)
        return self._refusal(self._ask("PATCH", one, patch))

    def _kind(self, version: str) -> dict[str, tuple[str, bool]]:
        """The kinds of a group's version: the path's word for each, and whether in namespaces."""
        if version not in self._kinds:
            found = self._ask("GET", _root(version))
            listed = _json(found).get("resources", []) if found.status == 200 else []
            self._kinds[version] = {
                str(each["kind"]): (str(each["name"]), bool(each["namespaced"]))
                for each in listed
                if "/" not in each["name"]
            }
        return self._kinds[version]

    def _ask(self, method: str, path: str, body: Object | None = None) -> BaseHTTPResponse:
        """The whole answer; what has a body is tried out alone."""
        from urllib3.exceptions import HTTPError

        query = None if body is None else QUERY
        try:
            with self._connection.request(method, path, query=query, body=body) as answer:
                # It is kept once it is read.
                _ = answer.data
        except HTTPError as error:
            raise UnansweredError(
                f"can't try an object out: {self._connection.host} does not answer; see that the "
                "cluster runs",
                self._connection.mask(error),
            ) from None
        return answer

    def _refusal(self, answer: BaseHTTPResponse) -> Refusal | None:
        if answer.status < 300:
            return None
        masked = self._connection.mask
        status = _json(answer)
        details = status.get("details") or {}
        return Refusal(
            str(status.get("reason") or answer.reason),
            masked(status.get("message") or answer.data.decode(errors="replace")),
            tuple(
                (str(each.get("field") or ""), masked(each.get("message") or ""))
                for each in details.get("causes") or []
            ),
        )


def change(live: Object, body: Object) -> dict[str, Any]:
    """The patch by which an object becomes what is applied, as JSON merges it.

    Args:
        live: the object as it is.
        body: what is applied.
    """
    annotations = (live.get("metadata") or {}).get("annotations") or {}
    try:
        last = json.loads(annotations.get(LAST_APPLIED, "{}"))
    except ValueError:
        last = {}
    patch = _merge(last if isinstance(last, dict) else {}, body)
    strategy, known = _strategy(patch), _strategy(live)
    if body.get("kind") == "Deployment" and strategy and known:
        # Of all that has a type, kubectl takes away of this alone what belongs to another type.
        patch["spec"]["strategy"] = {key: None for key in known if key not in strategy} | strategy
    return patch


def _strategy(deployment: Mapping[str, Any]) -> dict[str, Any]:
    spec = deployment.get("spec")
    found = spec.get("strategy") if isinstance(spec, dict) else None
    return found if isinstance(found, dict) else {}


def _merge(last: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """What is applied, with null for what was applied before and is no more."""
    patch: dict[str, Any] = {key: None for key in last if key not in body}
    for key, value in body.items():
        before = last.get(key)
        if isinstance(value, dict):
            patch[key] = _merge(before if isinstance(before, dict) else {}, value)
        else:
            patch[key] = value
    return patch


def _root(version: str) -> str:
    return f"/apis/{version}" if "/" in version else f"/api/{version}"


def _json(answer: BaseHTTPResponse) -> Object:
    try:
        found = json.loads(answer.data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
