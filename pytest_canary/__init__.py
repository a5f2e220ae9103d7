"""Rehearse a release on a real, throw-away Kubernetes: canary, migration, stable and rollback.

`pytest --canary` does it; `Walk` and its parts do it from a script too. Nothing heavy is imported
before it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_canary.api.addressbook import Addressbook, Person
    from pytest_canary.api.client import Answer, Api
    from pytest_canary.cluster.kind import Cluster
    from pytest_canary.cluster.run import Run
    from pytest_canary.config.options import Options
    from pytest_canary.config.plan import Plan
    from pytest_canary.config.settings import Settings
    from pytest_canary.core.errors import CanaryError
    from pytest_canary.database.database import Database
    from pytest_canary.k8s.observer import Observer
    from pytest_canary.k8s.rollout import Rollout
    from pytest_canary.manifests.version import Version
    from pytest_canary.rehearsal.rehearsal import Rehearsal
    from pytest_canary.release.release import Release
    from pytest_canary.traffic import Traffic

__all__ = [
    "Addressbook",
    "Answer",
    "Api",
    "CanaryError",
    "Cluster",
    "Database",
    "Observer",
    "Options",
    "Person",
    "Plan",
    "Rehearsal",
    "Release",
    "Rollout",
    "Run",
    "Settings",
    "Traffic",
    "Version",
]

# The module of each public name.
_MODULES = {
    "Addressbook": "api.addressbook",
    "Answer": "api.client",
    "Api": "api.client",
    "CanaryError": "core.errors",
    "Cluster": "cluster.kind",
    "Database": "database.database",
    "Observer": "k8s.observer",
    "Options": "config.options",
    "Person": "api.addressbook",
    "Plan": "config.plan",
    "Release": "release.release",
    "Rollout": "k8s.rollout",
    "Run": "cluster.run",
    "Settings": "config.settings",
    "Traffic": "traffic.traffic",
    "Version": "manifests.version",
    "Rehearsal": "rehearsal.rehearsal",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
