"""What is remembered of a namespace's Deployments and pods."""

import math
from datetime import datetime

import pytest
from fakes import objects
from fakes.folders import BUNDLED_TEMPLATE
from fakes.objects import Object

from pytest_canary.context.expectations import expect_availability, expect_whole_rollout
from pytest_canary.core.errors import ReleaseError
from pytest_canary.k8s.history import History
from pytest_canary.k8s.rollout import Rollout

STABLE = "addressbook-stable"


def stable(replicas: int, available: int, image: str = "app:1") -> dict[str, Object]:
    """The Deployment, with so many of its replicas available."""
    found = objects.deployment(BUNDLED_TEMPLATE, STABLE, replicas, image)
    counts = dict.fromkeys(
        ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), available
    )
    found["status"] = {"observedGeneration": 1, **counts}
    return {STABLE: found}


def pods_of(deployed: dict[str, Object], number: int) -> dict[str, Object]:
    """Ready pods of it."""
    made = [objects.pod(deployed[STABLE], each) for each in range(number)]
    return {pod["metadata"]["name"]: pod for pod in made}


def recorded(*steps: dict[str, Object]) -> History:
    """A history of these, a second each."""
    history = History()
    for at, step in enumerate(steps):
        deployed = step.get(STABLE)
        available = deployed["status"]["availableReplicas"] if deployed else 0
        history.record(step, pods_of(step, available) if deployed else {}, at)
    return history


def test_rollouts_begin_with_how_it_stood() -> None:
    history = recorded(stable(2, 1), stable(2, 2), stable(3, 2), stable(3, 2), stable(3, 3))

    def seen(since: float) -> list[tuple[int, int]]:
        return [(each.wanted, each.available) for each in history.rollouts(STABLE, since)]

    assert seen(2) == [(2, 2), (3, 2), (3, 3)]
    assert seen(2.5) == [(3, 2), (3, 3)]
    assert seen(9) == [(3, 3)]
    assert seen(0) == [(0, 0), (2, 1), (2, 2), (3, 2), (3, 3)], "there was none before"
    assert [each.total for each in history.rollouts("another")] == [0]


def test_a_moment_has_the_images_of_all_containers_wherever_the_app_stands() -> None:
    deployed = stable(3, 3)
    listed = deployed[STABLE]["spec"]["template"]["spec"]["containers"]
    listed.insert(0, {"name": "istio-proxy", "image": "proxyv2"})
    first, gone = recorded(deployed, {}).moments
    assert first.images == {"proxyv2", "app:1"}
    assert not gone.images


def test_a_deployment_that_is_deleted_and_made_anew_falls_to_none() -> None:
    """What `kubectl replace --force` does."""
    made_anew = [stable(3, available, "app:2") for available in range(4)]
    history = recorded(stable(2, 2), {}, *made_anew)
    rollouts = history.rollouts(STABLE, 1)
    assert expect_whole_rollout(rollouts, 3) == "0/3, 1/3, 2/3, 3/3"
    with pytest.raises(ReleaseError) as fell:
        expect_availability(rollouts)
    assert str(fell.value) == (
        "addressbook-stable fell to 0 available replicas, where its strategy allows 1 of 2; "
        "it was deleted or scaled to 0 on the way; let apply.sh change it as it stands"
    )


def test_an_outage_that_is_the_first_change_is_seen() -> None:
    history = recorded(stable(3, 3), stable(3, 0, "app:2"), stable(3, 3, "app:2"))
    with pytest.raises(ReleaseError, match="fell to 0 available replicas, where its strategy all"):
        expect_availability(history.rollouts(STABLE, 1))


def test_a_first_rollout_falls_from_nothing() -> None:
    history = recorded({}, *(stable(3, available) for available in range(4)))
    assert expect_availability(history.rollouts(STABLE)) == 0
    fell = [*history.rollouts(STABLE), Rollout(STABLE, 3, 3, 3, 1, 1, 1, True, 2)]
    with pytest.raises(ReleaseError, match="2 of 3; pods went before others were ready"):
        expect_availability(fell)


# Readiness


OWNED = [{"kind": "ReplicaSet", "name": "app-1"}]


def pod(ready: str = "True", since: str = "10:00:00", **more: object) -> dict[str, Object]:
    """A pod whose readiness has last changed at some time of the day."""
    condition = {"type": "Ready", "status": ready, "lastTransitionTime": f"2026-01-01T{since}Z"}
    metadata = {"name": "app-1", "ownerReferences": OWNED}
    made = {"metadata": metadata, "spec": {"containers": [{"image": "app:1"}]}}
    return {"app-1": {**made, "status": {"conditions": [condition], **more}}}


GOING = {"deletionTimestamp": "2026-01-01T00:01:00Z", "ownerReferences": OWNED}
LEAVING = {"app-1": {**pod("False", "10:00:09")["app-1"], "metadata": GOING}}
OVER = {"app-1": {**LEAVING["app-1"], "status": {"phase": "Succeeded"}}}
BARE = {
    "app-1": {
        **pod("False", "10:00:09")["app-1"],
        "metadata": {"deletionTimestamp": "2026-01-01T00:01:00Z"},
    }
}


@pytest.mark.parametrize(
    ("looks", "lost"),
    [
        ([pod(), pod(podIP="10.0.0.1")], 0),
        ([pod("False"), pod("True", "10:00:09")], 0),
        ([{}, pod("False"), pod("False", "10:00:09")], 0),
        ([pod(), pod("False", "10:00:09")], 1),
        ([pod(), pod("False", "10:00:09"), pod("True", "10:00:10")], 1),
        ([pod(), *[pod("False", "10:00:09"), pod("True", "10:00:10")] * 18], 18),
        # Between two looks.
        ([pod(), pod("True", "10:00:10")], 1),
        # At its end it is not to have it.
        ([pod(), LEAVING, {}], 0),
        ([pod(), pod("False", "10:00:09", phase="Succeeded")], 0),
        ([pod(), pod("False", "10:00:09", phase="Failed")], 0),
        ([pod(), {}], 0),
    ],
)
def test_readiness_that_is_lost_is_counted(looks: list[dict[str, Object]], lost: int) -> None:
    history = History()
    for at, look in enumerate(looks):
        history.record({}, look, at)
    assert history.readiness_lost(["app-1", "app-2"]) == lost
    assert history.readiness_lost(["app-2"]) == 0


def test_readiness_is_asked_for_since_a_moment() -> None:
    history = History()
    for at, look in enumerate([pod(), pod("False"), pod("True"), pod("False")]):
        history.record({}, look, at)
    assert [history.readiness_lost(["app-1"], since) for since in (0, 1, 1.5, 3, 4)] == [
        2,
        2,
        1,
        1,
        0,
    ]


# The way out


@pytest.mark.parametrize(
    ("looks", "endings"),
    [
        ([pod(), pod("False")], []),
        ([pod(), LEAVING, LEAVING], [(1, math.inf)]),
        ([pod(), LEAVING, LEAVING, {}, {}], [(1, 3)]),
        # Its kubelet is still about to clear it away.
        ([pod(), LEAVING, OVER, OVER, {}], [(1, 2)]),
        # Gone before anybody had seen it stop.
        ([pod(), pod(), {}], [(2, 2)]),
        # One of nobody's, such as a pod of the run's own.
        ([BARE, {}], []),
        ([LEAVING, {}, pod()], [(0, 1)]),
    ],
)
def test_from_when_to_when_a_pod_stops_is_known(
    looks: list[dict[str, Object]], endings: list[tuple[float, float]]
) -> None:
    history = History()
    for at, look in enumerate(looks):
        history.record({}, look, at)
    assert [(each.began, each.ended) for each in history.endings] == endings
    assert {(each.pod, each.images) for each in history.endings} <= {
        ("app-1", frozenset({"app:1"}))
    }


def test_when_a_pod_was_told_to_end_is_known_by_the_clusters_clock() -> None:
    """The timestamp is when its time is over."""
    history = History()
    metadata = {**GOING, "deletionGracePeriodSeconds": 40}
    history.record({}, {"app-1": {**LEAVING["app-1"], "metadata": metadata}}, 0)
    at = datetime.fromisoformat("2026-01-01T00:00:20Z").timestamp()
    assert [each.told for each in history.endings] == [at]
    gone = History()
    for look in (pod(), {}):
        gone.record({}, look, 0)
    assert [each.told for each in gone.endings] == [None]
