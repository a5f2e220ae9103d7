"""Fields that the API server lets nobody change on an object that is there.

Of each kind, what its own validation says; a kind that nobody here knows has none.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from typing import Any

from pytest_canary.changes.settled import describe, first_difference, settle
from pytest_canary.changes.version_objects import VersionObjects, contents, owner_of
from pytest_canary.k8s.quantities import quantity_or_none
from pytest_canary.manifests.documents import Document, Fault, Place, place_text
from pytest_canary.manifests.jobs import is_hook
from pytest_canary.manifests.templates import Script

SELECTOR: Place = ("spec", "selector")

FIELDS: dict[str, tuple[Place, ...]] = {
    "Deployment": (SELECTOR,),
    "ReplicaSet": (SELECTOR,),
    "DaemonSet": (SELECTOR,),
    "StatefulSet": (
        SELECTOR,
        ("spec", "serviceName"),
        ("spec", "podManagementPolicy"),
        ("spec", "volumeClaimTemplates"),
    ),
    "Job": (
        SELECTOR,
        ("spec", "template"),
        ("spec", "completionMode"),
        ("spec", "podFailurePolicy"),
        ("spec", "successPolicy"),
        ("spec", "backoffLimitPerIndex"),
    ),
    "PersistentVolumeClaim": (
        ("spec", "accessModes"),
        ("spec", "volumeMode"),
        ("spec", "selector"),
    ),
    "RoleBinding": (("roleRef",),),
    "Secret": (("type",),),
}

# What stands where a field is left out.
DEFAULTS: dict[tuple[str, str], Any] = {
    ("StatefulSet", "podManagementPolicy"): "OrderedReady",
    ("Job", "completionMode"): "NonIndexed",
    ("PersistentVolumeClaim", "volumeMode"): "Filesystem",
    ("Secret", "type"): "Opaque",
}

# What no API server sets by itself, as long as both versions say it.
SAID: dict[str, tuple[Place, ...]] = {
    "PersistentVolumeClaim": (("spec", "storageClassName"), ("spec", "volumeName")),
    "Service": (("spec", "loadBalancerClass"), ("spec", "ipFamilies", 0)),
}

# Types of Services that have to have an address.
OUTER = ("NodePort", "LoadBalancer")

# How a script takes objects away before it makes them.
ANEW = re.compile(r"\bkubectl\b[^\n]*\s(?:delete|replace)\b|--force\b(?!-)")

# The parts of a Secret or ConfigMap that hold something; what is written last counts.
PARTS = ("stringData", "data", "binaryData")

# Characters of a value that are no matter of few words.
_LONG = 80

KEEPS = {
    "Deployment": "; with --cascade=orphan its pods stay",
    "StatefulSet": "; with --cascade=orphan its pods stay",
    "DaemonSet": "; with --cascade=orphan its pods stay",
    "PersistentVolumeClaim": ", once what it holds is copied",
}


def immutable_fields(live: VersionObjects, made: VersionObjects) -> Iterator[Fault]:
    """Where a version changes what can't be changed on the live one's objects.

    Args:
        live: the version that is on the cluster.
        made: the one that is applied over it.
    """
    for document in made.objects:
        before = live.find(owner_of(document))
        if before is None or _comes_anew(made, document, before):
            continue
        for place in _changes(before, document):
            if live.clear(before, *place) and made.clear(document, *place):
                yield _fault(live.title, before, document, place)


def _fault(title: str, before: Document, after: Document, place: Place) -> Fault:
    spot = first_difference(before.at(*place), after.at(*place), place)
    old, new = _describe_value(before, place), _describe_value(after, place)
    named = place
    if max(len(old), len(new)) > _LONG:
        named, old, new = spot, _describe_value(before, spot), _describe_value(after, spot)
    why = f"{title} has {old}, and this version {new}"
    # What a pod's variables hold may be secret, and an image's name is the release's own.
    if place[-1] == "template" or max(len(old), len(new)) > _LONG:
        why = f"{title} has another"
    elif _is_held(place):
        # No value of a Secret's is told.
        why = f"{title} has it as immutable"
    what = f"{place_text(named)} of {after.kind} {after.name}"
    return after.fault(spot, f"{what} can't be changed on a live object: {why}", _remedy(after))


def makes_anew(script: Script) -> bool:
    """Whether a script makes objects anew instead of changing them."""
    return ANEW.search(script.text) is not None


def _comes_anew(made: VersionObjects, document: Document, before: Document) -> bool:
    """Whether there is no old object to be changed once this one is applied."""
    if document.source == made.template and makes_anew(made.script):
        return True
    # Whoever runs the hook deletes what the last one has left.
    return is_hook(document) or before.at("spec", "ttlSecondsAfterFinished") is not None


def _changes(before: Document, after: Document) -> Iterator[Place]:
    """Each place that changes, and can't."""
    kind = after.kind
    for place in FIELDS.get(kind, ()):
        default = DEFAULTS.get((kind, str(place[-1])))
        old, new = ({"": each.at(*place) or default} for each in (before, after))
        if _comparable(kind, place, old) != _comparable(kind, place, new):
            yield place
    for place in SAID.get(kind, ()):
        old_value, new_value = before.at(*place), after.at(*place)
        if old_value and new_value and old_value != new_value:
            yield place
    if kind in SPECIAL:
        yield from SPECIAL[kind](before, after)


def _comparable(kind: str, place: Place, value: dict[str, Any]) -> Any:
    if (kind, place[-1]) == ("StatefulSet", "volumeClaimTemplates"):
        claims = value[""] if isinstance(value[""], list) else []
        # The API server puts its own kind and version into each.
        return [
            settle({key: part for key, part in each.items() if key in ("metadata", "spec")})
            for each in claims
            if isinstance(each, dict)
        ]
    return settle(value)


def _describe_value(document: Document, place: Place) -> str:
    value = document.at(*place)
    if place == SELECTOR and isinstance(value, dict) and [*value] == ["matchLabels"]:
        value = value["matchLabels"]
    default = DEFAULTS.get((document.kind, str(place[-1])))
    return f"{default}, the default" if not value and default else describe(value)


def _is_held(place: Place) -> bool:
    return place[0] in ("immutable", *PARTS)


def _service(before: Document, after: Document) -> Iterator[Place]:
    """A Service keeps its address; one that asks for none has none to lose."""
    place: Place = ("spec", "clusterIP")
    if "ExternalName" in (before.at("spec", "type"), after.at("spec", "type")):
        return
    new, old = after.at(*place), before.at(*place)
    # One that is left out stays as it is, and what has none can't be reached from outside.
    stays_headless = not new and old == "None" and after.at("spec", "type") in OUTER
    if (new and new != old) or stays_headless:
        yield place


def _job(before: Document, after: Document) -> Iterator[Place]:
    """A Job runs as often as it was to, unless it counts its pods."""
    place: Place = ("spec", "completions")
    if before.at(*place) is None and after.at(*place) is None:
        return  # what stands there by default stays
    if "Indexed" not in (each.at("spec", "completionMode") for each in (before, after)):
        old, new = (_completions(each) for each in (before, after))
        if old != new:
            yield place


def _completions(job: Document) -> Any:
    alone = job.at("spec", "parallelism") is None
    return job.at("spec", "completions") or (1 if alone else None)


def _content_changes(before: Document, after: Document) -> Iterator[Place]:
    """What a Secret or ConfigMap holds that says that it is immutable."""
    if before.at("immutable") is not True:
        return
    if after.at("immutable") is not True:
        yield ("immutable",)
    old, new = _decode(before), _decode(after)
    for key in (*new, *(key for key in old if key not in new)):
        if old.get(key) != new.get(key):
            yield next((each for each in PARTS if key in after.table(each)), "data"), key


def _decode(document: Document) -> dict[str, Any]:
    if document.kind != "Secret":
        return contents(document)
    plain = {}
    for key, value in document.table("data").items():
        try:
            plain[key] = base64.b64decode(str(value)).decode(errors="replace")
        except (binascii.Error, ValueError):
            plain[key] = str(value)
    return plain | {key: str(value) for key, value in document.table("stringData").items()}


def _claim(before: Document, after: Document) -> Iterator[Place]:
    """A claim may grow, and not shrink."""
    place: Place = ("spec", "resources", "requests", "storage")
    old, new = quantity_or_none(before.at(*place)), quantity_or_none(after.at(*place))
    if old is not None and new is not None and new < old:
        yield place


SPECIAL: dict[str, Callable[[Document, Document], Iterator[Place]]] = {
    "Service": _service,
    "Job": _job,
    "Secret": _content_changes,
    "ConfigMap": _content_changes,
    "PersistentVolumeClaim": _claim,
}


def _remedy(document: Document) -> str:
    if document.kind == "Job":
        return (
            "give it a name of its own in each version, or let ttlSecondsAfterFinished or "
            "`kubectl delete` remove the last one first"
        )
    return (
        "leave it as it is; else give the object another name, or `kubectl delete` the live one "
        f"first{KEEPS.get(document.kind, '')}"
    )
