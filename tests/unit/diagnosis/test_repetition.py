"""Containers that end again and again: which of them another start may still mend."""

from dataclasses import replace
from typing import Any

import pytest
from fakes.recordings import applied, beside, end, pod, status

from pytest_canary.core.findings import Finding
from pytest_canary.diagnosis import Objects, diagnose, last_words
from pytest_canary.diagnosis.subject import LastWords

PANIC = "panic: config key SESSION_SALT is missing"


def ended(*runs: tuple[int, str], **stable: Any) -> Finding:
    """What is told of a container whose runs have ended so: the exit code, and the telling line."""
    objects = end("exits")
    if stable:
        beside(objects, **stable)
    status(objects)["restartCount"] = len(runs) - 1
    name = next(name for name in objects.snapshot.pods if "canary" in name)
    words = {
        (name, "addressbook", number): LastWords(*run) for number, run in enumerate(runs, 1) if run
    }
    return diagnose(replace(objects, last_words=words), applied("exits"))[0]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((3, PANIC), (3, PANIC)),
        (
            (1, "12:00:01 KeyError: 'SALT' at 0x7f"),
            (1, "12:00:02 KeyError: 'SALT' at 0x9a"),
        ),
        (
            (1, "6a1f20b3-9c4d: no such option"),
            (1, "0b7c11d2-1a2b: no such option"),
        ),
        ((139, ""), (139, "")),
        ((134, "free(): invalid pointer"), (134, "double free or corruption (out)")),
    ],
)
def test_two_ends_for_one_reason_of_its_own_are_doomed(
    first: tuple[int, str], second: tuple[int, str]
) -> None:
    assert ended(first, second).doomed


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((1, "no lease yet"), (1, "no lease yet")),
        ((1, "lock is held by app-stable-1"), (1, "lock is held by app-stable-1")),
        ((1, "dial tcp 127.0.0.1:15001: connect: connection refused"),) * 2,
        ((1, "Error: connect ECONNREFUSED 127.0.0.1:4317"),) * 2,
        ((1, 'ERROR: relation "person" does not exist'),) * 2,
        ((1, "could not translate host name: Temporary failure in name resolution"),) * 2,
        ((134, "terminate called: connection refused"),) * 2,
        ((1, PANIC), (1, "panic: config key SALT is missing")),
        ((1, PANIC), (2, PANIC)),
        ((1, ""), (1, "")),
        ((), (3, PANIC)),
    ],
)
def test_two_ends_that_others_may_mend_are_waited_for(first: Any, second: Any) -> None:
    assert not ended(first, second).doomed
    third = ended(first, second, second)
    assert (third.doomed, third.seen) == (True, "restarted twice")


def test_what_was_started_again_elsewhere_too_and_is_well_by_now_is_waited_for() -> None:
    twice = [(3, PANIC)] * 2
    assert ended(*twice, restarts=0).doomed
    assert not ended(*twice, restarts=1).doomed
    assert ended(*twice, restarts=1, ready=False).doomed
    thrice = [(3, PANIC)] * 3
    assert ended(*thrice, restarts=1).doomed
    assert not ended(*thrice, restarts=2).doomed
    assert ended(*thrice, (3, PANIC), restarts=2).doomed


def with_log(objects: Objects, number: int, text: str, **fields: Any) -> Objects:
    """The objects with the container's end of this number, and what its log then is."""
    now = {"exitCode": 3, "startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:00:01Z"}
    status(objects)["state"] = {"terminated": now}
    status(objects)["lastState"] = {"terminated": now} if number > 1 else {}
    status(objects)["restartCount"] = number - 1
    name = pod(objects)["metadata"]["name"]
    return replace(objects, logs={(name, "addressbook", False): text}, **fields)


def test_last_words_are_remembered_when_their_log_is_gone() -> None:
    objects = end("exits")
    name = pod(objects)["metadata"]["name"]
    objects = with_log(objects, 1, f"starting\n{PANIC}", last_words={})
    known = last_words(objects)
    assert known == {(name, "addressbook", 1): LastWords(3, PANIC)}
    known = last_words(with_log(objects, 2, PANIC, last_words=known))
    runs = {(name, "addressbook", number): LastWords(3, PANIC) for number in (1, 2)}
    assert known == runs
    # A log that can't be read any more says nothing new.
    assert last_words(with_log(objects, 2, "", last_words=known)) == runs
    objects.snapshot.pods.clear()  # type: ignore[attr-defined]
    assert last_words(replace(objects, last_words=known)) == {}
