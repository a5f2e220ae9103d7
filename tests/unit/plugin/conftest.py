"""Items of a session that is not run, and what they are brought through its stages with."""

from __future__ import annotations

import gc
from collections.abc import Callable

import pytest
from fakes.stages import Checks, Stages

from pytest_canary.config.options import Options
from pytest_canary.config.plan import Baseline, Plan
from pytest_canary.config.settings import Settings
from pytest_canary.plugin.items import StageFile


@pytest.fixture(scope="session", autouse=True)
def small_heap() -> None:
    """Let the sessions of these tests look for garbage in what they made themselves.

    pytest looks through all that is alive, several times at each session's end.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture
def plan(configured: Callable[..., Settings]) -> Plan:
    return Plan(configured(name="shop"), Options(), Baseline("image", "shop:1", "an option"))


@pytest.fixture
def stages(plan: Plan) -> Stages:
    return Stages(plan)


@pytest.fixture
def session(pytester: pytest.Pytester) -> pytest.Session:
    return pytest.Session.from_config(pytester.parseconfigure())


@pytest.fixture
def checks(session: pytest.Session, stages: Stages) -> Checks:
    """Makes the items of a stage."""
    return lambda stage: list(StageFile.of(session, stages.rehearsal, stage).collect())
