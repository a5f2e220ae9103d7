"""Kubernetes' own schema of one version, and what in a manifest does not fit it.

The schemas are those that kubernetes-validate ships. Its validator is left out: it stops at the
first mistake, has no lines, and importing it takes longer than the whole check.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pytest_canary.core.wording import did_you_mean
from pytest_canary.manifests.definitions import schemas
from pytest_canary.manifests.documents import Document, Fault
from pytest_canary.manifests.fitting import misfits

FOLDER = re.compile(r"v(\d+)\.(\d+)\.\d+-local-strict")
MINOR = re.compile(r"v?(\d+)\.(\d+)")


KubernetesVersion = tuple[int, int]
"""Kubernetes' version as far as schemas differ: (1, 35)."""


def versions() -> dict[KubernetesVersion, Path]:
    """The versions that have a schema here, and the folder of each."""
    # Found, and not imported: see above.
    spec = find_spec("kubernetes_validate")
    folders = spec.submodule_search_locations if spec else None
    top = Path((folders or ["."])[0]) / "kubernetes-json-schema"
    matches = {each: FOLDER.fullmatch(each.name) for each in top.iterdir()}
    return {(int(match[1]), int(match[2])): each for each, match in matches.items() if match}


def nearest_version(
    wanted: KubernetesVersion | None, known: Sequence[KubernetesVersion]
) -> KubernetesVersion:
    """The version whose schema is used: the newest that is not newer than the wanted one.

    Args:
        wanted: the cluster's; None where it is not known, which takes the newest of all.
        known: those that have a schema; must not be empty.
    """
    older = [each for each in known if wanted is None or each <= wanted]
    return max(older) if older else min(known)


def version_of(node_image: str | None) -> KubernetesVersion | None:
    """The version in a node image's tag, as kind's own have it: "kindest/node:v1.35.4"."""
    tag = (node_image or "").partition("@")[0].rpartition(":")[2]
    match = MINOR.match(tag)
    return (int(match[1]), int(match[2])) if match else None


@cache
def of_version(wanted: KubernetesVersion | None) -> KubernetesSchema:
    """The schema that is nearest to a version."""
    known = versions()
    version = nearest_version(wanted, list(known))
    text = (known[version] / "_definitions.json").read_text(encoding="utf-8")
    return KubernetesSchema(version, json.loads(text)["$defs"])


class KubernetesSchema:
    """What one version of Kubernetes takes.

    Args:
        version: one of `versions()`.
        definitions: its schemas, by their names.

    Attributes:
        own_groups: API groups whose kinds are a project's own.
    """

    def __init__(self, version: KubernetesVersion, definitions: Mapping[str, Any]) -> None:
        self.version = version
        self.definitions = definitions
        self.own_groups: frozenset[str] = frozenset()

    def with_definitions(self, documents: Iterable[Document]) -> KubernetesSchema:
        """The same with the kinds of one's own that definitions among the documents make."""
        more = schemas(documents)
        if not more:
            return self
        made = KubernetesSchema(self.version, {**self.definitions, **more})
        made.own_groups = frozenset(name.partition("/")[0] for name in more)
        return made

    @property
    def title(self) -> str:
        """As one says it: "Kubernetes 1.35"."""
        return "Kubernetes {}.{}".format(*self.version)

    @cached_property
    def kinds(self) -> dict[tuple[str, str], str]:
        """The definition of each kind, by its apiVersion and its name."""
        found: dict[tuple[str, str], str] = {}
        for name, schema in self.definitions.items():
            for each in schema.get("x-kubernetes-group-version-kind", []):
                api = f"{each['group']}/{each['version']}".removeprefix("/")
                # Objects have metadata; what is sent along with a request has none.
                if "metadata" in schema.get("properties", {}):
                    found[api, each["kind"]] = name
        return found

    def knows(self, document: Document) -> bool:
        """Whether there is a schema for an object's kind; resources of one's own have none."""
        return (document.value["apiVersion"], document.kind) in self.kinds

    def misfits(self, document: Document) -> Iterator[Fault]:
        """Everything in an object that the version does not take."""
        if self.knows(document):
            name = self.kinds[document.value["apiVersion"], document.kind]
            yield from misfits(document, self.definitions[name], self.definitions)
        else:
            yield from self._unknown(document)

    def is_foreign(self, document: Document) -> bool:
        """Whether an object is of a kind of somebody's own that nothing here defines."""
        api, kind = document.value["apiVersion"], document.kind
        group = api.rpartition("/")[0]
        if group in self.own_groups:
            return not any(a.rpartition("/")[0] == group and k == kind for a, k in self.kinds)
        return "." in group and group not in {a.rpartition("/")[0] for a, _ in self.kinds}

    def _unknown(self, document: Document) -> Iterator[Fault]:
        if self.is_foreign(document):
            return
        api, kind = document.value["apiVersion"], document.kind
        group = api.rpartition("/")[0]
        elsewhere = sorted({a for a, k in self.kinds if k == kind}, reverse=True)
        elsewhere.sort(key=lambda a: (a.rpartition("/")[0] != group, "alpha" in a, "beta" in a))
        owner = f"the CRD of {kind}" if group in self.own_groups else self.title
        sentence = f"{owner} has no {kind} in {api}"
        if elsewhere:
            fix = f"write apiVersion: {elsewhere[0]}"
            yield document.fault(("apiVersion",), sentence, fix, "unknown-kind")
            return
        gone = "take it out, or write what has come in its place"
        fix = did_you_mean(kind, {k for _, k in self.kinds}, otherwise=gone)
        yield document.fault(("kind",), sentence, fix, "unknown-kind")
