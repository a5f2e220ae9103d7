"""Latencies on the whole: what is proven, what is disproven, and in which words."""

from fakes.observed import around, compared, timed

from pytest_canary.analysis.comparison import Rule
from pytest_canary.analysis.metrics.latency import LATENCY


def test_latencies_of_one_distribution_are_a_go() -> None:
    found = compared(LATENCY, timed(around(0.1, 600, 1)), timed(around(0.1, 300, 2)))
    assert found.answer == "go"
    assert found.sentence.endswith("more, and 14.9 ms would matter")


def test_100_ms_more_are_told_after_fifty_answers() -> None:
    slower = [each + 0.1 for each in around(0.01, 50, 3)]
    found = compared(LATENCY, timed(around(0.01, 100, 4)), timed(slower))
    assert found.answer == "no-go"
    assert found.sentence == (
        "the canary is 100 ms slower: it takes 111 ms in the median, the baseline 10 ms; "
        "it is 99.3 to 101 ms more, and 5 ms is too much"
    )


def test_a_millisecond_stops_nobody_however_certain_it_is() -> None:
    slower = [each + 0.001 for each in around(0.01, 1000, 5, 0.05)]
    found = compared(LATENCY, timed(around(0.01, 2000, 6, 0.05)), timed(slower), latency=0.05)
    assert found.p is not None
    assert found.p < 0.001
    assert (found.answer, found.least) == ("go", 0.005)


def test_latencies_that_are_all_the_same_are_a_go() -> None:
    found = compared(LATENCY, timed([0.01] * 600), timed([0.01] * 300))
    assert (found.answer, found.effect, found.p) == ("go", 0, 1)


def test_a_faster_canary_is_a_go() -> None:
    found = compared(LATENCY, timed(around(0.1, 600, 7)), timed(around(0.05, 300, 8)))
    assert found.answer == "go"
    assert "ms faster: it takes 5" in found.sentence


def test_few_and_scattered_latencies_prove_nothing() -> None:
    found = compared(LATENCY, timed(around(0.1, 40, 9, 1)), timed(around(0.1, 20, 10, 1)))
    assert found.answer == "inconclusive"
    assert "it may be" in found.sentence
    found = compared(
        LATENCY, timed(around(0.1, 40, 9)), timed(around(0.1, 20, 10)), Rule(1 - 1e-12, 1e-12)
    )
    assert found.sentence.endswith("; that is too little to tell whether it is 14.6 ms more")
