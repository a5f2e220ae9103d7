"""What comes after a go, on a real cluster: the canary to its end, and the pods that it replaces.

fixtures/canaries/ says what ails the one version or the other.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from acceptance.projects import PATIENCE, Ailing, Project, addressbook_tables
from acceptance.rehearsals import ask, hold, rehearsal

from pytest_canary.core.errors import FoundError
from pytest_canary.k8s.objects import containers, is_ready, pods_of
from pytest_canary.manifests.version import CANARY, STABLE
from pytest_canary.rehearsal.rehearsal import Rehearsal
from pytest_canary.stages import stable

pytestmark = [pytest.mark.alone, pytest.mark.soak]

# Has the canary's process turn bad, and no other's.
TURN = ("python", "-c", "import os, signal; os.kill(1, signal.SIGUSR1)")


def settings(**verdict: float) -> dict[str, Any]:
    """How sure a verdict is, others look at; here it is to be go, however busy the machine is."""
    return addressbook_tables() | {
        "api": {"bounded-read": {"method": "GET", "path": "/person/1"}},
        "verdict": {"seconds": PATIENCE, "latency": 1000, "memory": 10} | verdict,
    }


def live(walk: Rehearsal) -> list[str]:
    """The images of stable's pods that are ready and not on their way out."""
    pods = pods_of(walk.context.namespace.objects("Pod"), walk.context.release.name(STABLE))
    return [each.spec["image"] for pod in pods if is_ready(pod) for each in containers(pod)]


def test_a_canary_that_turns_bad_after_its_verdict_is_followed_by_the_baseline(
    shared: Project, releases: dict[str, str], ailing: Ailing, tmp_path: Path
) -> None:
    images = releases | {"2": ailing("2", "turns")}
    with rehearsal(shared, tmp_path, images, settings()) as walk:
        hold(walk, "preflight", "cluster", "baseline", "canary", "migration", "verdict")
        context = walk.context
        turned = context.release.pods.run(context.release.name(CANARY), TURN)
        assert turned.code == 0, turned.output
        with pytest.raises(FoundError) as raised:
            hold(walk, "stable")
        with pytest.raises(FoundError, match=re.escape(raised.value.sentence)):
            ask(walk, stable.canary_stays_well)
        promoted = live(walk)
        kept = walk.keep_evidence("stable", raised.value).folder
        assert kept, "the evidence is kept"
        hold(walk, "automatic_rollback")
        restored = live(walk)
        notes = {stage: "; ".join(each) for stage, each in walk.journal.notes.items()}

    print(raised.value, notes, sep="\n")
    assert notes["verdict"].startswith("go: ")
    (found,) = raised.value.findings
    assert found.code == "CanaryWorseLater"
    assert re.fullmatch(
        r"after its verdict \d+ of \d+ requests to the canary failed \(\d+\.\d %\), and 0 of "
        r"[\d,]+ to the baseline until then \(0\.0 %\); it is [\d.]+ to [\d.]+ points more, and "
        r"1\.5 points is too much",
        found.sentence,
    )
    assert found.next.endswith("what it fails at comes only after a while")
    assert (tmp_path / kept / "finding.txt").read_text() == f"stage stable: {raised.value}\n"
    assert promoted == [context.candidate.image] * 3
    assert restored == [context.baseline.image] * 3
    for words in ("rolled back: 3/3 of release 1", "the API answers", "nothing lost"):
        assert words in notes["rollback"]


def test_a_live_version_that_stops_badly_is_mended_by_a_release_that_passes(
    shared: Project, releases: dict[str, str], ailing: Ailing, tmp_path: Path
) -> None:
    """Each of its pods has some five answers under way when it is told to end.

    It refuses what comes later: what comes to a pod that is gone at once may wait until its
    deadline, and what waits may be anybody's.
    """
    images = releases | {"1": ailing("1", "drops")}
    lossy = settings(errors=0.3) | {"traffic": {"rate": 40}}
    with rehearsal(shared, tmp_path, images, lossy) as walk:
        hold(walk, "preflight", "cluster", "baseline", "canary", "migration", "verdict", "stable")
        promoted = live(walk)
        losses = walk.context.app.traffic.losses()
        journal = walk.journal

    told = {
        each.stage: each.finding
        for each in journal.warnings
        if each.finding.code == "baseline-stops-badly"
    }
    print(*(f"{stage}: {each.sentence}" for stage, each in told.items()), sep="\n")
    assert promoted == [walk.context.candidate.image] * 3
    assert told.keys() == {"canary", "stable"}
    for stage, found in told.items():
        lost = [each for each in losses if each.stage == stage]
        assert re.match(
            rf"the live version stops badly: {len(lost)} requests? went along with a pod of it: "
            r"(GET /person/1|PUT /person) ",
            found.sentence,
        )
        assert found.next == ("let a release mend it; until that is live, each rollout loses some")
        counted = rf"[\d,]+ requests, {len(lost)} lost"
        assert re.search(counted, "; ".join(journal.notes[stage]))
        assert "baseline-stops-badly" in journal.line(stage)[-1]
