"""Which blocks begin, and what becomes of them: the tables of Semaphore's own tests among them."""

import pytest

from pytest_canary.jobs.definition import Block
from pytest_canary.jobs.order import End, Strategy, next_step, of_jobs

PASSED, FAILED, CANCELED = End("passed"), End("failed", "test"), End("canceled", "fast_failing")


def blocks(**dependencies: str) -> list[Block]:
    return [Block(name, (), tuple(each)) for name, each in dependencies.items()]


# https://github.com/semaphoreio/semaphore, plumber/ppl/test/e2e/free_topology_test.exs
FREE = blocks(A="", B="AD", C="AB", D="", E="BD")
FAST = blocks(A="", B="", C="", D="A", E="CBD")


@pytest.mark.parametrize(
    ("ends", "running", "begun"),
    [
        ({}, "", "AD"),
        ({"A": PASSED}, "D", ""),
        ({"A": PASSED, "D": PASSED}, "", "B"),
        ({"A": PASSED, "D": End("passed", "skipped"), "B": PASSED}, "", "CE"),
        ({"A": PASSED, "D": PASSED, "B": PASSED}, "C", "E"),
    ],
)
def test_a_block_begins_when_all_have_passed_that_it_waits_for(
    ends: dict[str, End], running: str, begun: str
) -> None:
    step = next_step(FREE, ends, [*running], "")
    assert "".join(each.name for each in step.begin) == begun
    assert not step.canceled


def test_what_waits_for_a_block_that_failed_is_canceled_and_what_waits_for_that() -> None:
    step = next_step(FREE, {"A": PASSED, "D": FAILED}, [], "cancel")
    assert step.canceled == dict.fromkeys("BCE", CANCELED)
    step = next_step(blocks(C="B", B="A", A="", X=""), {"A": FAILED}, ["X"], "")
    assert step.canceled == dict.fromkeys("BC", CANCELED)
    assert not step.stop


@pytest.mark.parametrize(("strategy", "stop"), [("stop", True), ("cancel", False)])
def test_a_failure_cancels_all_that_wait_and_stops_what_runs_where_it_is_said(
    strategy: Strategy, stop: bool
) -> None:
    step = next_step(FAST, {"C": FAILED}, ["A", "B"], strategy)
    assert step.canceled == dict.fromkeys("DE", CANCELED)
    assert step.stop is stop
    step = next_step(FAST, {"C": FAILED, "A": PASSED}, ["B"], "")
    assert [each.name for each in step.begin] == ["D"]
    assert step.canceled == {"E": CANCELED}


def test_a_failure_counts_more_than_a_stop_and_that_more_than_what_never_began() -> None:
    stopped = End("stopped", "timeout")
    assert of_jobs([]) == PASSED
    assert of_jobs([PASSED, CANCELED, stopped, FAILED]) == FAILED
    assert of_jobs([PASSED, CANCELED, stopped]) == stopped
    assert of_jobs([CANCELED, PASSED]) == CANCELED


def test_a_block_that_runs_regardless_begins_once_those_before_it_have_ended() -> None:
    back = Block("back", (), ("deploy", "test"), regardless=True)
    blocks = [Block("deploy", ()), Block("test", (), ("deploy",)), back]
    assert next_step(blocks, {}, ["deploy"], "").begin == ()
    ends = {"deploy": End("failed", "test")}
    step = next_step(blocks, ends, [], "")
    assert (step.begin, step.canceled) == ((), {"test": End("canceled", "fast_failing")})
    assert next_step(blocks, {**ends, **step.canceled}, [], "").begin == (back,)


def test_what_was_not_meant_to_run_keeps_others_from_it_and_fails_nothing() -> None:
    skipped = End("canceled", "skipped")
    blocks = [Block("back", ()), Block("tell", (), ("back",))]
    assert next_step(blocks, {"back": skipped}, [], "").canceled == {"tell": skipped}
    assert of_jobs([End("passed"), skipped]) == End("passed")
    assert of_jobs([skipped, End("canceled", "fast_failing")]) == End("canceled", "fast_failing")
    assert of_jobs([skipped, skipped]) == skipped
