"""A version's requests in columns."""

import math
from typing import Any

import numpy
import pytest
from fakes.observed import requests

from pytest_canary.analysis.requests import Requests


def test_what_is_left_out_is_false_of_all() -> None:
    found = Requests.of([0, 1], [0.1, 0.2])
    assert len(found) == 2
    assert [list(each) for each in (found.failed, found.waiting, found.write)] == [[False] * 2] * 3
    assert (found.errors, found.share_of_writes, list(found.latencies)) == (0, 0, [0.1, 0.2])


def test_a_latency_is_of_an_answer_that_is_no_error() -> None:
    found = Requests.of(
        [0, 1, 2, 3],
        [0.1, 0.2, 0.3, 0.4],
        failed=[False, True, False, False],
        waiting=[False, False, True, False],
        write=[True, False, False, False],
    )
    assert list(found.answered) == [True, False, False, True]
    assert list(found.latencies) == [0.1, 0.4]
    assert (found.errors, found.share_of_writes) == (1, 0.25)


def test_some_of_them_are_requests_too() -> None:
    found = requests(10, window=10).since(7)
    assert list(found.due) == [7, 8, 9]
    assert len(found.where(found.due > 8)) == 1
    assert len(found.since(10)) == 0


def test_no_request_is_no_trouble() -> None:
    none = Requests.of((), ())
    assert (len(none), none.errors, none.share_of_writes, len(none.latencies)) == (0, 0, 0, 0)
    assert len(none.since(0)) == 0


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"seconds": [0.1]}, "one length"),
        ({"failed": [True]}, "one length"),
        ({"waiting": [True] * 3}, "one length"),
        ({"write": [True] * 3}, "one length"),
        ({"due": [0, math.nan]}, "finite"),
        ({"due": [-1, 0]}, "not negative"),
        ({"seconds": [0.1, math.inf]}, "finite"),
        ({"seconds": [0.1, -0.1]}, "not negative"),
        ({"failed": [True, False], "waiting": [True, False]}, "not awaited any more"),
    ],
)
def test_what_can_not_have_been_sent_is_refused(columns: dict[str, Any], why: str) -> None:
    values: dict[str, Any] = {"due": [0, 1], "seconds": [0.1, 0.1]} | columns
    with pytest.raises(ValueError, match=why):
        Requests.of(**values)


def test_columns_are_taken_as_they_are() -> None:
    flags = numpy.array([True, False])
    found = Requests.of(numpy.array([0.0, 1.0]), numpy.array([0.1, 0.1]), flags)
    assert found.errors == 1
