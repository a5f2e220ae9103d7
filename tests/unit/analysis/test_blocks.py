"""Blocks of time: how long they are, what is in them, and what comes in bursts counts for."""

import math

import numpy
import pytest
from fakes.observed import requests, spread, within

from pytest_canary.analysis import blocks
from pytest_canary.analysis.blocks import bad_shares
from pytest_canary.analysis.requests import Requests

NONE = Requests.of((), ())


def flags(*text: str) -> "numpy.ndarray[tuple[int], numpy.dtype[numpy.bool_]]":
    return numpy.array([each == "x" for each in "".join(text)], bool)


@pytest.mark.parametrize(
    ("bad", "seconds", "why"),
    [
        ("..........", 0, "no bad answer"),
        ("..xxx.....", 3, "a run"),
        ("..xxx..xx.", 3, "the longest of two"),
        ("..x.x.x...", 1, "each a run of its own"),
        ("......xxxx", 0, "nobody knows that it ends"),
        ("xxxx......", 0, "nobody knows when it began"),
        (".xxxx.xxx.", 1, "most are bad, so the good ones' run"),
        ("xxxxxxxxxx", 0, "all are bad"),
    ],
)
def test_the_longest_run_has_ended(bad: str, seconds: float, why: str) -> None:
    assert blocks.longest_run(requests(10, window=10), flags(bad)) == seconds, why


def test_without_requests_there_is_no_run() -> None:
    assert blocks.longest_run(NONE, flags()) == 0
    assert blocks.longest_run(requests(1), flags("x")) == 0


def test_a_block_outlasts_the_longest_run_of_either() -> None:
    one, other = requests(200), requests(100)
    none, run = numpy.array([False] * 200), numpy.array(within(4, 6, 100))
    assert blocks.length_for(one, other) == blocks.LENGTH
    assert blocks.length_for(one, other, none, run) == pytest.approx(2.5)
    assert blocks.length_for(other, one, run, none) == pytest.approx(2.5)


def test_a_block_has_some_requests_of_the_scarcer() -> None:
    # Two a second: two take 1 s.
    assert blocks.length_for(requests(300), requests(20)) == pytest.approx(1, rel=0.02)
    assert blocks.length_for(NONE, requests(20)) == blocks.LENGTH
    assert blocks.length_for(NONE, NONE) == blocks.LENGTH


def test_a_window_of_an_hour_is_judged_by_no_more_blocks() -> None:
    long = requests(36000, window=3600)
    length = blocks.length_for(long, long)
    assert length == pytest.approx(18, rel=0.01)
    assert blocks.blocks_of(long, long, length).count <= blocks.MOST + 1


def test_a_block_that_lacks_either_is_left_out() -> None:
    one = Requests.of([0.0, 0.4, 1.2, 3.1], [0.1] * 4)
    other = Requests.of([0.2, 2.2, 3.4, 3.9], [0.1] * 4)
    found = blocks.blocks_of(one, other, 1.0)
    assert found.count == 2
    assert list(found.of_baseline) == [0, 0, -1, 1]
    assert list(found.of_canary) == [0, -1, 1, 1]


def test_blocks_begin_with_the_first_request_of_either() -> None:
    one, other = Requests.of([10.5, 11.4], [0.1] * 2), Requests.of([10.6, 11.6], [0.1] * 2)
    found = blocks.blocks_of(one, other, 1.0)
    assert (list(found.of_baseline), list(found.of_canary), found.count) == ([0, 0], [0, -1], 1)


@pytest.mark.parametrize("other", [NONE, requests(3)])
def test_without_one_of_them_there_is_no_block(other: Requests) -> None:
    found = blocks.blocks_of(NONE, other, 1.0)
    assert (found.count, len(found.of_baseline)) == (0, 0)
    shares = bad_shares(NONE, other, (NONE.failed, other.failed))
    assert shares.differences == []
    difference = shares.difference(0.95)
    assert (difference.low, difference.high, difference.p) == (-math.inf, math.inf, 1)


def test_shares_are_counted_block_by_block() -> None:
    hits, trials = blocks.shares(numpy.array([0, 0, -1, 2]), flags("x.xx"), 3)
    assert (list(hits), list(trials)) == ([1, 0, 1], [2, 0, 1])


def test_medians_are_taken_block_by_block() -> None:
    place = numpy.array([1, 0, 1, -1, 0, 1, 3])
    values = numpy.array([5.0, 1.0, 3.0, 99.0, 2.0, 4.0, 7.0])
    assert list(blocks.medians(place, values, 4)) == pytest.approx(
        [1.5, 4.0, math.nan, 7.0], nan_ok=True
    )
    assert list(blocks.medians(place[:0], values[:0], 2)) == pytest.approx(
        [math.nan] * 2, nan_ok=True
    )


def test_errors_that_are_spread_count_in_full() -> None:
    hits, trials = numpy.array([1.0, 0, 1, 0] * 5), numpy.array([15.0] * 20)
    assert blocks.clustering((hits, trials)) == 1
    # By chance alone it is about 1 as well.
    by_chance = numpy.random.default_rng(1).binomial(15, 0.05, 2000).astype(float)
    assert blocks.clustering((by_chance, numpy.full(2000, 15.0))) == pytest.approx(1, abs=0.1)


def test_a_burst_counts_for_less() -> None:
    trials = numpy.array([10.0] * 20)
    # All ten of a block: of 200 answers, the error rate is known as of about 20.
    assert blocks.clustering((numpy.array([10.0] + [0.0] * 19), trials)) == pytest.approx(
        10.5, abs=0.1
    )
    assert blocks.clustering((numpy.array([2.0] + [0.0] * 19), trials)) == pytest.approx(2, abs=0.1)


def test_what_says_nothing_of_clusters_is_taken_for_spread() -> None:
    nothing = numpy.array([0.0] * 20), numpy.array([10.0] * 20)
    single = numpy.array([5.0]), numpy.array([10.0])
    everything = numpy.array([10.0] * 20), numpy.array([10.0] * 20)
    none = numpy.array([]), numpy.array([])
    for each in (nothing, single, everything, none):
        assert blocks.clustering(each, each) == 1


def test_ten_errors_at_once_prove_no_more_than_one_block_can() -> None:
    calm = requests(300)
    burst, wide = requests(300, within(4, 4.4, 300)), requests(300, 12)
    assert burst.errors == wide.errors == 12
    at_once, apart = (
        bad_shares(calm, each, (calm.failed, each.failed)).difference(0.95)
        for each in (burst, wide)
    )
    assert at_once.value == pytest.approx(0.04)
    assert apart.value == pytest.approx(0.04)
    # At most two blocks, as it may lie across their border.
    assert at_once.p >= 0.25
    assert apart.p == pytest.approx(2**-12)
    assert at_once.low < apart.low
    assert at_once.high > apart.high


def test_what_is_awaited_is_doubt_and_no_proof() -> None:
    calm, waits = requests(300), requests(300, waiting=spread(30, 300))
    plain = bad_shares(calm, calm, (calm.failed, calm.failed)).difference(0.95)
    found = bad_shares(calm, waits, (calm.failed, waits.failed)).difference(0.95)
    assert (found.value, found.low, found.p) == (plain.value, plain.low, plain.p)
    shares = bad_shares(calm, waits, (calm.failed, waits.failed))
    assert set(shares.differences) == {0}
    assert sum(shares.feared) / len(shares.feared) == pytest.approx(0.1)
    assert found.high > 0.1 > plain.high


def test_what_makes_both_bad_at_once_parts_them_no_less_surely() -> None:
    trials = numpy.full(20, 25.0)
    together = numpy.where(numpy.arange(20) < 5, 20.0, 0.0)
    one, other = (together, trials), (numpy.roll(together, 1), trials)
    assert blocks.clustering(one, one) > 10
    assert blocks.clustering_of_pairs(one, one) == 1
    assert 1 < blocks.clustering_of_pairs(one, other) < blocks.clustering(one, other)
    alone = (numpy.zeros(20), trials)
    assert blocks.clustering_of_pairs(alone, one) == pytest.approx(blocks.clustering(alone, one))
    paired = blocks.apart(one, one, 0.95, paired=True)[2]
    assert paired < blocks.apart(one, one, 0.95)[2] / 3
