"""Workloads beside the release's Deployments: watched until ready, and told why they are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fakes import objects
from fakes.clock import Clock
from fakes.cluster import Namespace
from fakes.folders import BUNDLED_TEMPLATE
from fakes.prerequisites import prerequisites
from fakes.watched import Watched

from pytest_canary.core.waiting import Waiter
from pytest_canary.release.diagnoser import Diagnoser
from pytest_canary.release.workload_watch import WorkloadWatch

WHY = 'rpc error: failed to pull image "team/queue:7": queue.invalid/team/queue:7: not found'


class Place:
    """A namespace in which a StatefulSet was applied."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Clock(step=0.1)
        self.namespace = Namespace(folder, folder / "deleted")
        self.observer = Watched(self.namespace, self.clock, lambda: self.meanwhile())
        self.waits = 0

    def meanwhile(self) -> None:
        self.waits += 1

    def put(self, ready: int) -> None:
        status = {"observedGeneration": 1, "readyReplicas": ready, "updatedReplicas": 1}
        template = {"metadata": {"labels": {}}, "spec": {"containers": [CONTAINER]}}
        self.namespace.put(
            {
                "kind": "StatefulSet",
                "metadata": {"name": "queue", "generation": 1},
                "spec": {"template": template},
                "status": status,
            }
        )

    def put_pod(self, **state: Any) -> None:
        status = {
            "phase": "Pending",
            "conditions": [{"type": "Ready", "status": "False"}],
            "containerStatuses": [
                {"name": "queue", "image": "", "ready": False, "restartCount": 3, **state}
            ],
        }
        owner = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "queue", "uid": "1"}
        self.namespace.put(
            {
                "kind": "Pod",
                "metadata": {"name": "queue-0", "ownerReferences": [owner]},
                "spec": {"containers": [CONTAINER]},
                "status": status,
            }
        )

    def watch(self, what: str = "prerequisite") -> WorkloadWatch:
        return WorkloadWatch(
            prerequisites(self.folder / "shop").in_namespace(),
            what,
            "mend it there",
            namespace=self.namespace,
            observer=self.observer,
            diagnoser=Diagnoser(self.namespace, self.observer),
            waiter=Waiter(self.clock),
            deadline=5,
        )


CONTAINER: dict[str, Any] = {"name": "queue", "image": "team/queue:7"}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_what_is_ready_is_waited_for_no_longer(place: Place) -> None:
    place.put(ready=0)
    place.meanwhile = lambda: place.put(ready=1)  # type: ignore[method-assign]
    assert place.watch().find_unready() == []


def test_nothing_is_waited_for_without_workloads(place: Place) -> None:
    watch = place.watch()
    watch.documents = []
    assert watch.find_unready() == []


def test_an_image_that_is_nowhere_ends_the_wait_and_names_the_object(place: Place) -> None:
    place.put(ready=0)
    waiting = {"reason": "ErrImagePull", "message": WHY}
    place.put_pod(state={"waiting": waiting})
    (found,) = place.watch().find_unready()
    assert found.sentence == (
        "prerequisite StatefulSet queue (queue.yml:3) does not get ready: queue can't start: image "
        "team/queue:7 can't be pulled, the registry has no such image"
    )
    assert found.next == "push the image, or see that name and tag are right; mend it there"
    assert (found.file, found.line) == (place.folder / "shop" / "queue.yml", 3)
    assert found.where == "pod queue-0, container queue"
    assert place.waits == 0


def test_a_crash_is_told_with_its_last_words(place: Place) -> None:
    place.put(ready=0)
    ended = {"terminated": {"exitCode": 3, "reason": "Error"}}
    crashing = {"waiting": {"reason": "CrashLoopBackOff"}}
    place.put_pod(state=crashing, lastState=ended)
    place.namespace.said["queue-0"] = "no space left for the queue"
    found = place.watch("").find_unready()[0]
    assert found.sentence.startswith(
        "StatefulSet queue (queue.yml:3) does not get ready: queue exits with code 3"
    )
    assert "no space left for the queue" in found.sentence


def test_one_that_nobody_knows_anything_of_is_given_up_at_the_deadline(place: Place) -> None:
    place.put(ready=0)
    (found,) = place.watch().find_unready()
    assert found.sentence == (
        "prerequisite StatefulSet queue (queue.yml:3) does not get ready: it is given up after 5 "
        "s: StatefulSet queue 0/1 ready"
    )
    assert "see deadlines.rollout where it needs longer" in found.next


def test_what_is_only_slow_is_told_at_the_deadline(place: Place) -> None:
    place.put(ready=0)
    place.put_pod(state={"waiting": {"reason": "CreateContainerConfigError", "message": "?"}})
    found = place.watch().find_unready()
    assert [each.sentence.partition(": ")[0] for each in found] == [
        "prerequisite StatefulSet queue (queue.yml:3) does not get ready"
    ]


def test_one_that_was_deleted_is_told(place: Place) -> None:
    (found,) = place.watch().find_unready()
    assert "there is no StatefulSet queue" in found.sentence


def test_a_pod_that_the_api_server_refuses_is_told(place: Place) -> None:
    place.put(ready=0)
    why = 'pods "queue-0" is forbidden: violates PodSecurity "restricted:latest": root'
    message = f"create Pod queue-0 in StatefulSet queue failed error: {why}"
    place.namespace.put(
        {
            "kind": "Event",
            "metadata": {"name": "e"},
            "reason": "FailedCreate",
            "message": message,
            "involvedObject": {"kind": "StatefulSet", "name": "queue"},
        }
    )
    (found,) = place.watch().find_unready()
    assert (
        "StatefulSet queue gets no pod: it violates the namespace's Pod Security" in found.sentence
    )


def test_a_deployment_among_them_is_diagnosed_as_any(place: Place) -> None:
    place.namespace.controllers.sick = lambda pod: objects.unpulled(pod, WHY)
    place.namespace.controllers.roll_out(
        objects.deployment(BUNDLED_TEMPLATE, "queue", 1, "queue:7")
    )
    watch = place.watch()
    kinds = {each.kind: each for each in watch.documents}
    value = {**kinds["StatefulSet"].value, "kind": "Deployment"}
    watch.documents = [type(kinds["StatefulSet"])(kinds["StatefulSet"].source, value, {})]
    found = watch.find_unready()[0]
    assert "queue.yml:1) does not get ready: queue can't start: image" in found.sentence


def test_a_job_that_has_failed_is_told_at_once(place: Place) -> None:
    place.namespace.put(
        {
            "kind": "Job",
            "metadata": {"name": "queue"},
            "spec": {},
            "status": {
                "conditions": [
                    {"type": "Failed", "status": "True", "message": "reached backoff limit"}
                ]
            },
        }
    )
    watch = place.watch()
    (stateful,) = watch.documents
    watch.documents = [type(stateful)(stateful.source, {**stateful.value, "kind": "Job"}, {})]
    (found,) = watch.find_unready()
    assert "Job queue has failed: reached backoff limit" in found.sentence
    assert place.waits == 0
