"""Containers that are killed, as they don't end when their pod is deleted."""

import pytest
from fakes import objects, recordings
from fakes.folders import BUNDLED_TEMPLATE
from fakes.objects import Object

from pytest_canary.k8s.history import History
from pytest_canary.k8s.terminations import Killed, killed_containers, last_termination


@pytest.fixture
def pod() -> Object:
    deployed = objects.deployment(BUNDLED_TEMPLATE, "addressbook-canary", 1, "app:2")
    found = objects.pod(deployed, 1)
    assert found["spec"]["terminationGracePeriodSeconds"] == 20
    return found


def test_a_container_that_is_killed_when_its_time_is_over_is_told(pod: Object) -> None:
    name = pod["metadata"]["name"]
    for seconds in (19, 20, 23):  # times are to the second
        found = list(killed_containers(objects.killed(pod, seconds)))
        assert found == [Killed(name, "addressbook", "app:2", seconds)]


def test_the_last_end_of_a_pods_containers_is_told(pod: Object) -> None:
    assert last_termination(pod) == ""
    (status,) = pod["status"]["containerStatuses"]
    ended = {"exitCode": 2, "reason": "Error", "finishedAt": "2026-01-01T00:00:00Z"}
    status["lastState"] = {"terminated": ended}
    assert last_termination(pod) == "ended with exit code 2"
    killed = {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-01-01T00:00:09Z"}
    status["state"] = {"terminated": killed}
    assert last_termination(pod) == "was killed, as it held more memory than it may (OOMKilled)"


def test_the_usual_time_is_known_where_the_pod_asks_for_none(pod: Object) -> None:
    pod["spec"]["terminationGracePeriodSeconds"] = 30
    leaving = objects.killed(pod, 30)
    del leaving["spec"]["terminationGracePeriodSeconds"]
    assert [each.seconds for each in killed_containers(leaving)] == [30]


@pytest.mark.parametrize(
    ("seconds", "ended"),
    [
        (20, {"exitCode": 0, "reason": "Completed"}),
        (20, {"exitCode": 143}),
        (5, {}),  # something else has killed it
        (20, {"reason": "OOMKilled"}),
    ],
)
def test_what_ends_in_another_way_is_not_told(
    pod: Object, seconds: int, ended: dict[str, object]
) -> None:
    assert list(killed_containers(objects.killed(pod, seconds, **ended))) == []


def test_what_somebody_gave_less_time_is_not_told(pod: Object) -> None:
    for grace in (0, 1):
        leaving = objects.killed(pod)
        leaving["metadata"]["deletionGracePeriodSeconds"] = grace
        assert list(killed_containers(leaving)) == []


def test_a_pod_that_crashes_and_is_not_deleted_is_not_told(pod: Object) -> None:
    crashed = objects.killed(pod)
    del crashed["metadata"]["deletionTimestamp"]
    assert list(killed_containers(crashed)) == []


def test_each_is_remembered_once(pod: Object) -> None:
    history, name = History(), pod["metadata"]["name"]
    again = {**objects.killed(pod), "seen": "once more"}
    for at, look in enumerate([{name: pod}, {name: objects.killed(pod)}, {name: again}, {}]):
        history.record({}, look, at)
    assert [each.pod for each in history.killed] == [name]


def test_nothing_is_told_of_a_walk_whose_pods_end_by_themselves() -> None:
    history, ended = History(), set()
    for moment in recordings.play("healthy-walk"):
        pods = moment.objects.snapshot.pods
        ended |= {name for name, pod in pods.items() if pod["metadata"].get("deletionTimestamp")}
        history.record({}, pods, moment.at)
    assert len(ended) > 5
    assert history.killed == []
