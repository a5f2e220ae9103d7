"""Rehearse a release on a real, throw-away Kubernetes: canary, migration, stable and rollback.

`pytest --canary` does it; `Walk` and its parts do it from a script too. Nothing heavy is imported
before it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_canary.addressbook import Addressbook, Person
    from pytest_canary.api import Answer, Api
    from pytest_canary.cluster import Cluster
    from pytest_canary.database import Database
    from pytest_canary.errors import CanaryError
    from pytest_canary.observer import Observer
    from pytest_canary.ownership import Run
    from pytest_canary.plan import Options, Plan
    from pytest_canary.release import Release, Version
    from pytest_canary.rollout import Rollout
    from pytest_canary.settings import Settings
    from pytest_canary.traffic import Traffic
    from pytest_canary.walk import Walk

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
    "Release",
    "Rollout",
    "Run",
    "Settings",
    "Traffic",
    "Version",
    "Walk",
]

# The module of each name that does not share its own.
_MODULES = {
    "Answer": "api",
    "CanaryError": "errors",
    "Options": "plan",
    "Person": "addressbook",
    "Run": "ownership",
    "Version": "release",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_MODULES.get(name, name.lower())}"), name)
