"""The traffic as a user has it: a generator, against real servers on loopback."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from fakes import rude_server as rude
from fakes.rude_server import Manner, RudeServer
from fakes.server import Asked, Reply, Server
from fakes.traffic import PATIENT, Generate, Stuck, Unstartable, patient, sends_by

from pytest_canary.api.client import Api
from pytest_canary.api.factory import client_for
from pytest_canary.api.read_back import read_back
from pytest_canary.api.writes import Writes
from pytest_canary.config.settings import ApiSettings, Settings
from pytest_canary.core.errors import ApiError, TrafficError
from pytest_canary.traffic import Kind, Traffic
from pytest_canary.traffic.generator import BOUNDS, Bounds, Generator, crowd, kept_back
from pytest_canary.traffic.ledger import LIMIT, Ledger, Outcome
from pytest_canary.traffic.schedule import Schedule
from pytest_canary.traffic.sender import Prepared, Sender

OWN = {
    "write": {"method": "POST", "path": "/notes", "json": {"text": "{unique}"}, "status": 201},
    "read": {"method": "GET", "path": "/notes"},
    "version-header": "X-Version",
}


class Persons:
    """An addressbook in a list; `keeps` says how often it stores a write, `tells` what it says."""

    def __init__(self, server: Server) -> None:
        self.rows: list[dict[str, object]] = []
        self.keeps: Callable[[int], int] = lambda number: 1
        self.tells: Callable[[int, Reply], Reply] = lambda number, reply: reply
        self._puts = 0
        self._lock = threading.Lock()
        server.reply = self

    def __call__(self, asked: Asked) -> Reply:
        headers = {"X-Release": "2", "X-Pod": f"web-{asked.port % 2}"}
        with self._lock:
            if asked.path == "/all":
                return Reply(200, list(self.rows), headers)
            form = {name: values[0] for name, values in parse_qs(asked.body).items()}
            stamp = "2019-11-10T16:48:15.900Z"
            row = {"id": self._puts, **form, "updatedAt": stamp, "createdAt": stamp}
            self.rows += [row] * self.keeps(self._puts)
            self._puts += 1
            return self.tells(self._puts - 1, Reply(200, row, headers))


@pytest.fixture
def persons(server: Server) -> Persons:
    return Persons(server)


@pytest.fixture
def settings(configured: Callable[..., Settings]) -> Callable[..., Settings]:
    def make(
        rate: float = 200, writes: float = 0.5, slow: float = 20, request: float = 20, **tables: Any
    ) -> Settings:
        traffic = {"rate": rate, "writes": writes, "slow": slow}
        return configured(traffic=traffic, deadlines={"request": request}, **tables)

    return make


@pytest.fixture
def rudely() -> Iterator[Callable[[Manner], RudeServer]]:
    """Starts servers of bad manners, and stops them at the end."""
    running: list[RudeServer] = []

    def start(manner: Manner) -> RudeServer:
        running.append(RudeServer(manner))
        return running[-1]

    yield start
    for server in running:
        server.stop()


def until(done: Callable[[], bool]) -> None:
    """Wait for the traffic to have got so far; the deadline is for a test that hangs."""
    deadline = time.monotonic() + 30
    while not done():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.005)


def traffic_to(
    url: str, settings: Settings, *, anywhere: bool = False, generate: Generate = patient
) -> Traffic:
    """Traffic as a walk has it, not started yet."""
    return Traffic(
        client_for(url, settings), settings.traffic, anywhere=anywhere, generate=generate
    )


def sends(traffic: Traffic, requests: int) -> None:
    """Wait for so many more requests."""
    had = len(traffic.ledger)
    until(lambda: len(traffic.ledger) >= had + requests)


def ran(url: str, settings: Settings, requests: int = 20) -> Traffic:
    """Traffic that has sent so many requests at least, and is over."""
    with traffic_to(url, settings) as traffic:
        until(lambda: len(traffic.ledger) >= requests)
    return traffic


# What goes well


def test_what_is_sent_is_what_the_server_was_asked(
    server: Server, persons: Persons, settings: Callable[..., Settings]
) -> None:
    traffic = ran(server.url, settings(), 40)
    assert traffic.sent == len(server.asked) >= 40
    assert (traffic.lost, traffic.slow, traffic.retryable) == (0, 0, 0)
    assert traffic.losses() == []
    assert traffic.findings() == []
    # Every other request writes; each has a connection of its own.
    assert len(persons.rows) == len(traffic.writes.acknowledged) == traffic.sent // 2
    assert len({asked.port for asked in server.asked}) == traffic.sent
    assert traffic.writes.unacknowledged == ()


def test_each_request_is_stamped_with_who_answered(
    server: Server, persons: Persons, settings: Callable[..., Settings]
) -> None:
    traffic = ran(server.url, settings())
    told = [traffic.ledger.exchange(number) for number in range(traffic.sent)]
    assert {each.version for each in told} == {"2"}
    assert {each.pod for each in told} <= {"web-0", "web-1"}
    assert {each.status for each in told} == {200}
    assert list(traffic.summary().versions) == ["2"]
    assert sum(each.requests for each in traffic.series()["2"]) == traffic.sent


def test_acknowledged_writes_are_read_back_each_once(
    server: Server, persons: Persons, settings: Callable[..., Settings]
) -> None:
    wanted = settings()
    traffic = ran(server.url, wanted)
    api = client_for(server.url, wanted)
    back = traffic.verify(api)
    assert back.acknowledged == len(persons.rows) > 0
    assert back.findings == []
    assert read_back(api, traffic.writes).wrong == ()


def test_the_same_is_true_of_an_app_that_is_no_addressbook(
    server: Server, settings: Callable[..., Settings]
) -> None:
    rows: list[Any] = []

    def reply(asked: Asked) -> Reply:
        if asked.method == "POST":
            rows.append(json.loads(asked.body))
            return Reply(201, "", {"X-Version": "7"})
        # Each text twice, as an app with titles and slugs might show it.
        return Reply(200, [{"slug": row["text"], **row} for row in rows], {"X-Version": "7"})

    server.reply = reply
    wanted = settings(api=OWN)
    traffic = ran(server.url, wanted)
    api = client_for(server.url, wanted)
    assert traffic.lost == 0
    assert traffic.verify(api).findings == []
    assert read_back(api, traffic.writes).wrong == ()
    assert list(traffic.summary().versions) == ["7"]
    lost, doubled = rows.pop(3), rows[5]
    rows.append(doubled)
    back = traffic.verify(api)
    assert [lost["text"] in line for line in back.lost] == [True]
    assert [doubled["text"] in line for line in back.doubled] == [True]


# Stages


def test_requests_belong_to_where_the_walk_stood_when_they_were_due(
    server: Server, persons: Persons, settings: Callable[..., Settings]
) -> None:
    traffic = traffic_to(server.url, settings())
    traffic.stand("baseline")
    with traffic:
        for stage, transition in [("canary", "deploy"), ("canary", ""), ("stable", "promote")]:
            sends(traffic, 5)
            traffic.stand(stage, transition)
        sends(traffic, 5)
    stands = traffic.ledger.stands
    assert [stand.stage for stand in stands] == ["baseline", "canary", "canary", "stable"]
    for number in range(traffic.sent):
        each = traffic.ledger.exchange(number)
        stand = max((stand for stand in stands if stand.at <= each.due), key=lambda s: s.at)
        assert (each.stage, each.transition) == (stand.stage, stand.transition)
    by_transition = traffic.transitions()
    assert list(by_transition) == [(s.stage, s.transition) for s in stands]
    assert sum(told.sent for told in by_transition.values()) == traffic.sent
    canary, deploy = traffic.of(stage="canary"), traffic.of(transition="deploy")
    assert canary.sent == deploy.sent + traffic.of(stage="canary", transition="").sent
    assert deploy == by_transition["canary", "deploy"]
    assert traffic.since(stands[-1].at) == traffic.of(stage="stable")
    assert traffic.window(stands[1].at, stands[3].at) == canary


# What goes wrong


@pytest.mark.parametrize(
    ("manner", "kind"),
    [
        (rude.closes, Kind.CLOSED),
        (rude.resets, Kind.RESET),
        (rude.resets_mid_body, Kind.CUT),
        (rude.says(rude.answer(body="half", length=8)), Kind.CUT),
        (rude.says(b"SSH-2.0-OpenSSH\r\n\r\n"), Kind.GARBLED),
        (rude.hangs, Kind.TIMEOUT),
        (rude.says(rude.answer(500)), Kind.SERVER_ERROR),
        (rude.says(rude.answer(404)), Kind.WRONG),
    ],
)
def test_what_a_user_would_have_missed_is_lost_and_sent_only_once(
    manner: Manner,
    kind: Kind,
    rudely: Callable[[Manner], RudeServer],
    settings: Callable[..., Settings],
) -> None:
    server = rudely(manner)
    traffic = ran(server.url, settings(request=0.3 if manner is rude.hangs else 20))
    assert traffic.lost == traffic.sent == len(server.asked)
    losses = traffic.losses()
    assert {each.kind for each in losses} == {kind}
    # Of these, all were sent: a client may repeat the reads.
    assert all(each.retryable is (each.method == "GET") for each in losses)
    writes = [each for each in losses if each.method == "PUT"]
    assert traffic.retryable == len(losses) - len(writes)
    # The journal has them in the order in which they ended.
    doubted = sorted(row.unique for row in traffic.writes.unacknowledged)
    assert doubted == [each.unique for each in writes]
    assert traffic.writes.acknowledged == ()
    (found,) = traffic.findings()
    assert found.sentence.startswith(
        f"{traffic.lost} of {traffic.sent} requests were lost, {len(writes)} of them such as no "
        "client may safely send again: PUT /person "
    )


def test_what_never_arrived_a_client_may_send_again_and_a_write_is_not_in_doubt(
    settings: Callable[..., Settings],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    traffic = ran(f"http://127.0.0.1:{port}", settings())
    assert traffic.lost == traffic.retryable == traffic.sent
    assert {each.fault for each in traffic.losses()} == {"refused"}
    assert traffic.writes.unacknowledged == ()


def test_an_acknowledgement_of_something_else_is_none(
    server: Server, persons: Persons, settings: Callable[..., Settings]
) -> None:
    """A status 200 alone says little: the addressbook must answer with the person."""
    persons.tells = lambda number, reply: Reply(200, {"id": number, "firstName": "someone"})
    traffic = ran(server.url, settings())
    assert traffic.writes.acknowledged == ()
    assert {(each.method, each.fault) for each in traffic.losses()} == {("PUT", "wrong (200)")}
    assert len(traffic.writes.unacknowledged) == traffic.lost > 0


def test_lost_and_doubled_writes_are_named(
    server: Server, persons: Persons, settings: Callable[..., Settings]
) -> None:
    persons.keeps = lambda number: {2: 0, 4: 2}.get(number, 1)
    wanted = settings()
    traffic = ran(server.url, wanted)
    api = client_for(server.url, wanted)
    back = traffic.verify(api)
    counts = {
        row.unique: sum(r["firstName"] == row.unique for r in persons.rows)
        for row in traffic.writes.acknowledged
    }
    (lost,) = [unique for unique, count in counts.items() if count == 0]
    (doubled,) = [unique for unique, count in counts.items() if count == 2]
    assert len(back.lost) == len(back.doubled) == 1
    assert back.lost[0].startswith(f"PUT /person of {lost}, acknowledged by 2, pod web-")
    assert back.lost[0].endswith(", is missing")
    assert doubled in back.doubled[0]
    assert back.doubled[0].endswith(", is there 2 times")
    assert [finding.code for finding in back.findings] == ["WriteLost", "WriteDoubled"]
    assert [finding.where for finding in back.findings] == ["GET /all of the Service"] * 2
    assert len(read_back(api, traffic.writes).wrong) == 2


def test_an_addressbook_that_doubles_everything_is_caught_too(
    server: Server, persons: Persons, settings: Callable[..., Settings]
) -> None:
    persons.keeps = lambda number: 2
    wanted = settings()
    traffic = ran(server.url, wanted)
    back = traffic.verify(client_for(server.url, wanted))
    assert len(back.doubled) == back.acknowledged > 0


def test_a_write_without_an_answer_may_be_there_or_not(
    server: Server, persons: Persons, settings: Callable[..., Settings]
) -> None:
    persons.tells = lambda number, reply: Reply(500, "", {}) if number < 4 else reply
    persons.keeps = lambda number: 1 if number >= 4 else number % 2
    wanted = settings()
    traffic = ran(server.url, wanted)
    back = traffic.verify(client_for(server.url, wanted))
    assert (back.unacknowledged, back.found, back.findings) == (4, 2, [])
    every = (*traffic.writes.acknowledged, *traffic.writes.unacknowledged)
    assert len({row.unique for row in every}) == traffic.sent // 2


def test_a_write_without_an_answer_must_not_be_there_twice(
    server: Server, persons: Persons, settings: Callable[..., Settings]
) -> None:
    persons.tells = lambda number, reply: Reply(500, "", {}) if number == 2 else reply
    persons.keeps = lambda number: 2 if number == 2 else 1
    wanted = settings()
    traffic = ran(server.url, wanted)
    back = traffic.verify(client_for(server.url, wanted))
    (found,), (row,) = back.findings, traffic.writes.unacknowledged
    assert back.wrong == ()
    assert found.sentence == (
        f"1 of 1 unacknowledged writes are doubled: {row.shown} is there 2 times"
    )
    assert row.shown.startswith(f"PUT /person of {row.unique}, not acknowledged, ")


def test_checks_and_traffic_share_one_journal_and_one_read_back(
    server: Server, persons: Persons, settings: Callable[..., Settings]
) -> None:
    wanted = settings()
    api = client_for(server.url, wanted)
    first = api.write()
    with Traffic(api, wanted.traffic, generate=patient) as traffic:
        sends(traffic, 20)
    last = api.write()
    rows = api.writes.acknowledged
    assert (rows[0], rows[-1], len(rows)) == (first, last, len(persons.rows))
    asked = len(server.asked)
    assert read_back(api, api.writes).text == f"{len(rows)} writes, 0 lost, 0 doubled"
    assert len(server.asked) == asked + 1


def test_without_an_acknowledged_write_there_is_nothing_to_read_back(
    server: Server, settings: Callable[..., Settings]
) -> None:
    server.reply = Reply(500, "no table")
    wanted = settings()
    traffic = ran(server.url, wanted)
    with pytest.raises(TrafficError) as wrong:
        traffic.verify(client_for(server.url, wanted))
    assert wrong.value.sentence == (
        f"none of the traffic's {traffic.sent // 2} writes was acknowledged, so there is nothing "
        "to read back; see what the Service answers to PUT /person"
    )
    assert "PUT /person of canary" in wrong.value.evidence


def test_what_checks_have_written_is_no_write_of_the_traffics(
    server: Server, persons: Persons, settings: Callable[..., Settings]
) -> None:
    wanted = settings()
    api = client_for(server.url, wanted)
    api.write()
    server.reply = Reply(500, "no table")
    with pytest.raises(ApiError):
        api.write()
    with Traffic(api, wanted.traffic, generate=patient) as traffic:
        sends(traffic, 20)
    with pytest.raises(TrafficError) as wrong:
        traffic.verify(api)
    assert wrong.value.sentence.startswith(
        f"none of the traffic's {traffic.sent // 2} writes was acknowledged"
    )


def test_without_writes_by_ones_own_choice_nothing_is_read_back(
    server: Server, persons: Persons, settings: Callable[..., Settings]
) -> None:
    wanted = settings(writes=0)
    traffic = ran(server.url, wanted)
    back = traffic.verify(client_for(server.url, wanted))
    assert (back.text, back.findings) == ("0 writes, 0 lost, 0 doubled", [])


def test_a_read_back_that_fails_is_told_as_such(
    server: Server, persons: Persons, settings: Callable[..., Settings]
) -> None:
    wanted = settings()
    traffic = ran(server.url, wanted)
    server.reply = Reply(503, "down")
    with pytest.raises(ApiError, match="GET /all of the Service answers with status 503"):
        traffic.verify(client_for(server.url, wanted))


# Slowness


def test_while_the_app_hangs_every_request_that_is_due_feels_it(
    rudely: Callable[[Manner], RudeServer], settings: Callable[..., Settings]
) -> None:
    """No coordinated omission: a generator that waits for answers would send one, not forty."""
    many, gate = 40, threading.Event()

    def gated(connection: Any, asked: rude.Asked, stopping: threading.Event) -> None:
        if asked.number >= many - 1:
            gate.set()
        gate.wait(20)
        rude.echoes(connection, asked, stopping)

    server = rudely(gated)
    traffic = ran(server.url, settings(slow=0.1), many)
    due = traffic.schedule.due
    # All of the first forty stood at the gate, which the fortieth of them opened.
    for number in range(many):
        seconds = traffic.ledger.exchange(number).seconds
        assert seconds >= (due(many - 1) - due(number)) * 0.999
    assert traffic.lost == 0
    assert traffic.slow >= sum(due(many - 1) - due(number) > 0.11 for number in range(many)) > 10
    assert (traffic.summary().p95 or 0) > 0


def test_an_answer_that_takes_too_long_is_lost_and_not_slow(
    rudely: Callable[[Manner], RudeServer], settings: Callable[..., Settings]
) -> None:
    traffic = ran(rudely(rude.trickles).url, settings(slow=0.1, request=0.3), 5)
    assert (traffic.slow, traffic.lost) == (0, traffic.sent)
    assert all(each.seconds >= 0.299 for each in traffic.losses())


# Bounds


def test_so_many_wait_for_answers_and_no_more_and_what_is_kept_back_is_told(
    rudely: Callable[[Manner], RudeServer],
    settings: Callable[..., Settings],
) -> None:
    server = rudely(rude.hangs)
    three = partial(Generator, bounds=replace(PATIENT, crowd=3))
    with traffic_to(server.url, settings(request=0.5), generate=three) as traffic:
        until(lambda: traffic.ledger.unsent >= 20)
    assert server.most == 3
    assert traffic.sent == len(server.asked) == len(traffic.ledger) - traffic.ledger.unsent
    assert traffic.cost.unsent == traffic.ledger.unsent == traffic.ledger.count(Kind.CROWDED)
    assert f"{traffic.ledger.unsent} not sent" in traffic.cost.text
    # More than half were not sent: "none lost" would be an empty word.
    with pytest.raises(TrafficError) as wrong:
        _ = traffic.lost
    assert wrong.value.sentence == (
        f"{traffic.ledger.unsent} of {len(traffic.ledger)} requests were not sent, as this machine "
        "or the app could not keep up, so little can be said of the traffic; lower traffic.rate, "
        "which is 200"
    )


@pytest.mark.parametrize(
    ("number", "lag", "pending", "kind"),
    [
        (0, 0.0, 0, None),
        (7, 59.9, 9, None),
        (7, 60.1, 0, Kind.LATE),
        (7, 0.0, 10, Kind.CROWDED),
        (LIMIT - 1, 0.0, 0, None),
    ],
)
def test_why_a_request_is_kept_back(
    number: int, lag: float, pending: int, kind: Kind | None
) -> None:
    assert kept_back(number, lag, pending, Bounds(crowd=10, too_late=60)) is kind


def test_what_it_can_remember_has_an_end_which_is_told() -> None:
    with pytest.raises(TrafficError, match=r"1,000,000 requests are as many as it remembers"):
        kept_back(LIMIT, 0.0, 0, Bounds(crowd=10))


@pytest.mark.parametrize(
    ("descriptors", "expected"), [(1024, 512), (256, 128), (2, 1), (0, 1), (-1, 512)]
)
def test_the_crowd_leaves_room_for_others_files(descriptors: int, expected: int) -> None:
    assert crowd(descriptors, BOUNDS.crowd) == expected


def test_its_own_cost_is_told(
    server: Server, persons: Persons, settings: Callable[..., Settings]
) -> None:
    cost = ran(server.url, settings()).cost
    assert 0 < cost.cpu <= cost.wall
    assert 0 <= cost.lag_p50 <= cost.lag_p99 <= cost.lag_max < 5
    assert cost.unsent == 0
    assert cost.text.startswith("the traffic took ")


# Its life


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if "canary-traffic" in thread.name]


def test_stopping_waits_for_the_answers_and_leaves_neither_thread_nor_connection(
    rudely: Callable[[Manner], RudeServer], settings: Callable[..., Settings]
) -> None:
    server = rudely(rude.hangs)
    traffic = traffic_to(server.url, settings(request=0.5)).start()
    until(lambda: server.open >= 5)
    assert threads()
    traffic.stop()
    assert not threads()
    assert {each.kind for each in traffic.losses()} == {Kind.TIMEOUT}
    assert traffic.lost == traffic.sent
    until(lambda: server.open == 0)
    traffic.stop()


def test_starting_twice_is_starting_once(
    server: Server, persons: Persons, settings: Callable[..., Settings]
) -> None:
    traffic = traffic_to(server.url, settings())
    assert traffic.began is None
    assert traffic.now() == 0
    began = traffic.start().began
    assert traffic.start().began == began is not None
    assert len(threads()) == 1
    traffic.stop()


def test_a_traffic_runs_once(settings: Callable[..., Settings]) -> None:
    traffic = traffic_to("http://127.0.0.1:1", settings())
    traffic.stop()
    with pytest.raises(TrafficError, match="the traffic is over; another one is a new Traffic"):
        traffic.start()


JUDGES: list[Callable[[Traffic], object]] = [
    lambda traffic: traffic.lost,
    lambda traffic: traffic.slow,
    lambda traffic: traffic.retryable,
    lambda traffic: traffic.losses(),
    lambda traffic: traffic.findings(),
    lambda traffic: traffic.summary(),
    lambda traffic: traffic.of(stage="canary"),
    lambda traffic: traffic.since(0),
    lambda traffic: traffic.window(0, 1),
    lambda traffic: traffic.transitions(),
    lambda traffic: traffic.series(),
    lambda traffic: traffic.verify(Api("http://127.0.0.1:1", ApiSettings(), 1)),
    lambda traffic: traffic.check(),
]


@pytest.mark.parametrize("judge", JUDGES)
def test_no_traffic_is_not_the_same_as_none_lost(
    judge: Callable[[Traffic], object], settings: Callable[..., Settings]
) -> None:
    traffic = traffic_to("http://127.0.0.1:1", settings())
    with pytest.raises(TrafficError, match="was not started, so nothing can be said of it"):
        judge(traffic)
    assert traffic.sent == 0


@pytest.mark.parametrize("judge", JUDGES)
def test_a_generator_that_broke_off_does_not_look_like_none_lost(
    judge: Callable[[Traffic], object],
    server: Server,
    persons: Persons,
    settings: Callable[..., Settings],
) -> None:
    class Broken(Sender):
        async def send(self, prepared: Prepared, unique: str) -> Outcome:
            if len(server.asked) >= 5:
                raise ValueError("boom")
            return await super().send(prepared, unique)

    given = settings()
    broken = sends_by(Broken(given.api, given.deadlines.request))
    with traffic_to(server.url, given, generate=broken) as traffic:
        until(lambda: not threads())
        with pytest.raises(TrafficError) as wrong:
            judge(traffic)
    assert wrong.value.sentence == (
        f"the traffic broke off after {traffic.sent} requests: ValueError: boom; "
        "what came later was not tested"
    )
    assert isinstance(wrong.value.__cause__, ValueError)


def test_a_client_that_cannot_start_is_told_at_once(
    settings: Callable[..., Settings],
) -> None:
    given = settings()
    broken = sends_by(Unstartable(given.api, OSError("too many open files")))
    traffic = traffic_to("http://127.0.0.1:1", given, generate=broken)
    with pytest.raises(TrafficError, match="broke off after 0 requests: OSError: too many open"):
        traffic.start()


def test_a_thread_that_does_not_end_is_told(
    settings: Callable[..., Settings],
) -> None:
    release = threading.Event()
    given = settings(request=0.01)
    stuck = sends_by(Stuck(given.api, given.deadlines.request, release), Bounds(grace=0.01))
    traffic = traffic_to("http://127.0.0.1:1", given, generate=stuck).start()
    try:
        traffic.stop()
        with pytest.raises(TrafficError, match="its thread did not end when it was told to"):
            traffic.check()
    finally:
        release.set()
        until(lambda: not threads())


def test_before_the_first_request_nothing_can_be_said(
    settings: Callable[..., Settings],
) -> None:
    class InAnHour(Schedule):
        def due(self, number: int) -> float:
            return 3600.0

    def later(url: str, sender: Sender, ledger: Ledger, writes: Writes) -> Generator:
        schedule = InAnHour(**vars(ledger.schedule))
        return Generator(url, sender, Ledger(schedule, 20), writes)

    with (
        traffic_to("http://127.0.0.1:1", settings(), generate=later) as traffic,
        pytest.raises(TrafficError, match="no request was sent yet"),
    ):
        _ = traffic.lost


def test_a_rate_of_nothing_is_no_traffic(settings: Callable[..., Settings]) -> None:
    traffic = traffic_to("http://127.0.0.1:1", settings(rate=0))
    for judge in (lambda: traffic.start(), lambda: traffic.lost):
        with pytest.raises(TrafficError, match=r"there is no traffic, as traffic\.rate is 0"):
            judge()


def test_it_goes_to_this_machine_unless_it_is_told_otherwise(
    settings: Callable[..., Settings],
) -> None:
    with pytest.raises(TrafficError) as wrong:
        traffic_to("http://192.0.2.1:80", settings())
    assert wrong.value.sentence == (
        "the traffic would go to http://192.0.2.1:80, which is not this machine; it only goes "
        "elsewhere where it is told to (anywhere=True)"
    )
    assert traffic_to("http://192.0.2.1:80", settings(), anywhere=True).base_url


def test_localhost_is_this_machine(
    server: Server, persons: Persons, settings: Callable[..., Settings]
) -> None:
    assert ran(server.url.replace("127.0.0.1", "localhost"), settings()).lost == 0


SCRIPT = """
import sys, time
from pathlib import Path
from pytest_canary.api.factory import client_for
from pytest_canary.config import settings_file
from pytest_canary.traffic import Traffic
assert "aiohttp" not in sys.modules
project, url = Path(sys.argv[1]), sys.argv[2]
settings = settings_file.check({"traffic": {"rate": 200}}, project, "x")
traffic = Traffic(client_for(url, settings), settings.traffic).start()
assert "aiohttp" in sys.modules
while traffic.sent < 10:
    time.sleep(0.01)
print("the end")
"""


def test_a_script_may_end_without_stopping_it_and_the_client_is_imported_only_when_it_starts(
    server: Server, persons: Persons, settings: Callable[..., Settings]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(settings().root), server.url],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "the end\n", "")


def test_the_example_tells_what_was_lost(
    server: Server, persons: Persons, settings: Callable[..., Settings]
) -> None:
    script = Path(__file__).parents[3] / "examples" / "traffic.py"

    def run() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(script), server.url, "1"]
        folder = settings().root
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)

    good = run()
    assert (good.returncode, good.stderr) == (0, "")
    assert " 0 lost, 0 doubled\n" in good.stdout
    persons.keeps = lambda number: 0
    bad = run()
    assert (bad.returncode, bad.stderr) == (1, "")
    assert "acknowledged writes are lost: PUT /person of canary" in bad.stdout
