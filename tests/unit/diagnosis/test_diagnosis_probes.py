"""Probes that fail, on recordings and changes to them."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from fakes.recordings import applied, diagnosed, end, pod, spec, status, told, writable

from pytest_canary.diagnosis import Objects, diagnose

# Probes


def unhealthy(message: str, times: int = 3) -> Callable[[Objects], None]:
    """Let the readiness probe have failed like this, so many times."""

    def change(objects: Objects) -> None:
        for event in writable(objects.snapshot.events).values():
            if event["reason"] == "Unhealthy":
                event["message"] = f"Readiness probe failed: {message}"
                event["count"] = times

    return change


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
    finding = diagnosed("readiness-404", unhealthy(message))
    assert finding.doomed is doomed
    assert words in finding.sentence


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


def test_kills_long_ago_say_nothing_of_a_pod_that_is_ready() -> None:
    objects = end("liveness-404")
    status(objects)["ready"] = True
    assert diagnose(objects, applied("liveness-404"))
    now = objects.now
    assert now is not None
    later = replace(objects, now=now.replace(minute=now.minute + 2))
    assert diagnose(later, applied("liveness-404")) == []
