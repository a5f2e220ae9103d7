"""The public face as a type checker sees it: mypy reads this, and nothing runs it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import assert_type

from pytest_canary import (
    Api,
    Cluster,
    Database,
    Expect,
    Options,
    Plan,
    Rehearsal,
    Release,
    Settings,
    Traffic,
    load_settings,
    make_plan,
)
from pytest_canary.errors import CanaryError, FoundError


def plan(project: Path) -> Plan:
    settings = load_settings(project)
    assert_type(settings, Settings)
    return make_plan(settings, Options(baseline="shop:1.4", until="canary"))


def rehearse(project: Path) -> None:
    with Rehearsal.of(project, Options(baseline="none", keep="on-failure")) as rehearsal:
        rehearsal.enter("canary")
        assert_type(rehearsal.expect, Expect)
        rehearsal.expect.replicas("canary", 1)
        rehearsal.expect.replicas("stable", 2, of="baseline")
        rehearsal.expect.write_and_read()
        rehearsal.expect.write_and_read(rehearsal.api)
        rehearsal.expect.no_lost_request()
        rehearsal.expect.connections("canary", "stable")
        assert_type(rehearsal.sample("baseline", "candidate"), Counter[str])
        assert_type(rehearsal.cluster, Cluster)
        assert_type(rehearsal.release, Release)
        assert_type(rehearsal.database, Database)
        assert_type(rehearsal.api, Api)
        assert_type(rehearsal.traffic, Traffic)
        assert_type(rehearsal.plan, Plan)
    rehearsal.expect.nothing_left()


def explain(error: CanaryError) -> str:
    if isinstance(error, FoundError):
        return error.findings[0].code
    return error.sentence
