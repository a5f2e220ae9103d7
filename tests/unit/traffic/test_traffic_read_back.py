"""What the traffic has written, read back: each acknowledged write is there, and once."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from fakes.persons import Persons
from fakes.server import Asked, Reply, Server
from fakes.traffic import (
    patient,
    ran,
    sends,
)

from pytest_canary.api.factory import client_for
from pytest_canary.api.read_back import read_back
from pytest_canary.config.settings import Settings
from pytest_canary.core.errors import ApiError, TrafficError
from pytest_canary.traffic import Traffic

OWN = {
    "write": {"method": "POST", "path": "/notes", "json": {"text": "{unique}"}, "status": 201},
    "read": {"method": "GET", "path": "/notes"},
    "version-header": "X-Version",
}


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
