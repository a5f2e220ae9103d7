"""Secrets that come in while a script rehearses: no error that reaches its screen has any.

A script has no outward door, as pytest has; tests/plugin/test_two_doors.py looks at that one.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest
from fakes import app
from fakes.app import NOTES, Asked, Reply
from fakes.errors import raised
from fakes.leaks import HOSTILE, encoded, forms, leaks, on_screen
from fakes.objects import Object, unstartable
from fakes.world import NewWorld, World
from fakes.world_settings import LOADED

from pytest_canary.core.errors import CanaryError
from pytest_canary.core.masking import MASK
from pytest_canary.core.waiting import Seen

TOKEN = "to\"ké+n/=7&<sh'h>"
SAID = "\n".join([*forms(TOKEN), *encoded(TOKEN), HOSTILE])

# An answer is shown as Python writes it: what is quoted for a shell as well is quoted twice there.
ANSWERED = "\n".join([TOKEN, base64.b64encode(TOKEN.encode()).decode(), quote(TOKEN), HOSTILE])


@pytest.fixture
def begin(new_world: NewWorld) -> Callable[..., World]:
    """Begins a rehearsal whose app is given a secret."""
    return lambda **table: new_world(environment={"API_TOKEN": TOKEN}, **table)


def assert_masked(error: CanaryError) -> None:
    screen = on_screen(error)
    shown = {"screen": screen, "sentence": error.sentence, "evidence": error.evidence}
    assert leaks([TOKEN], shown) == []
    assert MASK in screen


FAULTS: dict[str, app.Fault] = {
    "another status": app.refuses_to("PUT", lambda _, reply: Reply(500, ANSWERED, reply.headers)),
    "no JSON": app.answers("/person", f"{{{ANSWERED}"),
    "nothing that was promised": app.answers("/person", {"error": ANSWERED}),
    "another than was written": app.stores(lastName=ANSWERED),
    "no list": app.answers("/all", {"error": ANSWERED}),
    "no person": app.answers("/all", [{"error": ANSWERED}]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_none_comes_out_by_an_answer(begin: Callable[..., World], fault: str) -> None:
    world = begin().enter("canary")
    world.app.faults = [FAULTS[fault]]
    assert_masked(raised(world.rehearsal.expect.write_and_read))


def test_none_comes_out_by_the_answer_to_a_row_that_is_lost(begin: Callable[..., World]) -> None:
    world = begin(api=NOTES).enter("canary")

    def tells(asked: Asked, reply: Reply) -> Reply:
        return Reply(201, ANSWERED, reply.headers) if asked.method == "POST" else Reply(200, [])

    world.app.faults = [tells]
    error = raised(world.rehearsal.expect.write_and_read)
    assert "can't be read back" in error.sentence
    assert_masked(error)


def test_none_comes_out_by_requests_that_are_lost(begin: Callable[..., World]) -> None:
    world = begin(**LOADED).enter("canary")
    world.app.faults = [lambda _, reply: Reply(500, ANSWERED, reply.headers)]
    traffic = world.context.app.traffic
    begun = traffic.sent

    def look() -> Seen[None]:
        return Seen("", traffic.sent > begun + 20, None)

    world.context.waiter.until("requests", look, timeout=1e6)
    error = raised(world.rehearsal.expect.no_lost_request)
    assert " requests were lost" in error.sentence
    assert_masked(error)


@pytest.mark.parametrize("program", ["apply.sh", "kubectl"])
def test_none_comes_out_by_what_a_program_prints(begin: Callable[..., World], program: str) -> None:
    world = begin()
    world.script(program, '#!/bin/sh\necho "$API_TOKEN"\necho "$API_TOKEN" | base64 >&2\nexit 3\n')
    error = raised(lambda: world.enter("baseline"))
    assert f"`{program}" in error.sentence
    assert_masked(error)


def test_none_comes_out_by_what_a_command_in_a_pod_prints(begin: Callable[..., World]) -> None:
    world = begin().enter("canary")
    world.namespace.runs = lambda pod, command, heard: (3, SAID, SAID)
    error = raised(lambda: world.rehearsal.database.query("select 1"))
    assert "the database refuses" in error.sentence
    assert_masked(error)


def test_none_comes_out_by_what_a_wait_has_seen_last(begin: Callable[..., World]) -> None:
    wait = begin().context.waiter.until
    assert_masked(raised(lambda: wait("it", lambda: Seen(SAID, False, None), timeout=0)))


def says(pod: Object, world: World) -> Object:
    """The pod, which can't be started for a reason that has a secret; an event tells so too."""
    if "canary" not in pod["metadata"]["name"]:
        return pod
    made, event = unstartable(pod, f"no {SAID} there")
    world.namespace.put(event)
    return made


def test_none_comes_out_by_what_the_kubelet_says(begin: Callable[..., World]) -> None:
    world = begin()
    world.namespace.controllers.sick = lambda pod: says(pod, world)
    world.namespace.logged = lambda: SAID
    error = raised(lambda: world.enter("canary"))
    assert "addressbook-canary" in error.sentence
    assert_masked(error)


def test_an_answer_itself_is_as_it_came(begin: Callable[..., World]) -> None:
    world = begin().enter("canary")
    world.app.rows.append({**world.app.rows[0], "id": 7, "firstName": TOKEN})
    world.rehearsal.expect.every_row()
    people = json.loads(world.rehearsal.api.read())
    assert TOKEN in [each["firstName"] for each in people]
