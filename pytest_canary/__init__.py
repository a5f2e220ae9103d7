"""Rehearse a release on a real, throw-away Kubernetes: canary, migration, stable and rollback.

`pytest --canary` does it; `Rehearsal` does it from a script too:

    with Rehearsal.of(Path.cwd(), Options(baseline="shop:1.4")) as rehearsal:
        rehearsal.enter("canary")
        rehearsal.expect.replicas("canary", 1)

What is named here and in `pytest_canary.errors` is public; everything else is private, and may
change at any time. So may the members of a public class that its docstring calls the plugin's own.
Nothing heavy is imported before it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_canary.analysis.comparison import Comparison
    from pytest_canary.analysis.verdict import Verdict
    from pytest_canary.api.addressbook import Addressbook, Person
    from pytest_canary.api.answers import Answer
    from pytest_canary.api.client import Api
    from pytest_canary.api.factory import client_for
    from pytest_canary.api.read_back import ReadBack
    from pytest_canary.api.writes import Row
    from pytest_canary.cluster.kind import Cluster
    from pytest_canary.config.api_settings import Request
    from pytest_canary.config.baseline import Baseline, Commit
    from pytest_canary.config.options import Options
    from pytest_canary.config.plan import Plan
    from pytest_canary.config.settings import Settings
    from pytest_canary.core.errors import CanaryError
    from pytest_canary.core.findings import Finding
    from pytest_canary.database.database import Database
    from pytest_canary.k8s.exec import Exec
    from pytest_canary.rehearsal.expect import Expect
    from pytest_canary.rehearsal.planning import load_settings, make_plan
    from pytest_canary.rehearsal.rehearsal import Rehearsal
    from pytest_canary.release.diagnostics import Diagnostics
    from pytest_canary.release.release import Release
    from pytest_canary.traffic.cost import Cost
    from pytest_canary.traffic.exchange import Exchange, Kind
    from pytest_canary.traffic.summary import Bin, Summary
    from pytest_canary.traffic.traffic import Traffic

__all__ = [
    "Addressbook",
    "Answer",
    "Api",
    "Baseline",
    "Bin",
    "CanaryError",
    "Cluster",
    "Commit",
    "Comparison",
    "Cost",
    "Database",
    "Diagnostics",
    "Exchange",
    "Exec",
    "Expect",
    "Finding",
    "Kind",
    "Options",
    "Person",
    "Plan",
    "ReadBack",
    "Rehearsal",
    "Release",
    "Request",
    "Row",
    "Settings",
    "Summary",
    "Traffic",
    "Verdict",
    "client_for",
    "load_settings",
    "make_plan",
]

# The module of each public name.
_HOMES = {
    "Addressbook": "api.addressbook",
    "Answer": "api.answers",
    "Api": "api.client",
    "Baseline": "config.baseline",
    "Bin": "traffic.summary",
    "CanaryError": "core.errors",
    "Cluster": "cluster.kind",
    "Commit": "config.baseline",
    "Comparison": "analysis.comparison",
    "Cost": "traffic.cost",
    "Database": "database.database",
    "Diagnostics": "release.diagnostics",
    "Exchange": "traffic.exchange",
    "Exec": "k8s.exec",
    "Expect": "rehearsal.expect",
    "Finding": "core.findings",
    "Kind": "traffic.exchange",
    "Options": "config.options",
    "Person": "api.addressbook",
    "Plan": "config.plan",
    "ReadBack": "api.read_back",
    "Rehearsal": "rehearsal.rehearsal",
    "Release": "release.release",
    "Request": "config.api_settings",
    "Row": "api.writes",
    "Settings": "config.settings",
    "Summary": "traffic.summary",
    "Traffic": "traffic.traffic",
    "Verdict": "analysis.verdict",
    "client_for": "api.factory",
    "load_settings": "rehearsal.planning",
    "make_plan": "rehearsal.planning",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
