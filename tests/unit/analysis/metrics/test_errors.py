"""The error rates: what is proven, what is disproven, and in which words."""

import numpy
import pytest
from fakes.observed import compared, compared_all, observed, requests, spread, within

from pytest_canary.analysis.comparison import Observed
from pytest_canary.analysis.metrics.errors import ERRORS


@pytest.mark.parametrize(
    ("canary", "baseline", "answer", "sentence"),
    [
        (
            (0, 300),
            (0, 600),
            "go",
            "0 of 300 requests to the canary failed (0.0 %), and 0 of 600 to the baseline (0.0 %); "
            "it is at most 1.26 points more, and 1.5 points would matter",
        ),
        (
            (15, 300),
            (0, 600),
            "no-go",
            "15 of 300 requests to the canary failed (5.0 %), and 0 of 600 to the baseline "
            "(0.0 %); it is 2.95 to 8.08 points more, and 1.5 points is too much",
        ),
        (
            (0, 30),
            (0, 60),
            "inconclusive",
            "0 of 30 requests to the canary failed (0.0 %), and 0 of 60 to the baseline (0.0 %); "
            "it may be 11.4 points more, and 1.5 points would matter",
        ),
    ],
)
def test_error_rates(
    canary: tuple[int, int], baseline: tuple[int, int], answer: str, sentence: str
) -> None:
    found = compared(ERRORS, observed(baseline[1], baseline[0]), observed(canary[1], canary[0]))
    assert (found.answer, found.sentence) == (answer, sentence)
    assert (found.least, found.confidence, found.level) == (0.015, 0.95, 0.00125)


def test_what_was_not_sent_is_told_of_those_that_failed() -> None:
    """It fares as those that were sent before it, and is nothing that anybody has asked."""
    failed, unsent = spread(15, 300), [False] * 290 + [True] * 10
    canary = observed(requests(300, failed, unsent=unsent))
    lost = sum(a and b for a, b in zip(failed, unsent, strict=True))
    assert lost
    assert compared(ERRORS, observed(600), canary).sentence.startswith(
        "15 of 300 requests to the canary failed (5.0 %), and 0 of 600 to the baseline (0.0 %); "
        f"{lost} of the failed ones were not sent, as too many awaited an answer; it is "
    )


@pytest.mark.parametrize(
    ("canary", "baseline", "why"),
    [
        ((2, 100), (0, 1000), "two errors may be chance"),
        ((60, 6000), (0, 12000), "1 % is certain, but matters to nobody"),
        ((10, 300), (20, 600), "as many as the baseline's, but up to 2.9 points more are possible"),
    ],
)
def test_an_error_rate_that_is_not_proven_either_way_stops_nobody(
    canary: tuple[int, int], baseline: tuple[int, int], why: str
) -> None:
    found = compared(ERRORS, observed(baseline[1], baseline[0]), observed(canary[1], canary[0]))
    assert found.answer != "no-go", why


def test_a_difference_can_be_certain_and_yet_a_go() -> None:
    found = compared(ERRORS, observed(12000), observed(6000, 60))
    assert found.p is not None
    assert found.p < 1e-5
    assert found.answer == "go"


def test_the_more_errors_the_worse_the_answer() -> None:
    answers = [compared(ERRORS, observed(800), observed(400, n)).answer for n in range(40)]
    order = ["go", "inconclusive", "no-go"]
    assert [order.index(each) for each in answers] == sorted(order.index(a) for a in answers)
    assert set(answers) == set(order)


@pytest.mark.parametrize("errors", [150, 225, 270, 285, 297, 300])
def test_a_canary_that_fails_nearly_always_is_a_no_go(errors: int) -> None:
    """The few that it answers part no outages that anybody would sit out."""
    assert compared(ERRORS, observed(600), observed(300, errors)).answer == "no-go"


@pytest.mark.parametrize(("canary", "baseline", "who"), [(0, 9, "canary"), (9, 0, "baseline")])
def test_without_a_request_there_is_no_error_rate(canary: int, baseline: int, who: str) -> None:
    found = compared(ERRORS, observed(baseline), observed(canary))
    assert (found.answer, found.p) == ("inconclusive", None)
    assert found.sentence == f"no request went to the {who}"


def test_errors_that_come_at_once_are_no_proof_and_no_go() -> None:
    """A second of an outage is one event, however many requests it hits."""
    outage = observed(requests(300, within(4.1, 5.1, 300)))
    found = compared(ERRORS, observed(600), outage)
    assert (found.canary, found.answer) == (0.1, "inconclusive")
    assert found.sentence == (
        "30 of 300 requests to the canary failed (10.0 %), and 0 of 600 to the baseline (0.0 %); "
        "it may be 38.4 points more, and 1.5 points would matter"
    )
    assert found.p is not None
    assert found.p >= 0.25


def test_an_outage_that_does_not_end_is_a_no_go() -> None:
    found = compared(ERRORS, observed(600), observed(requests(300, within(2, 10, 300))))
    assert found.answer == "no-go"


def test_both_may_fail_for_the_same_second() -> None:
    found = compared(
        ERRORS,
        observed(requests(300, within(4, 5, 300))),
        observed(requests(300, within(4, 5, 300))),
    )
    assert (found.effect, found.p) == (0, 1)
    assert found.answer != "no-go"


def writing(count: int, errors: int = 0, part: int = 10) -> Observed:
    """A tenth of which write, and so many of the writes fail."""
    write = numpy.array(spread(count // part, count))
    failed = numpy.zeros(count, bool)
    failed[write] = spread(errors, count // part)
    return observed(requests(count, list(failed), write=list(write)))


def test_reads_and_writes_have_error_rates_of_their_own() -> None:
    found = compared_all(ERRORS, writing(600), writing(300))
    assert {name: each.answer for name, each in found.items()} == {
        "errors": "go",
        "errors of reads": "go",
        "errors of writes": "go",
    }
    least = [each.least for each in found.values()]
    assert least == pytest.approx([0.015, 0.015 / 0.9, 0.15])
    assert [each.level for each in found.values()] == [0.00125 / 3] * 3
    assert found["errors of writes"].sentence == (
        "0 of 30 writes to the canary failed (0.0 %), and 0 of 60 to the baseline (0.0 %); "
        "it is at most 11.4 points more, and 15 points would matter"
    )


@pytest.mark.parametrize("failing", [3, 6, 15, 30])
def test_a_release_whose_writes_fail_is_no_go(failing: int) -> None:
    found = compared_all(ERRORS, writing(300), writing(300, failing))
    assert found["errors of writes"].answer != "go"
    assert found["errors of reads"].answer == "go"


def test_half_of_the_writes_failing_is_a_no_go() -> None:
    found = compared_all(ERRORS, writing(600), writing(600, 30))
    assert found["errors"].answer == "no-go"
    seconds = [compared_all(ERRORS, writing(n, part=4), writing(n, n // 8, 4)) for n in (300, 600)]
    assert [each["errors of writes"].answer for each in seconds] == ["no-go", "no-go"]


def test_what_is_not_answered_yet_is_against_a_go_and_no_proof_of_a_no_go() -> None:
    hanging = observed(requests(300, waiting=spread(100, 300)))
    found = compared(ERRORS, observed(600), hanging)
    assert (found.answer, found.p) == ("inconclusive", 1)
    assert found.sentence == (
        "0 of 300 requests to the canary failed (0.0 %), and 0 of 600 to the baseline (0.0 %); "
        "100 to the canary are not answered yet; "
        "it may be 38.8 points more, and 1.5 points would matter"
    )


def test_without_any_answer_nothing_is_proven() -> None:
    silent = observed(requests(300, waiting=[True] * 300))
    assert compared(ERRORS, observed(600), silent).answer == "inconclusive"
    assert compared(ERRORS, silent, silent).answer == "inconclusive"


def test_a_single_request_of_either_is_too_little() -> None:
    found = compared(ERRORS, observed(1), observed(1, 1))
    assert (found.answer, found.effect) == ("inconclusive", 1)


def test_versions_that_were_asked_one_after_the_other_are_not_compared() -> None:
    first = requests(300)
    found = compared(ERRORS, observed(first.where(first.due < 5)), observed(first.since(5)))
    assert found.answer == "inconclusive"
    assert found.sentence.endswith("that is too little to tell whether it is 1.5 points more")
