"""The faults once more, where Helm applies the candidate: the same is told, and taken back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from acceptance.bench import assert_said_and_kept
from acceptance.deliveries import by_chart
from acceptance.faults import Fault
from acceptance.lanes import FAULTS, Lanes, faults_left, open_lanes
from acceptance.projects import Project

HELM = "helm-"
# One each time: what is told of the others is told where a script applies them, and Helm's part in
# it is to apply and to take back.
ALWAYS = {"process-exits"}
# What a preflight tells it tells of objects, whoever makes them; a Service of the chart's changes
# only as stable's release does; and who is asked for latencies asks no renderer.
CHOSEN = [
    fault
    for fault in FAULTS
    if fault.expect.stage in ("canary", "migration") and not fault.service and not fault.has_traffic
]
CASES = [
    pytest.param(
        fault,
        id=f"{HELM}{fault.name}",
        marks=[] if fault.name in ALWAYS else [pytest.mark.soak],
    )
    for fault in CHOSEN
]


@pytest.fixture(scope="module")
def chart_benches(
    shared: Project,
    releases: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Lanes]:
    """Where the faults are rehearsed that -k has left; others have left the cluster by then."""
    chosen = faults_left(request.session, HELM)
    folder = tmp_path_factory.mktemp("charts")
    lanes = open_lanes(
        shared, folder, releases, chosen, number=min(3, len(chosen)), deliver=by_chart
    )
    yield lanes
    lanes.close()


@pytest.mark.parametrize("fault", CASES)
def test_a_fault_is_told_where_helm_applies_it_and_the_baseline_serves_again(
    chart_benches: Lanes, fault: Fault
) -> None:
    expect, outcome = fault.expect, chart_benches.outcome(fault)

    known = outcome.told
    assert known, f"nothing is told by the end of stage {expect.stage}"
    print(known.stage, known.code, f"{known.seconds:.1f} s of {known.total:.1f} s")
    print(known.error)
    assert (known.stage, known.code) == (expect.stage, expect.code), str(known.error)
    assert expect.missing(known.error.sentence, str(known.error)) == "", str(known.error)
    assert (outcome.failed == "") == (not expect.rollback), outcome.failed
    assert outcome.again == "", "what the fault destroyed was put back"
    assert_said_and_kept(outcome, known)
