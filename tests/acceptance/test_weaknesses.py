"""A project that works and is weak: it walks as it is, with a verdict, and is told all of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import docker
import pytest
from acceptance.projects import PATIENCE, Project, needed
from acceptance.rehearsals import rehearsal
from fakes.folders import FIXTURES

from pytest_canary import stages
from pytest_canary.config.options import STAGES
from pytest_canary.context.outcomes import CanaryOutcome, VerdictOutcome
from pytest_canary.core.errors import NotApplicable
from pytest_canary.stages import canary, stable

pytestmark = pytest.mark.alone

WEAK = FIXTURES / "weak"

# What is weak about it: by the stage in which it is told, and its rule; how it is told.
TOLD = {
    ("preflight", "empty-variable"): "$PORT has no value, so apply.sh puts nothing in its place",
    ("preflight", "overlapping-selectors"): "",
    ("cluster", "left-manifest"): "apply.sh leaves the manifest that it has filled in behind wher",
    ("canary", "printed-secret"): "apply.sh prints the value of DB_PASSWORD, which stays in the ",
    ("migration", "printed-secret"): "`python weak.py migrate` prints the value of DB_PASSWORD, ",
    ("migration", "unfailing-migration"): "`python weak.py migrate` exits with 0 where the data",
    ("migration", "late-failure"): "`python weak.py migrate` ends 1",
    ("stable", "unheeded-sigterm"): "the candidate's pods don't end when they are told to, by SIG",
}


@pytest.fixture
def weak(releases: dict[str, str], engine: docker.DockerClient) -> Iterator[dict[str, str]]:
    """Two releases of it."""
    names = {release: f"weak:{release}" for release in releases}
    for release, name in names.items():
        build = {"BASE": releases["2"], "RELEASE": release}
        engine.images.build(path=str(WEAK), rm=True, buildargs=build, tag=name)
    yield names
    for name in names.values():
        engine.images.remove(name)


def settings() -> dict[str, Any]:
    """No more than has to be said: it sends no header, and there is no registry."""
    return {
        "name": "weak",
        "manifests": {
            "deployment": str(WEAK / "manifests" / "deployment.yml"),
            "service": str(WEAK / "manifests" / "service.yml"),
            "apply": str(WEAK / "apply.sh"),
        },
        "commands": {
            "ping": ["python", "weak.py", "ping"],
            "migrate": ["python", "weak.py", "migrate"],
        },
        "database": {"image": needed("POSTGRES_IMAGE")},
        # How sure a verdict is, others look at.
        "verdict": {"seconds": PATIENCE, "errors": 0.05},
    }


def test_a_project_that_works_and_is_weak_walks_as_it_is_and_is_told_how(
    shared: Project, weak: dict[str, str], tmp_path: Path
) -> None:
    before = sorted(WEAK.rglob("*"))
    with rehearsal(shared, tmp_path, weak, settings()) as walk:
        held = set()
        for name in STAGES[:-1]:
            for check in stages.load(name).checks_for(walk.plan):
                with suppress(NotApplicable):
                    walk.check(check, stages.load(name))
                    held.add(check.function)
        journal = walk.journal

    # It sends no header, so that the node tells who gets connections.
    assert held >= {canary.both_answer, canary.share_is_fair, stable.candidate_answers}
    assert re.search(
        r"the canary takes \d+ % of connections \(\d+ to \d+\): \d+ of \d+ went to canary pods",
        "; ".join(journal.line("canary")),
    )
    sampled = journal.outcome(CanaryOutcome).connections
    assert sampled >= 300, "beside those of the check, the traffic's are counted"
    verdict = journal.outcome(VerdictOutcome).verdict
    assert verdict is not None
    assert verdict.answer == "go"
    told = {(each.stage, each.finding.code): each.finding for each in journal.warnings}
    assert told.keys() >= TOLD.keys()
    for (stage, code), sentence in TOLD.items():
        assert told[stage, code].sentence.startswith(sentence)
        assert told[stage, code].next
        assert code in journal.line(stage)[-1]
    assert sorted(WEAK.rglob("*")) == before
