"""What a run asks of a cluster's access control: what it may, and a token for its account."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from pytest_canary.k8s.connection import Connection
from pytest_canary.k8s.objects import Object
from pytest_canary.k8s.paths import path_of
from pytest_canary.k8s.rights import Right

# Questions that are asked at once; there are some sixty.
AT_ONCE = 8


@dataclass(frozen=True)
class Token:
    """What opens the API server for an account.

    Attributes:
        text: the token itself, a secret.
        seconds: for how long it holds, which may be less than was asked for.
    """

    text: str
    seconds: float


class AccessApi:
    """The access control of one namespace, as the connection's user has it.

    Args:
        connection: the way to the API server.
        namespace: the namespace that is meant; it may not be there yet.
    """

    def __init__(self, connection: Connection, namespace: str) -> None:
        self._connection = connection
        self._namespace = namespace

    def missing_rights(self, rights: Iterable[Right], *, everywhere: bool = False) -> list[str]:
        """Which of some rights the user has not: "create deployments.apps", one a verb.

        Args:
            rights: what is asked for.
            everywhere: whether in the whole cluster; otherwise in the namespace.
        """
        asked = [(verb, right) for right in rights for verb in right.verbs]
        where = "" if everywhere else self._namespace
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="rights") as pool:
            allowed = pool.map(lambda each: self._may(each[0], each[1], where), asked)
            return [
                _describe_right(*each) for each, may in zip(asked, allowed, strict=True) if not may
            ]

    def _may(self, verb: str, right: Right, where: str) -> bool:
        name, _, part = right.resource.partition("/")
        attributes = {
            "verb": verb,
            "group": right.group,
            "resource": name,
            "subresource": part,
            "namespace": where,
        }
        # A namespace is a thing in itself, by its name.
        if name == "namespaces" and where:
            attributes["name"] = where
        answer = self._ask(
            "ask what the user may",
            path_of("SelfSubjectAccessReview"),
            {"spec": {"resourceAttributes": attributes}},
        )
        return bool(answer["status"].get("allowed"))

    def own_rules(self) -> Iterator[dict[str, Any]]:
        """What the user may in the namespace, as the rules of a Role."""
        answer = self._ask(
            "ask for the user's rules",
            path_of("SelfSubjectRulesReview"),
            {"spec": {"namespace": self._namespace}},
        )
        for rule in answer["status"].get("resourceRules") or []:
            if rule.get("apiGroups") and rule.get("resources") and rule.get("verbs"):
                yield rule

    def token(self, account: str, seconds: int) -> Token:
        """A token for a ServiceAccount of the namespace, by the TokenRequest API.

        Raises:
            ClusterError: there is no such account, or the user may not have one.
        """
        body = {"spec": {"expirationSeconds": seconds}}
        answer = self._ask(
            f"get a token for ServiceAccount {account}",
            path_of("ServiceAccount", account, "token", namespace=self._namespace),
            body,
        )
        until = datetime.datetime.fromisoformat(answer["status"]["expirationTimestamp"])
        return Token(answer["status"]["token"], (until - self._connection.now()).total_seconds())

    def _ask(self, what: str, path: str, body: Object) -> Any:
        told = self._connection.ask(what, self._namespace, path, method="POST", body=body)
        return json.loads(told or b"{}")


def _describe_right(verb: str, right: Right) -> str:
    name, slash, part = right.resource.partition("/")
    group = f".{right.group}" if right.group else ""
    return f"{verb} {name}{group}{slash}{part}"
