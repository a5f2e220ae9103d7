"""What became of the writes, by what a read shows: lost and doubled, by name."""

import json
from typing import Any

import pytest

from pytest_canary.api.read_back import ReadBack, compare, summary, usual
from pytest_canary.api.writes import Row, Writes
from pytest_canary.core.wording import LINES

BASE = "canary0123456789ab"


def text(number: int) -> str:
    return f"{BASE}{number:07x}"


def row(number: int) -> Row:
    return Row(text(number), f"PUT /person of {number},")


def read(rows: list[int], open_: list[int], body: object) -> ReadBack:
    """A read whose body is a page, or JSON where it is no text."""
    shown = body if isinstance(body, str) else json.dumps(body)
    return compare(shown, [row(n) for n in rows], [row(n) for n in open_], "GET /all")


def page(seen: dict[int, int]) -> str:
    """A page that shows each text so often."""
    return "".join(f"<td>{text(number)}</td>" * times for number, times in seen.items())


def people(seen: dict[int, int]) -> list[dict[str, Any]]:
    """The rows of an addressbook, each so often."""
    numbers = [number for number, times in seen.items() for _ in range(times)]
    return [{"id": at, "name": text(number)} for at, number in enumerate(numbers)]


def counted(rows: list[int], body: object) -> dict[int, int]:
    """How often each row is there, as it is told; once where nothing is told."""
    back = read(rows, [], body)
    told = {each: 0 for each in rows if f"PUT /person of {each}, is missing" in back.lost}
    for each in rows:
        for times in range(2, 9):
            if f"PUT /person of {each}, is there {times} times" in back.doubled:
                told[each] = times
    assert len(told) == len(back.wrong)
    return dict.fromkeys(rows, 1) | told


def test_texts_are_counted_whatever_is_around_them() -> None:
    body = f"<a>{text(1)}</a> x{text(10)}y {text(10)} {BASE[:-1]}0000001 {text(10)[:-1]} {text(2)}"
    assert counted([1, 2, 10, 11], body) == {1: 1, 2: 1, 10: 2, 11: 0}
    assert counted([1, 2], "") == {1: 0, 2: 0}


def test_texts_of_two_makes_are_told_apart() -> None:
    """The checks' are shorter than the traffic's."""
    rows = [Row(BASE, "the check's"), Row(text(1), "the traffic's"), Row("x", "another")]
    back = compare(f"{BASE} {text(1)} {text(1)}", rows, [], "GET /all")
    assert back.wrong == ("another is missing", "the traffic's is there 2 times")


@pytest.mark.parametrize(
    ("counts", "expected"),
    [([], 1), ([0, 0], 1), ([1, 1, 2], 1), ([2, 2, 1, 2], 2), ([1, 2], 1), ([0, 0, 0, 2], 2)],
)
def test_a_text_is_there_as_often_as_most_are(counts: list[int], expected: int) -> None:
    assert usual(counts) == expected


@pytest.mark.parametrize("body", [people, page])
def test_every_write_once_is_as_it_should_be(body: Any) -> None:
    back = read([1, 2, 3], [], body({1: 1, 2: 1, 3: 1}))
    assert back.findings == []
    assert back.wrong == ()
    assert back.text == "3 writes, 0 lost, 0 doubled"


@pytest.mark.parametrize("body", [people, page])
def test_lost_and_doubled_writes_are_named(body: Any) -> None:
    back = read([1, 2, 3, 4], [], body({1: 1, 3: 2, 4: 3, 5: 1}))
    if body is page:
        # Of three counts that are there, none is that of most; the fewest is taken.
        assert usual([1, 0, 2, 3]) == 1
    assert back.lost == ("PUT /person of 2, is missing",)
    assert back.doubled == (
        "PUT /person of 3, is there 2 times",
        "PUT /person of 4, is there 3 times",
    )
    assert back.wrong == back.lost + back.doubled
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


# What was not acknowledged


@pytest.mark.parametrize("body", [people, page])
def test_what_was_not_acknowledged_may_be_there_or_not(body: Any) -> None:
    back = read([1], [2, 3, 4], body({1: 1, 3: 1, 4: 1}))
    assert back.findings == []
    assert (back.unacknowledged, back.found) == (3, 2)
    assert back.text == "1 write, 0 lost, 0 doubled; 3 unacknowledged, of which 2 are there"


@pytest.mark.parametrize("body", [people, page])
def test_what_was_not_acknowledged_must_not_be_there_twice(body: Any) -> None:
    back = read([1], [2, 3, 4], body({1: 1, 3: 1, 4: 2}))
    assert back.wrong == ()
    assert back.repeated == ("PUT /person of 4, is there 2 times",)
    (found,) = back.findings
    assert found.code == "WriteDoubled"
    assert found.sentence == (
        "1 of 3 unacknowledged writes are doubled: PUT /person of 4, is there 2 times"
    )
    assert back.text == (
        "1 write, 0 lost, 0 doubled; 3 unacknowledged, of which 2 are there, 1 more than once"
    )


def test_how_often_a_page_shows_a_row_is_not_known_before_one_is_acknowledged() -> None:
    assert read([], [2], page({2: 2})).findings == []
    assert read([], [2], people({2: 2})).findings != []
    assert read([1], [2], page({1: 2, 2: 2})).findings == []
    assert read([1], [2], page({1: 2, 2: 4})).repeated == (
        "PUT /person of 2, is there 4 times, others 2 times",
    )


# Pages


def test_a_page_may_show_each_row_in_two_places() -> None:
    back = read([1, 2, 3, 4], [], page({1: 2, 2: 2, 3: 1, 4: 4}))
    assert back.lost == ("PUT /person of 3, is there once, others 2 times",)
    assert back.doubled == ("PUT /person of 4, is there 4 times, others 2 times",)


# JSON


def test_rows_in_json_are_there_once_even_where_all_are_doubled() -> None:
    assert len(read([1, 2], [], people({1: 2, 2: 2})).doubled) == 2
    assert len(read([1, 2], [], {"people": people({1: 2, 2: 2}), "total": 4}).doubled) == 2


def test_a_row_in_json_may_have_its_text_in_several_fields() -> None:
    """In some rows only, too, as those have that were written after a migration."""
    old = {"title": text(1), "slug": None}
    new = {"title": text(2), "slug": text(2), "tags": [text(2)], "words": [[text(2)], "x"]}
    assert counted([1, 2], [old, new]) == {1: 1, 2: 1}
    assert counted([1, 2], [old, new, new]) == {1: 1, 2: 2}


@pytest.mark.parametrize(
    ("body", "times"),
    [
        ([text(1)], 1),
        ([text(1), f"<{text(1)}>"], 2),
        ({"open": [text(1)], "done": []}, 1),
        ({"open": [text(1)], "done": [text(1)]}, 2),
        ([{"page": 1, "rows": [{"a": text(1)}]}, {"page": 2, "rows": [{"a": text(1)}]}], 2),
        ([{"page": 1, "rows": [{"a": text(1)}, {"a": text(1)}]}], 2),
        ([[text(1)], [text(1)]], 2),
        ([{text(1): {"age": 1}}], 1),
        ({"latest": text(1), "rows": [{"a": text(1)}]}, 1),
        ({"by name": {text(1): 7}}, 1),
        ([], 0),
        ({}, 0),
        (7, 0),
        ([1, None, True, "x"], 0),
    ],
)
def test_a_row_in_json_is_an_element_of_a_list(body: object, times: int) -> None:
    assert counted([1], body) == {1: times}


def test_json_without_lists_is_read_like_a_page() -> None:
    each = {text(n): {"slug": text(n)} for n in (1, 2, 3)}
    assert read([1, 2, 3], [], each).findings == []
    assert read([1, 2, 3], [], each | {"copy": {"slug": text(3)}}).doubled == (
        "PUT /person of 3, is there 3 times, others 2 times",
    )


def test_what_is_in_no_list_beside_rows_that_are_is_there_once() -> None:
    assert counted([1, 2], {"latest": text(2), "rows": [text(1)]}) == {1: 1, 2: 1}


def test_json_that_is_nested_without_end_is_read_like_a_page() -> None:
    deep = "[" * 100_000 + f'"{text(1)}"' + "]" * 100_000
    assert counted([1], deep) == {1: 1}


# In words


def test_a_long_list_says_how_much_is_left_out() -> None:
    back = read(list(range(LINES + 5)), [], [])
    lines = back.findings[0].evidence.splitlines()
    assert len(lines) == LINES + 1
    assert lines[-1] == "… and 5 more"


def test_a_summary_says_nothing_of_what_was_not_done() -> None:
    none, some = Writes(), Writes([row(1), row(2)])
    assert summary(none, None) == ""
    assert summary(some, None) == "2 writes"
    assert summary(Writes([row(1)]), None) == "1 write"
    assert summary(some, read([1, 2], [], people({1: 1, 2: 1}))) == "2 writes, all read back"
    assert summary(none, read([], [], [])) == ""
