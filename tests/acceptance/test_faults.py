"""Every fault of `fixtures/faults/` on one real cluster.

Each is the healthy candidate with one thing wrong. What is asserted is what its developer gets to
read: the stage that stops, the finding and its words, and that the baseline serves again. How long
it took from the apply to the finding is measured and printed, and nothing depends on it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from acceptance import faults
from acceptance.bench import Told, assert_said_and_kept
from acceptance.faults import Fault
from acceptance.lanes import FAULTS, Lanes
from acceptance.tables import write_lines, write_table
from fakes.folders import FIXTURES, ROOT


@pytest.fixture(scope="module")
def told(benches: Lanes, request: pytest.FixtureRequest) -> Iterator[dict[str, Told]]:
    """What was told of each fault so far."""
    found: dict[str, Told] = {}
    yield found
    benches.close()
    tell(request.config, found)


def tell(config: pytest.Config, told: dict[str, Told]) -> None:
    """Write the table where CANARY_FAULTS says, or to test-results; print a line of each.

    Where all faults were rehearsed, docs/faults.md is to have it: `make docs` reads the file that
    is then written beside them.
    """
    path = Path(os.environ.get("CANARY_FAULTS", ROOT / "test-results" / "faults.md"))
    by_name = {fault.name: fault for fault in FAULTS}
    rows = (
        (
            by_name[name].told,
            each.stage,
            f"{each.code}: {each.error.sentence}",
            f"{each.seconds:.1f}",
        )
        for name, each in told.items()
    )
    write_table(path, ("fault", "stage", "finding", "seconds"), rows)
    if told.keys() == by_name.keys():
        heard = {
            name: {"sentence": each.error.sentence, "seconds": round(each.seconds, 1)}
            for name, each in sorted(told.items())
        }
        text = json.dumps(heard, indent=1, ensure_ascii=False)
        (FIXTURES / "faults" / "told.json").write_text(f"{text}\n", encoding="utf-8")
    lines: list[str] = []
    for name, each in told.items():
        seconds = f"{each.seconds:5.1f} s{each.total:7.1f} s in all"
        line = f"{name:<26}{each.stage:<11}{each.code:<27}{seconds}"
        lines += [line, f"    {each.error.sentence}"]
    write_lines(config, lines)


@pytest.mark.soak
def test_the_healthy_release_passes_and_rolls_back(benches: Lanes) -> None:
    """Or else a fault would prove nothing; the last fault stops as late as in `stable`."""
    bench = benches.alone()
    bench.prepare(Fault("healthy", "nothing is wrong", faults.Expect("migration", "", ())))

    told = bench.rehearse("migration", samples=True)

    assert told is None, str(told and told.error)
    assert bench.roll_back() == ""
    bench.restore()


def marks(fault: Fault) -> list[pytest.MarkDecorator]:
    """One of a kind is rehearsed each time, as many as there are in `make soak`."""
    soak = [pytest.mark.soak] if fault.like else []
    return [*soak, pytest.mark.alone] if fault.has_traffic else soak


CASES = [pytest.param(fault, id=fault.name, marks=marks(fault)) for fault in FAULTS]


@pytest.mark.parametrize("fault", CASES)
def test_a_fault_is_told_and_the_baseline_serves_again(
    benches: Lanes, told: dict[str, Told], fault: Fault
) -> None:
    expect, outcome = fault.expect, benches.outcome(fault)

    known = outcome.told
    assert known, f"nothing is told by the end of stage {expect.stage}"
    told[fault.name] = known
    print(known.stage, known.code, f"{known.seconds:.1f} s of {known.total:.1f} s")
    print(known.error)
    assert (known.stage, known.code) == (expect.stage, expect.code), str(known.error)
    assert expect.missing(known.error.sentence, str(known.error)) == "", str(known.error)
    if expect.stage == "preflight":
        return
    assert outcome.found == expect.preflight
    assert (outcome.failed == "") == (not expect.rollback), outcome.failed
    for word in expect.rollback:
        assert word in outcome.failed
    assert outcome.again == "", "what the fault destroyed was put back"
    assert_said_and_kept(outcome, known)
