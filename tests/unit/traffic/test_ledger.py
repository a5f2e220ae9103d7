"""What the requests come to: by stage, transition, version and time."""

from __future__ import annotations

import tracemalloc

import pytest
from fakes.ledgers import filled, good, ledger, of_tracks

from pytest_canary.traffic.exchange import Kind
from pytest_canary.traffic.ledger import LIMIT, TEXTS, Ledger, Phase, RequestOutcome
from pytest_canary.traffic.names import LENGTH, NAMES
from pytest_canary.traffic.summary import Summary


def counts(summary: Summary) -> tuple[int, ...]:
    return (summary.sent, summary.lost, summary.retryable, summary.slow, summary.writes)


def test_a_request_is_kept_with_everything_that_is_known() -> None:
    book = filled(
        ledger(), (good(), 0.1), (RequestOutcome(Kind.SERVER_ERROR, 503, "2", "web-2", "no"), 2)
    )
    book.began_at = 1000.0
    book.entered.append(Phase(0.05, "canary", "deploy"))
    first, second = book.exchange(0), book.exchange(1)
    assert (first.method, first.path, first.unique, first.status) == ("GET", "/all", "", 200)
    assert (first.due, first.at, first.stage, first.transition) == (0, 1000, "", "")
    assert (first.version, first.pod, first.kind) == ("1", "web-1", Kind.ANSWERED)
    assert first.seconds == pytest.approx(0.1)
    assert first.lag == pytest.approx(0.001)
    assert (second.method, second.unique, second.status) == ("PUT", book.schedule.unique(1), 503)
    assert (second.due, second.at) == (0.1, 1000.1)
    assert (second.stage, second.transition) == ("canary", "deploy")
    assert (second.version, second.pod, second.text) == ("2", "web-2", "no")


def test_what_is_counted_as_it_comes_is_what_is_summed_up_afterwards() -> None:
    book = filled(
        ledger(),
        (good(), 0.1),
        (good(), 0.2),
        (good("2"), 1.5),
        (RequestOutcome(Kind.RESET), 0.3),
        (RequestOutcome(Kind.RESET), 0.3),
        (RequestOutcome(Kind.REFUSED), 0.3),
    )
    book.open(Kind.CROWDED)
    book.open(Kind.LATE)
    book.open()
    told = book.summary(range(len(book)))
    # Of the two that were reset, the read may be sent again; the refused write may too.
    assert counts(told) == (7, 3, 2, 1, 1)
    assert (told.in_flight, told.unsent) == (1, 2)
    assert (book.lost, book.retryable, book.slow, book.unsent) == (3, 2, 1, 2)
    assert told.p50 == pytest.approx(0.2)
    assert told.p95 == 1.5
    assert told.text == ("7 requests, 3 lost (2 safe to send again), 1 slow, 2 not sent; 1 write")


def test_what_went_well_is_told_without_what_did_not_happen() -> None:
    book = filled(ledger(), *[(good(), 0.1)] * 1200)
    writes = sum(book.schedule.is_write(number) for number in range(1200))
    assert book.summary(range(1200)).text == f"1,200 requests, 0 lost, 0 slow; {writes} writes"


def test_nothing_has_no_latency() -> None:
    told = ledger().summary([])
    assert counts(told) == (0, 0, 0, 0, 0)
    assert (told.p50, told.p95, told.p99) == (None, None, None)
    assert told.versions == {}


def test_latencies_are_of_answers_as_promised_only() -> None:
    """A quick error would flatter them."""
    book = filled(
        ledger(), (good(), 0.5), *[(RequestOutcome(Kind.SERVER_ERROR, 500, "1"), 0.001)] * 9
    )
    assert book.summary(range(10)).p50 == 0.5


def test_an_answer_that_is_slow_by_a_hair_is_slow_however_it_is_counted() -> None:
    book = filled(ledger(), (good(), 1.00001), (good(), 1.0), (good(), 0.99999))
    assert book.slow == book.summary(range(3)).slow == 1


def test_each_version_has_a_summary_and_who_said_nothing_has_one_too() -> None:
    book = filled(
        ledger(),
        (good("1"), 0.1),
        (good("2"), 0.4),
        (good("1"), 0.1),
        (RequestOutcome(Kind.SERVER_ERROR, 500, "2"), 0.1),
        (RequestOutcome(Kind.REFUSED), 0.1),
    )
    book.open(Kind.CROWDED)
    versions = book.summary(range(6)).versions
    assert {version: counts(told) for version, told in versions.items()} == {
        "1": (2, 0, 0, 0, 0),
        "2": (2, 1, 0, 0, 1),
        "": (1, 1, 1, 0, 0),
    }
    assert versions["2"].p99 == pytest.approx(0.4)


# Where the walk stood


def walked() -> Ledger:
    """Ten requests a second for 3 s, over phases that begin between two of them."""
    book = filled(ledger(), *[(good(), 0.1)] * 30)
    book.entered += [
        Phase(0.0, "baseline", ""),
        Phase(0.95, "canary", "deploy"),
        Phase(1.45, "canary", ""),
        Phase(1.95, "canary", "deploy"),
        Phase(2.45, "stable", "promote"),
    ]
    return book


@pytest.mark.parametrize(
    ("stage", "transition", "numbers"),
    [
        ("baseline", None, range(10)),
        ("canary", None, range(10, 25)),
        ("canary", "deploy", [*range(10, 15), *range(20, 25)]),
        ("canary", "", range(15, 20)),
        (None, "deploy", [*range(10, 15), *range(20, 25)]),
        ("stable", "promote", range(25, 30)),
        ("rollback", None, []),
    ],
)
def test_a_request_belongs_to_where_its_time_lies(
    stage: str | None, transition: str | None, numbers: range | list[int]
) -> None:
    book = walked()
    assert list(book.of(stage, transition)) == list(numbers)
    for number in numbers:
        each = book.exchange(number)
        assert stage in (None, each.stage)
        assert transition in (None, each.transition)


def test_transitions_have_every_request_once_in_the_order_of_the_walk() -> None:
    found = walked().transitions()
    assert list(found) == [
        ("baseline", ""),
        ("canary", "deploy"),
        ("canary", ""),
        ("stable", "promote"),
    ]
    assert sorted(number for numbers in found.values() for number in numbers) == list(range(30))


def test_what_comes_before_the_first_stand_belongs_to_none() -> None:
    book = filled(ledger(), *[(good(), 0.1)] * 5)
    assert (book.exchange(0).stage, book.exchange(0).transition) == ("", "")
    book.entered.append(Phase(0.25, "baseline", ""))
    assert [book.exchange(number).stage for number in range(5)] == [
        *([""] * 3),
        *(["baseline"] * 2),
    ]
    assert list(book.of("baseline")) == [3, 4]


def test_a_stand_at_the_same_moment_replaces_the_one_before() -> None:
    book = filled(ledger(), *[(good(), 0.1)] * 3)
    book.entered += [Phase(0, "baseline", ""), Phase(0, "canary", "")]
    assert list(book.of("baseline")) == []
    assert list(book.of("canary")) == [0, 1, 2]
    assert book.exchange(0).stage == "canary"


def test_a_window_ends_where_the_ledger_does() -> None:
    book = filled(ledger(), *[(good(), 0.1)] * 5)
    assert list(book.window(0.2, 99)) == [2, 3, 4]
    assert list(book.window(7, 99)) == []
    assert list(book.window(3, 1)) == []


def test_before_the_first_stand_requests_belong_to_no_stage_and_are_counted() -> None:
    book = filled(ledger(), *[(good(), 0.1)] * 5)
    assert list(book.of()) == [0, 1, 2, 3, 4]
    assert list(book.of("baseline")) == []
    assert {place: list(of) for place, of in book.transitions().items()} == {
        ("", ""): [0, 1, 2, 3, 4]
    }
    book.entered.append(Phase(0.25, "baseline", ""))
    assert {place: list(of) for place, of in book.transitions().items()} == {
        ("", ""): [0, 1, 2],
        ("baseline", ""): [3, 4],
    }
    assert ledger().transitions() == {}


def test_half_a_pair_is_in_the_stage_that_it_was_due_in() -> None:
    book = filled(of_tracks(), *[(good(), 0.1)] * 3)
    book.entered.append(Phase(0, "canary", ""))
    assert list(book.of("canary")) == [0, 1, 2]


# Over time


def test_the_series_has_each_versions_requests_by_bin() -> None:
    outcomes = [
        *[(good("1"), 0.1)] * 10,
        *[(good("1"), 0.2)] * 5,
        *[(good("2"), 0.4)] * 4,
        (RequestOutcome(Kind.SERVER_ERROR, 500, "2"), 0.1),
    ]
    book = filled(ledger(), *outcomes)
    series = book.series(1)
    assert [(each.at, each.requests, each.errors) for each in series["1"]] == [
        (0, 10, 0),
        (1, 5, 0),
    ]
    assert [(each.at, each.requests, each.errors) for each in series["2"]] == [(1, 5, 1)]
    assert [each.p50 for each in series["1"]] == pytest.approx([0.1, 0.2])
    assert series["2"][0].p99 == pytest.approx(0.4)


def test_a_bin_without_requests_does_not_end_the_series() -> None:
    book = filled(ledger(rate=0.5), *[(good(), 0.1)] * 3)
    assert [each.at for each in book.series(1)["1"]] == [0, 2, 4]
    assert ledger().series(1) == {}


def test_what_is_in_flight_is_in_no_bin_yet() -> None:
    book = filled(ledger(), (good(), 0.1))
    book.open()
    assert [each.requests for each in book.series(1)["1"]] == [1]
    assert list(book.series(1)) == ["1"]


def test_lags_are_those_of_what_was_sent() -> None:
    book = ledger()
    for lag in (0.3, 0.1, 0.2):
        book.note_sent(book.open(), lag)
    book.open(Kind.LATE)
    assert book.lags() == {0.1: 1, 0.2: 1, 0.3: 1}
    assert book.lags(range(1, 4)) == {0.1: 1, 0.2: 1}


# Bounds


def test_a_request_takes_some_thirty_bytes() -> None:
    book = ledger(rate=500)
    many = 20_000
    tracemalloc.start()
    try:
        for _ in range(many):
            book.close(book.open(), good(), 0.1)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(book) == many
    assert taken / many < 35
    assert taken / many * LIMIT < 32e6


def test_names_and_texts_without_end_are_not_all_kept() -> None:
    book = ledger()
    for number in range(NAMES + TEXTS):
        book.close(
            book.open(),
            RequestOutcome(
                Kind.SERVER_ERROR, 500, f"{number}-" * 1000, f"web-{number}", "x" * 1000
            ),
            0.1,
        )
    last = book.exchange(len(book) - 1)
    assert (last.version, last.pod, last.text) == ("…", "…", "")
    first = book.exchange(3)
    assert (first.pod, first.text) == ("web-3", "x" * LENGTH + "…")
    assert len(first.version) == len("…") + LENGTH
    assert book.lost == NAMES + TEXTS
