"""Traffic as a user has it, against real servers on loopback: what is lost, slow or kept back."""

import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from fakes import rude_server as rude
from fakes.persons import Persons
from fakes.rude_server import Manner, RudeServer
from fakes.server import Reply, Server
from fakes.traffic import PATIENT, ran, sends, traffic_to, until

from pytest_canary.api.factory import client_for
from pytest_canary.config.settings import Settings
from pytest_canary.core.errors import TrafficError
from pytest_canary.core.masking import MASK, Redactor
from pytest_canary.traffic import Kind, Traffic
from pytest_canary.traffic.generator import BOUNDS, Bounds, Generator, crowd, why_unsent
from pytest_canary.traffic.ledger import LIMIT

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


# Stages


def test_requests_belong_to_where_the_walk_stood_when_they_were_due(
    server: Server, persons: Persons, settings: Callable[..., Settings]
) -> None:
    traffic = traffic_to(server.url, settings())
    traffic.enter_phase("baseline")
    with traffic:
        for stage, transition in [("canary", "deploy"), ("canary", ""), ("stable", "promote")]:
            sends(traffic, 5)
            traffic.enter_phase(stage, transition)
        sends(traffic, 5)
    phases = traffic.ledger.entered
    assert [phase.stage for phase in phases] == ["baseline", "canary", "canary", "stable"]
    for number in range(traffic.sent):
        each = traffic.ledger.exchange(number)
        phase = max((it for it in phases if it.at <= each.due), key=lambda it: it.at)
        assert (each.stage, each.transition) == (phase.stage, phase.transition)
    by_transition = traffic.transitions()
    assert list(by_transition) == [(s.stage, s.transition) for s in phases]
    assert sum(told.sent for told in by_transition.values()) == traffic.sent
    canary, deploy = traffic.of(stage="canary"), traffic.of(transition="deploy")
    assert canary.sent == deploy.sent + traffic.of(stage="canary", transition="").sent
    assert deploy == by_transition["canary", "deploy"]
    assert traffic.since(phases[-1].at) == traffic.of(stage="stable")
    assert traffic.window(phases[1].at, phases[3].at) == canary


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
    traffic = ran(server.url, settings(request=3 if manner is rude.hangs else 20))
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


def test_requests_of_a_while_are_told_without_secrets(
    rudely: Callable[[Manner], RudeServer], settings: Callable[..., Settings]
) -> None:
    wrong = rudely(rude.says(rude.answer(404, "no such db: hunter22")))
    chosen = settings()
    api = client_for(wrong.url, chosen, redactor=Redactor(["hunter22"]))
    with Traffic(api, chosen.traffic) as traffic:
        until(lambda: len(traffic.ledger) >= 20)
    begin, end = traffic.ledger.exchange(5).due, traffic.ledger.exchange(9).due
    found = traffic.exchanges(begin, end)
    assert [each.number for each in found] == [5, 6, 7, 8]
    assert all(MASK in each.text and "hunter22" not in each.text for each in found)


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
    with traffic_to(server.url, settings(request=5), generate=three) as traffic:
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
    assert why_unsent(number, lag, pending, Bounds(crowd=10, too_late=60)) is kind


def test_what_it_can_remember_has_an_end_which_is_told() -> None:
    with pytest.raises(TrafficError, match=r"1,000,000 requests are as many as it remembers"):
        why_unsent(LIMIT, 0.0, 0, Bounds(crowd=10))


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
