"""A rehearsal whose transitions only write down that they were made.

What a stage does is not the subject of tests/plugin; a real cluster's is in tests/acceptance.
"""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pytest_canary import reporting, stages
from pytest_canary.cluster import teardown
from pytest_canary.core.errors import ReleaseError
from pytest_canary.rehearsal import rehearsal
from pytest_canary.reporting import compose  # noqa: F401 (once for all that run in this process)

STAGES = ("cluster", "baseline", "canary", "migration", "verdict", "stable", "rollback")

# For a pytest in a process of its own.
CONFTEST = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
import pytest
from fakes.stand_in import put_in_place
put_in_place(pytest.MonkeyPatch())
"""


class StandIn(rehearsal.Walk):
    """What the environment tells it to be.

    ENTERED is where transitions are written down; BREAKS those that fail, with commas; HANGS one
    that takes for ever.
    """

    begun = True

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        for stage in STAGES:
            setattr(self, f"_enter_{stage}", partial(self._note, stage))

    def clean_up(self) -> None:
        self.run.remove()
        self._note("cleanup")

    def _roll_back_by_itself(self) -> None:
        self._note("automatic-rollback")

    def _note(self, stage: str) -> None:
        with Path(os.environ["ENTERED"]).open("a") as log:
            log.write(f"{stage}\n")
        if stage in os.environ.get("BREAKS", "").split(","):
            raise ReleaseError(f"{stage} broke in a test; mend it", "the evidence of it")
        if os.environ.get("HANGS") == stage:
            self.waiter.listener("something slow", "1/3 there")
            time.sleep(60)


def put_in_place(patch: pytest.MonkeyPatch) -> None:
    """Let `pytest --canary` rehearse with it.

    Checks pass but for those of the cleanup and of the stages in CHECKS; a report is only drawn
    with REPORT, as its pictures take a second.
    """
    suite, write = stages.suite, reporting.write

    def pass_by(rehearsal: object) -> None:
        pass

    def checks(stage: str) -> list[stages.Assertion]:
        made = stage in ("cleanup", *os.environ.get("CHECKS", "").split())
        return [
            each if made else stages.Assertion(each.sentence, pass_by, each.when)
            for each in suite(stage)
        ]

    def pages(report: Any, folder: Path) -> list[Path]:
        return write(report, folder) if "REPORT" in os.environ else [folder / "report.html"]

    patch.setattr(rehearsal, "Walk", StandIn)
    patch.setattr(teardown, "reap", lambda *_, **__: 0)
    patch.setattr(stages, "suite", checks)
    patch.setattr(reporting, "write", pages)
