"""Lost and doubled, by name."""

from collections import Counter

import pytest
from unit.traffic.test_exchange import exchange

from pytest_canary.api.client import Row
from pytest_canary.traffic.exchange import Kind
from pytest_canary.traffic.losses import (
    LINES,
    STOPPED,
    ReadBack,
    compare,
    occurrences,
    request_findings,
    usual,
)

BASE = "canary0123456789ab"


def row(number: int) -> Row:
    return Row(f"{BASE}{number:07x}", f"PUT /person of {number},")


def read(rows: list[int], open_: list[int], seen: dict[int, int], once: int | None = 1) -> ReadBack:
    counts = Counter({row(number).unique: times for number, times in seen.items()})
    return compare([row(n) for n in rows], [row(n) for n in open_], counts, "GET /all", once)


def test_texts_are_counted_whatever_is_around_them() -> None:
    body = (
        f'[{{"a":"{BASE}0000001"}},{{"a":"{BASE}000000a"}},"x{BASE}000000ay","{BASE[:-1]}0000001"]'
    )
    assert occurrences(body, BASE) == {f"{BASE}0000001": 1, f"{BASE}000000a": 2}
    assert occurrences("", BASE) == {}


@pytest.mark.parametrize(
    ("counts", "expected"),
    [([], 1), ([0, 0], 1), ([1, 1, 2], 1), ([2, 2, 1, 2], 2), ([1, 2], 1), ([0, 0, 0, 2], 2)],
)
def test_a_text_is_there_as_often_as_most_are(counts: list[int], expected: int) -> None:
    assert usual(counts) == expected


def test_every_write_once_is_as_it_should_be() -> None:
    back = read([1, 2, 3], [], {1: 1, 2: 1, 3: 1})
    assert back.findings == []
    assert back.text == "3 writes, 0 lost, 0 doubled"


def test_lost_and_doubled_writes_are_named() -> None:
    back = read([1, 2, 3, 4], [], {1: 1, 3: 2, 4: 3})
    assert back.lost == ("PUT /person of 2, is missing",)
    assert back.doubled == (
        "PUT /person of 3, is there 2 times",
        "PUT /person of 4, is there 3 times",
    )
    assert back.text == "4 writes, 1 lost, 2 doubled"
    lost, doubled = back.findings
    assert lost.code == "WriteLost"
    assert lost.sentence == ("1 of 4 acknowledged writes are lost: PUT /person of 2, is missing")
    assert doubled.code == "WriteDoubled"
    assert doubled.sentence == (
        "2 of 4 acknowledged writes are doubled: PUT /person of 3, is there 2 times"
    )
    assert doubled.evidence.splitlines() == list(back.doubled)
    assert lost.doomed and doubled.doomed  # noqa: PT018 (one thought)
    assert lost.where == doubled.where == "GET /all"
    assert lost.next and doubled.next  # noqa: PT018


def test_what_was_not_acknowledged_is_neither_lost_nor_doubled() -> None:
    back = read([1], [2, 3, 4], {1: 1, 3: 1, 4: 2})
    assert back.findings == []
    assert (back.unacknowledged, back.found) == (3, 2)
    assert back.text == "1 write, 0 lost, 0 doubled; 3 unacknowledged, of which 2 are there"


def test_an_app_may_show_each_text_in_two_places() -> None:
    back = read([1, 2, 3, 4], [], {1: 2, 2: 2, 3: 1, 4: 4}, once=None)
    assert back.lost == ("PUT /person of 3, is there once, others 2 times",)
    assert back.doubled == ("PUT /person of 4, is there 4 times, others 2 times",)


def test_the_addressbook_shows_each_text_once_even_where_all_are_doubled() -> None:
    assert len(read([1, 2], [], {1: 2, 2: 2}, once=1).doubled) == 2


def test_a_long_list_says_how_much_is_left_out() -> None:
    back = read(list(range(LINES + 5)), [], {})
    lines = back.findings[0].evidence.splitlines()
    assert len(lines) == LINES + 1
    assert lines[-1] == "… and 5 more"


# Requests


def test_no_loss_is_no_finding() -> None:
    assert request_findings(100, []) == []


def test_lost_requests_are_named_those_first_that_no_client_may_send_again() -> None:
    read_, write = exchange(Kind.RESET), exchange(Kind.RESET, "PUT", stage="canary", transition="")
    (found,) = request_findings(1200, [read_, write, read_])
    assert found.code == "RequestsLost"
    assert found.sentence == (
        "3 of 1,200 requests were lost, 1 of them such as no client may safely send again: "
        f"{write.shown}"
    )
    assert found.where == "2 in migration during migrate, 1 in canary"
    assert found.seen == "3 reset"
    assert found.evidence.splitlines() == [write.shown, read_.shown, read_.shown]
    assert found.likely == STOPPED


def test_losses_that_a_client_may_make_good_are_told_as_such() -> None:
    each = exchange(Kind.REFUSED, "PUT", stage="", transition="")
    (found,) = request_findings(10, [each])
    assert found.sentence == (
        "1 of 10 requests were lost, none of them such as no client may safely send again: "
        f"{each.shown}"
    )
    assert found.where == "1 outside every stage"


@pytest.mark.parametrize(
    ("kind", "likely"),
    [
        (Kind.REFUSED, "without a ready pod"),
        (Kind.CUT, "SIGTERM"),
        (Kind.CLOSED, "preStop"),
        (Kind.TIMEOUT, "lock"),
        (Kind.SERVER_ERROR, ""),
    ],
)
def test_the_likely_cause_is_that_of_most(kind: Kind, likely: str) -> None:
    losses = [exchange(kind), exchange(kind), exchange(Kind.WRONG)]
    (found,) = request_findings(9, losses)
    assert likely in found.likely
    assert bool(found.likely) == bool(likely)
