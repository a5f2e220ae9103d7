"""Probes that fail, on recordings and changes to them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fakes.recordings import applied, beside, diagnosed, end, pod, spec, status, told, writable

from pytest_canary.diagnosis import Objects, diagnose
from pytest_canary.diagnosis.subject import moment

# Probes


def unhealthy(message: str, times: int = 3) -> Callable[[Objects], None]:
    """Let the readiness probe have failed like this, so many times."""

    def change(objects: Objects) -> None:
        for event in writable(objects.snapshot.events).values():
            if event["reason"] == "Unhealthy":
                event["message"] = f"Readiness probe failed: {message}"
                event["count"] = times

    return change


def after(seconds: float) -> Objects:
    """What there is when a container has answered 404 for so long."""
    objects = end("readiness-404")
    began = moment(status(objects)["state"]["running"]["startedAt"])
    return replace(objects, now=began + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("message", "doomed", "words"),
    [
        ("HTTP probe failed with statuscode: 401", True, "is answered with 401"),
        ("HTTP probe failed with statuscode: 429", False, "is answered with 429"),
        ("HTTP probe failed with statuscode: 503", False, "is answered with 503"),
        ('Get "http://x/": dial tcp: no route to host', False, "is broken off"),
        ('Get "http://x/": EOF', False, "is broken off"),
        ("something new", False, "GET /health on port http fails"),
    ],
)
def test_only_an_answer_that_stays_dooms_a_probe(message: str, doomed: bool, words: str) -> None:
    finding = diagnosed("readiness-404", unhealthy(message), now=after(120).now)
    assert finding.doomed is doomed
    assert words in finding.sentence


@pytest.mark.parametrize(
    ("period", "seconds", "doomed"),
    [(1, 15, False), (1, 59, False), (1, 60, True), (20, 199, False), (20, 200, True)],
)
def test_a_path_may_come_with_the_app_but_not_for_ever(
    period: int, seconds: int, doomed: bool
) -> None:
    """As of a Tomcat that deploys, or of a proxy before its routes."""
    objects = after(seconds)
    spec(objects)["readinessProbe"]["periodSeconds"] = period
    (finding,) = diagnose(objects, applied("readiness-404"))
    assert (finding.code, finding.doomed, finding.likely) == ("ReadinessProbe", doomed, "")


@pytest.mark.parametrize(
    ("took", "seconds", "doomed"),
    [
        (1, 9, False),
        (1, 10, True),
        (15, 44, False),
        (15, 45, True),
        (40, 59, False),
        (40, 60, True),
    ],
)
def test_a_path_that_came_soon_elsewhere_is_waited_for_less_long(
    took: int, seconds: int, doomed: bool
) -> None:
    objects = after(seconds)
    beside(objects, readinessProbe=spec(objects)["readinessProbe"], took=took)
    (finding,) = diagnose(objects, applied("readiness-404"))
    assert finding.doomed is doomed
    assert finding.likely == f"addressbook-stable passed this probe {took} s after its start"


def test_who_asks_otherwise_or_is_not_ready_proves_nothing() -> None:
    def another(probe: dict[str, Any]) -> Objects:
        objects = after(59)
        beside(objects, readinessProbe={**probe, "httpGet": {"path": "/", "port": "http"}})
        return objects

    probe = spec(after(59))["readinessProbe"]
    unready = after(59)
    beside(unready, readinessProbe=probe, ready=False)
    for objects in (another(probe), unready):
        (finding,) = diagnose(objects, applied("readiness-404"))
        assert (finding.doomed, finding.likely) == (False, "")


def test_a_path_that_has_just_gone_wrong_is_waited_for() -> None:
    objects = after(120)
    for event in writable(objects.snapshot.events).values():
        if event["reason"] == "Unhealthy":
            refused = {**event, "metadata": {"name": "refused"}, "count": 3}
            event["count"] = 1
    refused["message"] = "Readiness probe failed: dial tcp 10.244.0.9:3000: connection refused"
    refused["lastTimestamp"] = "2026-01-01T00:00:00Z"
    writable(objects.snapshot.events)["refused"] = refused
    (finding,) = diagnose(objects, applied("readiness-404"))
    assert (finding.doomed, finding.seen) == (False, "failed 4 times")


def test_the_first_probes_that_fail_say_nothing() -> None:
    objects = end("readiness-404")
    unhealthy("HTTP probe failed with statuscode: 404", times=2)(objects)
    assert diagnose(objects, applied("readiness-404")) == []
    spec(objects)["readinessProbe"]["failureThreshold"] = 2
    assert diagnose(objects, applied("readiness-404")) != []


def test_a_probe_that_failed_says_nothing_of_a_pod_that_is_ready() -> None:
    objects = end("readiness-404")
    for condition in pod(objects)["status"]["conditions"]:
        condition["status"] = "True"
    assert diagnose(objects, applied("readiness-404")) == []


def test_grpc_is_asked_on_its_port() -> None:
    def grpc(objects: Objects) -> None:
        spec(objects)["readinessProbe"] = {"grpc": {"port": 9000}}
        unhealthy("timed out: context deadline exceeded")(objects)

    finding = diagnosed("readiness-404", grpc)
    assert finding.sentence.endswith("gRPC on port 9000 is not answered within 1 s")


def test_the_first_kill_may_heal_and_the_second_does_not() -> None:
    once, *_, twice = [t for t in told("liveness-404") if t.findings[0:1] and t.at > 5]
    assert (once.doomed, once.findings[0].seen) == (False, "killed once")
    assert (twice.doomed, twice.findings[0].seen) == (True, "killed twice")


@pytest.mark.parametrize(("seconds", "own"), [(0.5, []), (6, ["ContainerEnded"])])
def test_an_end_whose_event_is_still_to_come_is_the_probes_as_the_one_before(
    seconds: float, own: list[str]
) -> None:
    """A pod's status may be there before the event that says why its container was ended."""

    objects = end("liveness-404")
    ended_again(objects, seconds, times=2, kills=1)
    codes = [each.code for each in diagnose(objects, applied("liveness-404"))]
    assert codes == ["LivenessProbe", *own]


@pytest.mark.parametrize("code", [1, 139])
def test_an_end_of_its_own_is_not_the_probes(code: int) -> None:
    objects = end("liveness-404")
    ended_again(objects, 0.5, times=2, kills=1, code=code)
    codes = [each.code for each in diagnose(objects, applied("liveness-404"))]
    assert codes == ["LivenessProbe", "ContainerExited"]


@pytest.mark.parametrize(
    ("seconds", "lasted", "doomed"), [(0.5, 30, False), (6, 30, True), (0.5, 1, True)]
)
def test_an_end_of_which_no_event_has_come_yet_is_no_last_word(
    seconds: float, lasted: float, doomed: bool
) -> None:
    """It may yet turn out to be the probe's, where the container ran for long enough."""
    objects = end("liveness-404")
    ended_again(objects, seconds, times=3, kills=0, lasted=lasted)
    (found,) = diagnose(objects, applied("liveness-404"))
    assert (found.code, found.doomed) == ("ContainerEnded", doomed)
    assert found.likely == "its liveness probe failed, for which the kubelet ends it"


def ended_again(
    objects: Objects, seconds: float, *, times: int, kills: int, lasted: float = 60, code: int = 0
) -> None:
    """Let the container have ended so many seconds ago, for so many times, and run again."""
    now = objects.now
    assert now is not None
    events = writable(objects.snapshot.events)
    for name, event in list(events.items()):
        if event["reason"] == "Killing":
            event["count"] = kills
            if not kills:
                del events[name]
    end = now - timedelta(seconds=seconds)
    begin = end - timedelta(seconds=lasted)
    ended = {"exitCode": code, "startedAt": begin.isoformat(), "finishedAt": end.isoformat()}
    running = {"running": {"startedAt": now.isoformat()}}
    status(objects).update(
        ready=False, restartCount=times, state=running, lastState={"terminated": ended}
    )


def test_kills_long_ago_say_nothing_of_a_pod_that_is_ready() -> None:
    objects = end("liveness-404")
    status(objects)["ready"] = True
    assert diagnose(objects, applied("liveness-404"))
    now = objects.now
    assert now is not None
    later = replace(objects, now=now.replace(minute=now.minute + 2))
    assert diagnose(later, applied("liveness-404")) == []
