"""What API objects say about a rollout, on objects that a real API server gave."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from pytest_canary.k8s.objects import endpoints, images, is_ending, pods_of
from pytest_canary.k8s.rollout import (
    deletion_progress,
    ending_progress,
    misdirection,
    removal_progress,
    rollout,
    rollout_progress,
)

CANARY, STABLE = "addressbook-canary", "addressbook-stable"
OLD, NEW = "addressbook:4b03630abd2a", "addressbook:e2cc82ee3aa1"
Captured = Callable[[str], Any]


def at_rest(seen: Any, name: str, replicas: int, image: str) -> tuple[bool, str]:
    return rollout_progress(seen.deployments, seen.pods, name, replicas, image)


# rollout()


@pytest.mark.parametrize(
    ("capture", "counts", "text"),
    [
        ("canary", (2, 2, 2, 2, 2, 2), "addressbook-stable: 2/2 available, 2 ready"),
        ("stable", (3, 3, 3, 3, 3, 3), "addressbook-stable: 3/3 available, 3 ready"),
        ("rolling", (3, 2, 4, 2, 2, 2), "addressbook-stable: 2/3 of the new template"),
        ("terminating", (3, 3, 3, 3, 3, 3), "addressbook-stable: 3/3 available, 3 ready"),
        (
            "unobserved",
            (3, 0, 3, 2, 2, 0),
            "addressbook-stable: the controller has not seen the newest spec yet",
        ),
    ],
)
def test_a_deployment_is_read_as_it_stands(
    captured: Captured, capture: str, counts: tuple[int, ...], text: str
) -> None:
    seen = captured(capture)
    now = rollout(seen.deployments[STABLE], seen.pods)
    if capture == "unobserved":  # its counts are the old spec's, so they say nothing
        counts = (3, now.updated, now.total, now.ready, now.available, 0)
    found = (now.wanted, now.updated, now.total, now.ready, now.available, now.fresh)
    assert found == counts
    assert now.text == text


@pytest.mark.parametrize(
    ("capture", "done"),
    [("canary", True), ("stable", True), ("rolling", False), ("unobserved", False)],
)
def test_a_rollout_is_done_when_only_the_newest_template_is_left(
    captured: Captured, capture: str, done: bool
) -> None:
    assert rollout(captured(capture).deployments[STABLE]).done is done


def test_old_counts_say_nothing_about_a_spec_that_the_controller_has_not_seen(
    captured: Captured,
) -> None:
    deployment = captured("stable").deployments[STABLE]
    assert rollout(deployment).done
    deployment["metadata"]["generation"] += 1
    assert not rollout(deployment).observed
    assert not rollout(deployment).done


def test_a_pod_that_still_runs_the_old_image_is_not_fresh(captured: Captured) -> None:
    seen = captured("stable")
    seen.pods[0]["spec"]["containers"][0]["image"] = OLD
    assert rollout(seen.deployments[STABLE], seen.pods).fresh == 2


def test_a_terminating_pod_is_not_fresh_however_ready(captured: Captured) -> None:
    seen = captured("canary")
    seen.pod(STABLE)["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert rollout(seen.deployments[STABLE], seen.pods).fresh == 1


def test_a_deployment_of_which_nothing_is_known_yet_has_nothing(captured: Captured) -> None:
    deployment = captured("canary").deployments[STABLE]
    del deployment["status"]
    now = rollout(deployment)
    assert (now.updated, now.total, now.ready, now.available, now.observed) == (0, 0, 0, 0, False)


def test_old_replicas_are_named_when_the_new_ones_are_all_there(captured: Captured) -> None:
    deployment = captured("stable").deployments[STABLE]
    deployment["status"]["replicas"] = 4
    assert rollout(deployment).text == "addressbook-stable: 1 of the old template still there"
    assert not rollout(deployment).done


# The Deployment controller: maxUnavailable rounds down, maxSurge up, and both can't be 0.
@pytest.mark.parametrize(
    ("replicas", "unavailable", "surge", "least"),
    [
        (3, 1, 1, 2),
        (3, 0, 1, 3),
        (3, "25%", "25%", 3),  # 0.75 down is 0, and 0.75 up is 1
        (4, "25%", "25%", 3),
        (10, "25%", "25%", 8),
        (3, "50%", 0, 2),
        (3, "10%", 0, 2),  # both come to 0, so one may be unavailable
        (3, "10%", "0%", 2),
        (3, 0, 0, 2),
        (1, "25%", "25%", 1),
        (1, 1, 1, 0),
        (2, 5, 1, 0),
        (3, "100%", 1, 0),
        (3, "34%", "34%", 2),
        (0, 1, 1, 0),
    ],
)
def test_the_strategy_rounds_like_the_deployment_controller(
    captured: Captured, replicas: int, unavailable: int | str, surge: int | str, least: int
) -> None:
    deployment = captured("stable").deployments[STABLE]
    deployment["spec"]["replicas"] = replicas
    deployment["spec"]["strategy"]["rollingUpdate"] = {
        "maxUnavailable": unavailable,
        "maxSurge": surge,
    }
    assert rollout(deployment).least_available == least


def test_recreate_lets_every_replica_be_unavailable(captured: Captured) -> None:
    assert rollout(captured("containers").deployments["recreate-canary"]).least_available == 0


def test_no_strategy_at_all_is_25_percent(captured: Captured) -> None:
    deployment = captured("stable").deployments[STABLE]
    deployment["spec"]["replicas"] = 8
    del deployment["spec"]["strategy"]
    assert rollout(deployment).least_available == 6


# Whose pods


def test_pods_belong_to_their_owner_even_where_labels_overlap(captured: Captured) -> None:
    seen = captured("overlapping")
    labels = {frozenset(pod["metadata"]["labels"].items()) for pod in seen.pods}
    assert len(labels) == 1, "the capture's pods differ only in their owners"
    assert [len(pods_of(seen.pods, f"shop-{track}")) for track in ("canary", "stable")] == [1, 2]
    image = next(iter(images(seen.pods[0])))
    assert at_rest(seen, "shop-canary", 1, image)[0]
    assert at_rest(seen, "shop-stable", 2, image)[0]
    assert not at_rest(seen, "shop-stable", 3, image)[0]


# settled() and gone()


@pytest.mark.parametrize(
    ("capture", "name", "replicas", "image", "words"),
    [
        ("canary", STABLE, 2, OLD, f"{STABLE} 2/2 ready of {OLD}"),
        ("canary", CANARY, 1, NEW, f"{CANARY} 1/1 ready of {NEW}"),
        ("stable", STABLE, 3, NEW, f"{STABLE} 3/3 ready of {NEW}"),
    ],
)
def test_a_deployment_at_rest_is_settled(
    captured: Captured, capture: str, name: str, replicas: int, image: str, words: str
) -> None:
    assert at_rest(captured(capture), name, replicas, image) == (True, words)


@pytest.mark.parametrize(
    ("capture", "name", "replicas", "image", "words"),
    [
        ("canary", "shop", 1, NEW, "there is no Deployment shop"),
        ("canary", STABLE, 3, OLD, f"{STABLE} 2/3 ready of {OLD}, 2 wanted"),
        ("canary", STABLE, 1, OLD, f"{STABLE} 2/1 ready of {OLD}, 2 wanted"),
        ("canary", CANARY, 1, OLD, f"{CANARY} 0/1 ready of {OLD}; "),
        ("rolling", STABLE, 3, NEW, "addressbook-stable-fb6bdb77b-44dtg terminating"),
        ("unobserved", STABLE, 3, NEW, "x7pg9 ContainerCreating"),
        ("crashing", CANARY, 1, NEW, "addressbook-canary-8889bc88f-6cks4 CrashLoopBackOff"),
        ("exited", CANARY, 1, NEW, "addressbook-canary-8889bc88f-6cks4 exited with code 3"),
        ("not-ready", CANARY, 1, NEW, "addressbook-canary-867f64d8b8-z4529 running, not ready"),
    ],
)
def test_a_deployment_that_is_not_at_rest_says_why(
    captured: Captured, capture: str, name: str, replicas: int, image: str, words: str
) -> None:
    done, text = at_rest(captured(capture), name, replicas, image)
    assert not done
    assert words in text


def test_pods_that_were_told_to_end_keep_nothing_from_settling(captured: Captured) -> None:
    """They serve on for as long as they need; whoever needs their end waits for that."""
    seen = captured("terminating")
    names = [f"addressbook-stable-fb6bdb77b-{each}" for each in ("44dtg", "97rpz", "sftnh")]
    leaving = ", ".join(f"{name} terminating" for name in names)
    assert at_rest(seen, STABLE, 3, NEW) == (True, f"{STABLE} 3/3 ready of {NEW}; {leaving}")
    done, text = ending_progress(seen.pods)
    assert not done
    assert sorted(text.removeprefix("still running: ").split(", ")) == names
    for pod in seen.pods:
        if is_ending(pod):
            pod["status"]["phase"] = "Succeeded"
    # Whoever lists the pods sees them still, for as long as a kubelet or a finalizer keeps them.
    assert ending_progress(seen.pods) == (True, "they have ended")
    assert ending_progress([pod for pod in seen.pods if not is_ending(pod)])[0]


@pytest.mark.parametrize("phase", ["Failed", "Succeeded"])
def test_a_pod_that_was_evicted_and_replaced_keeps_nothing_from_settling(
    captured: Captured, phase: str
) -> None:
    """Its ReplicaSet leaves it to be read about, for ever."""
    seen = captured("stable")
    evicted = copy.deepcopy(seen.pods[0])
    evicted["metadata"]["name"] += "-evicted"
    evicted["status"] = {"phase": phase, "reason": "Evicted", "message": "low on memory"}
    seen.pods.append(evicted)
    assert at_rest(seen, STABLE, 3, NEW) == (True, f"{STABLE} 3/3 ready of {NEW}")
    seen.pods.remove(seen.pods[0])
    assert not at_rest(seen, STABLE, 3, NEW)[0]


def test_ready_pods_do_not_settle_a_deployment_whose_spec_was_not_seen(captured: Captured) -> None:
    seen = captured("stable")
    seen.deployments[STABLE]["metadata"]["generation"] += 1
    done, text = at_rest(seen, STABLE, 3, NEW)
    assert not done
    assert text.endswith("the controller has not seen the newest spec yet")


def test_a_deployment_is_gone_when_its_last_pod_is(captured: Captured) -> None:
    seen = captured("terminating")
    del seen.deployments[CANARY]
    pod = seen.pod(CANARY)
    left = removal_progress(seen.deployments, seen.pods, CANARY)
    assert left == (False, f"pod {pod['metadata']['name']} ready")
    seen.pods.remove(pod)
    assert removal_progress(seen.deployments, seen.pods, CANARY) == (True, f"{CANARY} is gone")
    assert removal_progress(seen.deployments, [], STABLE) == (False, f"Deployment {STABLE}")


def test_a_deployment_is_deleted_when_its_pods_have_been_told_to_end(captured: Captured) -> None:
    seen = captured("terminating")
    assert deletion_progress(seen.deployments, [], STABLE) == (False, f"Deployment {STABLE}")
    del seen.deployments[STABLE]
    done, text = deletion_progress(seen.deployments, seen.pods, STABLE)
    assert not done
    assert "fb6bdb77b-97rpz" not in text
    assert text.count(" ready") == 3
    going = [pod for pod in seen.pods if is_ending(pod)]
    assert going
    assert deletion_progress(seen.deployments, going, STABLE) == (True, f"{STABLE} is gone")


# Where the Service sends connections


def test_a_service_in_order_reaches_canary_and_stable(captured: Captured) -> None:
    seen = captured("canary")
    reached = endpoints(seen.slices, "addressbook-lb")
    assert reached == {pod["metadata"]["name"] for pod in seen.pods} - {"db-bd87b7d45-ctgxg"}
    assert misdirection(seen.slices, seen.pods, "addressbook-lb", [CANARY, STABLE]) is None


def test_another_services_endpoints_are_not_counted(captured: Captured) -> None:
    assert endpoints(captured("canary").slices, "db") == {"db-bd87b7d45-ctgxg"}
    assert endpoints(captured("canary").slices, "nothing") == set()


def test_a_pod_that_should_get_no_connection_is_named(captured: Captured) -> None:
    seen = captured("canary")
    wrong = misdirection(seen.slices, seen.pods, "addressbook-lb", [STABLE])
    assert wrong == (
        "addressbook-canary-6b9458d7fd-9g5d8 gets connections too; "
        "compare the selector of addressbook-lb with the pods' labels"
    )


def test_a_ready_pod_without_connections_is_named(captured: Captured) -> None:
    seen = captured("canary")
    del seen.slices[0]["endpoints"][2]
    wrong = misdirection(seen.slices, seen.pods, "addressbook-lb", [CANARY, STABLE])
    assert wrong == (
        "addressbook-canary-6b9458d7fd-9g5d8 gets none; "
        "compare the selector of addressbook-lb with the pods' labels"
    )


def test_a_service_without_any_ready_pod_is_wrong_even_with_no_endpoint(captured: Captured) -> None:
    seen = captured("crashing")
    assert misdirection([], seen.pods, "addressbook-lb", [CANARY]) == "no pod is ready"
    seen.slices[0]["endpoints"] = None  # as the API has an empty slice
    assert misdirection(seen.slices, seen.pods, "addressbook-lb", [CANARY]) == "no pod is ready"


def test_a_terminating_pod_that_still_serves_is_no_ready_endpoint(captured: Captured) -> None:
    seen = captured("terminating")
    going = {p["metadata"]["name"] for p in seen.pods if p["metadata"].get("deletionTimestamp")}
    listed = {e["targetRef"]["name"] for e in seen.slices[0]["endpoints"]}
    assert going & listed, "the capture lists endpoints that are going"
    assert not going & endpoints(seen.slices, "addressbook-lb")
