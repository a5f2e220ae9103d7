"""`@pytest.mark.canary("stable")`: only a marker whose one argument is a stage is ours."""

from __future__ import annotations

import pytest

from pytest_canary.config.options import STAGES


def stage_named(item: pytest.Item) -> str:
    """The stage that the nearest such marker names; empty where none does."""
    return next(filter(None, map(_stage, item.iter_markers("canary"))), "")


def _stage(marker: pytest.Mark) -> str:
    one = marker.args[0] if len(marker.args) == 1 and not marker.kwargs else None
    return one if isinstance(one, str) and one in STAGES else ""
