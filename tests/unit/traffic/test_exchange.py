"""One request: when it is lost, slow, or safe to send again, and how it is told."""

from collections import Counter

import pytest

from pytest_canary.traffic.exchange import (
    LOST,
    NEVER_ARRIVED,
    NOT_SENT,
    WORDS,
    Exchange,
    Kind,
    is_lost,
    percentile,
    retryable,
    slow,
)


def exchange(kind: Kind, method: str = "GET", **values: object) -> Exchange:
    fields: dict[str, object] = {
        "number": 370,
        "due": 12.345,
        "at": 1_767_225_600.1,
        "stage": "migration",
        "transition": "migrate",
        "method": method,
        "path": "/all" if method == "GET" else "/person",
        "version": "",
        "pod": "",
        "status": 0,
        "seconds": 0.5,
        "lag": 0.001,
        "kind": kind,
        "unique": "",
    }
    return Exchange(**fields | values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "gone", "read_again", "write_again"),
    [
        (Kind.IN_FLIGHT, False, False, False),
        (Kind.ANSWERED, False, False, False),
        (Kind.REFUSED, True, True, True),
        (Kind.UNREACHABLE, True, True, True),
        (Kind.CONNECT_TIMEOUT, True, True, True),
        (Kind.RESET, True, True, False),
        (Kind.CLOSED, True, True, False),
        (Kind.CUT, True, True, False),
        (Kind.TIMEOUT, True, True, False),
        (Kind.GARBLED, True, True, False),
        (Kind.SERVER_ERROR, True, True, False),
        (Kind.WRONG, True, True, False),
        (Kind.CROWDED, False, False, False),
        (Kind.LATE, False, False, False),
        (Kind.NO_ROOM, False, False, False),
    ],
)
def test_what_is_lost_and_what_of_it_a_client_may_send_again(
    kind: Kind, gone: bool, read_again: bool, write_again: bool
) -> None:
    assert is_lost(kind) is gone
    assert retryable(kind, "GET") is retryable(kind, "HEAD") is read_again
    for method in ("PUT", "POST", "PATCH", "DELETE"):
        assert retryable(kind, method) is write_again


def test_every_kind_is_told_and_is_in_one_group_only() -> None:
    assert set(WORDS) == set(Kind)
    assert not set(LOST) & set(NOT_SENT)
    assert set(NEVER_ARRIVED) < set(LOST)
    assert {*LOST, *NOT_SENT, Kind.ANSWERED, Kind.IN_FLIGHT} == set(Kind)


@pytest.mark.parametrize(
    ("kind", "seconds", "is_slow"),
    [
        (Kind.ANSWERED, 0.99, False),
        (Kind.ANSWERED, 1.0, False),
        (Kind.ANSWERED, 1.01, True),
        (Kind.TIMEOUT, 10.0, False),
        (Kind.SERVER_ERROR, 5.0, False),
        (Kind.IN_FLIGHT, 5.0, False),
    ],
)
def test_what_is_slow(kind: Kind, seconds: float, is_slow: bool) -> None:
    assert slow(kind, seconds, 1.0) is is_slow


@pytest.mark.parametrize(
    ("count", "share", "expected"),
    [
        (0, 0.5, None),
        (1, 0.01, 1),
        (1, 0.99, 1),
        (2, 0.5, 1),
        (3, 0.5, 2),
        (4, 0.5, 2),
        (20, 0.95, 19),
        (21, 0.95, 20),
        (100, 0.5, 50),
        (100, 0.95, 95),
        (100, 0.99, 99),
        (100, 1, 100),
        (101, 0.99, 100),
        (1000, 0.999, 999),
        (100, 0.29, 29),  # 0.29 * 100 is 28.999999999999996
        (100, 0.07, 7),  # 0.07 * 100 is 7.000000000000001
    ],
)
def test_a_percentile_is_a_value_that_so_many_do_not_exceed(
    count: int, share: float, expected: float | None
) -> None:
    assert percentile(Counter(range(1, count + 1)), share) == expected


def test_a_value_that_came_often_counts_as_often() -> None:
    values = {0.001: 94, 2.0: 5, 9.0: 1}
    assert [percentile(values, share) for share in (0.5, 0.94, 0.95, 0.99, 1)] == [
        *(0.001, 0.001, 2.0, 2.0, 9.0)
    ]


@pytest.mark.parametrize(
    ("each", "shown"),
    [
        (
            exchange(Kind.REFUSED, "PUT", text="Connect call failed"),
            "PUT /person was refused 12.345 s after the start (00:00:00.100 UTC), in migration, "
            "during migrate; it never arrived, so a client may send it again: Connect call failed",
        ),
        (
            exchange(Kind.RESET, "PUT", stage="canary", transition=""),
            "PUT /person was reset 12.345 s after the start (00:00:00.100 UTC), in canary; it may "
            "have been done, so no client may safely send it again",
        ),
        (
            exchange(Kind.SERVER_ERROR, status=503, version="2", pod="web-1", stage=""),
            "GET /all failed with status 503 by 2, pod web-1 12.345 s after the start "
            "(00:00:00.100 UTC), during migrate; it only reads, so a client may send it again",
        ),
        (
            exchange(Kind.ANSWERED, status=200, pod="web-1", stage="", transition=""),
            "GET /all was answered with status 200 by pod web-1 12.345 s after the start "
            "(00:00:00.100 UTC)",
        ),
    ],
)
def test_a_request_is_told_in_one_line(each: Exchange, shown: str) -> None:
    assert each.shown == shown


@pytest.mark.parametrize(
    ("kind", "status", "fault"),
    [
        (Kind.REFUSED, 0, "refused"),
        (Kind.CONNECT_TIMEOUT, 0, "connect timeout"),
        (Kind.SERVER_ERROR, 503, "status 503"),
        (Kind.WRONG, 404, "wrong (404)"),
        (Kind.CUT, 200, "cut"),
    ],
)
def test_a_fault_has_a_short_name(kind: Kind, status: int, fault: str) -> None:
    assert exchange(kind, status=status).fault == fault
