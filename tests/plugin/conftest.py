"""A project in the book's layout, and pytest run on it in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

# What a stage does is not the subject here: entering one is written down, and nothing more. The
# walk on a real cluster is in tests/acceptance.
STAND_IN = """
import os, time
from pathlib import Path
import pytest
from pytest_canary import reporting, stages
from pytest_canary.cluster import teardown
from pytest_canary.rehearsal import rehearsal
from pytest_canary.core.errors import ReleaseError

LOG = Path(os.environ["ENTERED"])

class Stand(rehearsal.Walk):
    begun = True

    def _note(self, stage):
        with LOG.open("a") as log:
            log.write(stage + "\\n")
        if stage in os.environ.get("BREAKS", "").split(","):
            raise ReleaseError(f"{stage} broke in a test; mend it", "the evidence of it")
        if os.environ.get("HANGS") == stage:
            self.waiter.listener("something slow", "1/3 there")
            time.sleep(60)
    def clean_up(self):
        self.run.remove()
        self._note("cleanup")
    def _roll_back_by_itself(self):
        self._note("automatic-rollback")

for stage in ("cluster", "baseline", "canary", "migration", "verdict", "stable", "rollback"):
    setattr(Stand, f"_enter_{stage}", lambda self, stage=stage: self._note(stage))

rehearsal.Walk = Stand
teardown.reap = lambda *_, **__: 0

# The others' checks have nothing to look at.
MADE = ["cleanup", *os.environ.get("CHECKS", "").split()]

if "REPORT" not in os.environ:
    # Drawing its pictures takes a second, and few of these tests are about them.
    reporting.write = lambda report, folder: [folder / "report.html"]

def calm(walk):
    pass

def suite(stage, real=stages.suite):
    first = real(stage)[0].check
    return [
        stages.Assertion(a.sentence, a.check if stage in MADE else calm, a.when)
        for a in real(stage)
    ]

stages.suite = suite
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The book's layout, and a state folder of its own."""
    root = pytester.path
    (root / "manifests").mkdir()
    (root / "Dockerfile").write_text("FROM scratch\n")
    (root / "manifests" / "deployment.yml").write_text("kind: Deployment\n")
    (root / "manifests" / "service.yml").write_text("metadata: {name: shop-lb}\n")
    apply = root / "apply.sh"
    apply.write_text("#!/bin/sh\n")
    apply.chmod(0o755)
    (root / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers -p no:cacheprovider\n")
    monkeypatch.setenv("XDG_STATE_HOME", str(root / "state"))
    monkeypatch.setenv("ENTERED", str(root / "entered"))
    return root


@pytest.fixture
def stand_in(project: Path, pytester: pytest.Pytester) -> Callable[[], list[str]]:
    """Transitions that only write down that they were made; returns what they wrote."""
    pytester.makeconftest(STAND_IN)

    def entered() -> list[str]:
        log = project / "entered"
        return log.read_text().split() if log.exists() else []

    return entered
