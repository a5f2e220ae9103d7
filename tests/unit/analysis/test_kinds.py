"""Reads and writes apart, and how much of either matters."""

import pytest
from fakes.observed import compared_all, observed, requests, spread

from pytest_canary.analysis.kinds import ALL, Kind, kinds_of, parts_of, rare_kind
from pytest_canary.analysis.metrics.errors import ERRORS
from pytest_canary.analysis.requests import Requests


def writing(part: int, count: int = 100) -> Requests:
    return requests(count, write=spread(part, count))


def test_reads_and_writes_are_told_apart() -> None:
    reads, writes = kinds_of(writing(10), writing(10))
    assert (reads.plural, reads.suffix, reads.share) == ("reads", " of reads", 0.9)
    assert (writes.plural, writes.suffix, writes.share) == ("writes", " of writes", 0.1)
    assert len(reads.of(writing(30))) == 70
    assert len(writes.of(writing(30))) == 30
    assert [each.plural for each in parts_of(writing(10), writing(10))] == ["reads", "writes"]


@pytest.mark.parametrize(
    ("baseline", "canary"),
    [(0, 0), (100, 100), (4, 50), (50, 4), (96, 96), (0, 50), (50, 0), (50, 96), (100, 50)],
)
def test_a_kind_of_which_there_are_few_is_not_told_apart(baseline: int, canary: int) -> None:
    assert kinds_of(writing(baseline), writing(canary)) == ()
    assert parts_of(writing(baseline), writing(canary)) == (ALL,)


@pytest.mark.parametrize(
    ("baseline", "canary", "sentence"),
    [
        (10, 10, ""),
        (0, 0, ""),
        (100, 100, ""),
        (4, 2, "writes apart: 2.0 % of the requests are writes, and from 5 % on they are compared"),
        (5, 0, "writes apart: 0.0 % of the requests are writes, and from 5 % on they are compared"),
        (50, 97, "reads apart: 3.0 % of the requests are reads, and from 5 % on they are compared"),
        (
            50,
            100,
            "reads apart: 0.0 % of the requests are reads, and from 5 % on they are compared",
        ),
    ],
)
def test_a_kind_that_is_not_told_apart_is_told(baseline: int, canary: int, sentence: str) -> None:
    assert rare_kind(writing(baseline), writing(canary)) == sentence
    one, other = observed(writing(baseline)), observed(writing(canary))
    assert ERRORS.omitted(one, other) == sentence
    # And nothing breaks where one version has none of a kind.
    assert "errors" in compared_all(ERRORS, one, other)


def test_reads_and_writes_are_as_rare_as_with_the_version_that_has_fewer() -> None:
    reads, writes = kinds_of(writing(10), writing(40))
    assert (reads.share, writes.share) == (0.6, 0.1)


def test_without_requests_there_are_no_kinds() -> None:
    none = Requests.of((), ())
    assert parts_of(none, none) == parts_of(writing(50), none) == (ALL,)
    assert rare_kind(none, none) == rare_kind(writing(50), none) == ""


@pytest.mark.parametrize(
    ("share", "matters", "least"),
    [
        (1.0, 0.015, 0.015),
        (0.1, 0.015, 0.15),
        (0.9, 0.018, 0.02),
        (0.05, 0.03, 0.5),
        (0.5, 0.6, 0.6),
    ],
)
def test_as_much_of_a_kind_matters_as_of_all_but_never_more_than_half(
    share: float, matters: float, least: float
) -> None:
    assert Kind("", "", share, lambda each: each).least(matters) == pytest.approx(least)
