"""Items of a session that is not run, and what they are brought through its stages with."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fakes.inner_sessions import pytester as pytester
from fakes.inner_sessions import small_heap as small_heap
from fakes.stages import Checks, Stages

from pytest_canary.config.baseline import Baseline
from pytest_canary.config.options import Options
from pytest_canary.config.plan import Plan
from pytest_canary.config.settings import Settings
from pytest_canary.plugin.items import StageFile


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
