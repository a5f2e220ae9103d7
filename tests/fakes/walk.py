"""A walk of the stand-ins' stages: how pytest is asked for it, and what it has and leaves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fakes.folders import ROOT

from pytest_canary import stages
from pytest_canary.config import settings_file
from pytest_canary.config.baseline import Baseline
from pytest_canary.config.options import Options
from pytest_canary.config.plan import Plan

STAGES = [
    "cluster",
    "baseline",
    "canary",
    "migration",
    "verdict",
    "stable",
    "rollback",
    "cleanup",
]
ROLLED_BACK = "automatic-rollback"
RUN = ("--canary", "--canary-baseline", "shop:1")

Entered = Callable[[], list[str]]
"""Tells the transitions that were made."""


def applying(stage: str) -> int:
    """How many of a stage's assertions an upgrade with the default settings has."""
    found = settings_file.check({"name": "addressbook"}, ROOT, "defaults")
    upgrade = Plan(found, Options(), Baseline("image", "shop:1", "--canary-baseline"))
    return len(stages.load(stage).checks_for(upgrade))


CHECKS = {stage: applying(stage) for stage in ("preflight", *STAGES, "automatic_rollback")}


def findings(folder: Path) -> Path:
    """Where the one run has put them whose are there."""
    (found,) = (folder / "findings").iterdir()
    return found
