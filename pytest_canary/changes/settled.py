"""Values as the API server settles them, so that two ways to write the same are no change."""

from __future__ import annotations

from typing import Any

from pytest_canary.k8s.image_names import full_name, tag
from pytest_canary.k8s.quantities import quantity_or_none
from pytest_canary.manifests.documents import Place

# What is put where nothing stands, in pods' templates and claims; by key, as none has two meanings.
DEFAULTS = {
    "apiGroup": "rbac.authorization.k8s.io",
    "apiVersion": None,
    "creationTimestamp": None,
    "defaultMode": 420,
    "dnsPolicy": "ClusterFirst",
    "enableServiceLinks": True,
    "failureThreshold": 3,
    "initialDelaySeconds": 0,
    "optional": False,
    "periodSeconds": 10,
    "protocol": "TCP",
    "readOnly": False,
    "schedulerName": "default-scheduler",
    "scheme": "HTTP",
    "successThreshold": 1,
    "terminationGracePeriodSeconds": 30,
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
    "timeoutSeconds": 1,
    "volumeMode": "Filesystem",
}

# Quantities stand below these, by resource.
AMOUNTS = ("requests", "limits")


def settle(value: Any) -> Any:
    """A value without what says nothing: what is empty, and what is the default anyway."""
    if isinstance(value, dict):
        return _table(value)
    if isinstance(value, list):
        return [settle(each) for each in value]
    return value


def _table(value: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, each in value.items():
        # None: the cluster knows it, whatever is said here.
        if key in DEFAULTS and DEFAULTS[key] in (None, each):
            continue
        if key == "imagePullPolicy" and each == _pull_policy(value.get("image")):
            continue
        below = _amounts(each) if key in AMOUNTS and isinstance(each, dict) else settle(each)
        if below not in (None, {}, [], ""):
            found[key] = below
    return found


def _amounts(value: dict[str, Any]) -> dict[str, Any]:
    return {name: quantity_or_none(each) or each for name, each in value.items()}


def _pull_policy(image: Any) -> str:
    """What Kubernetes takes for an image's pull policy where nothing is said."""
    return "Always" if tag(full_name(str(image))) == "latest" else "IfNotPresent"


def first_difference(before: Any, after: Any, place: Place) -> Place:
    """Where two values differ first, in the order of the second; what both have is left out."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, each in after.items():
            if settle({key: each}) != settle({key: before.get(key)}):
                return first_difference(before.get(key), each, (*place, key))
    elif isinstance(before, list) and isinstance(after, list):
        for number, each in enumerate(after):
            known = before[number] if number < len(before) else None
            if settle(each) != settle(known):
                return first_difference(known, each, (*place, number))
    return place


def describe(value: Any) -> str:
    """A value for a person, in few words: "app: shop, tier: web"."""
    if isinstance(value, dict) and value:
        return ", ".join(f"{key}: {_short(each)}" for key, each in value.items())
    return _short(value)


def _short(value: Any) -> str:
    if value in (None, "", {}, []):
        return "nothing"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_short(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_short(each) for each in value) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)
