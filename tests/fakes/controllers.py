"""What the controllers of the API server in memory do: Deployments, Jobs and Services."""

import itertools
from collections.abc import Callable

from fakes import objects
from fakes.objects import Object
from fakes.store import Store

from pytest_canary.k8s.objects import is_ready, pods_of


class Controllers:
    """They act at once, where they are called.

    Attributes:
        sick: makes a new pod of a healthy one, where new pods don't become ready.
        starts: makes a pod of a Deployment's of a healthy one, after what comes before its app.
        one_off: makes a pod of one that runs to its end.
        job_pod: makes a Job's pod of the one that runs it to its end; None for no pod.
        late: no Service's EndpointSlices are written, whatever becomes of its pods.
        written: when they are written; pods are told to end at the same moment.
        job_ends: the conditions that a Job is to have; by its pod's end where there are none.
    """

    one_off: Callable[[Object], Object]

    def __init__(self, store: Store) -> None:
        self._store = store
        self.sick: Callable[[Object], Object] = lambda pod: pod
        self.starts: Callable[[Object], Object] = lambda pod: pod
        self.job_pod: Callable[[Object], Object | None] = lambda pod: pod
        self.late = False
        self.written = "2026-01-01T00:01:00Z"
        self.job_ends: list[Object] = []
        self._numbers = itertools.count(1)

    def run_job(self, job: Object) -> None:
        """Run a Job's pod to its end, as its controller does."""
        name, number = job["metadata"]["name"], next(self._numbers)
        template, uid = job["spec"]["template"], f"uid-{name}-{number}"
        pod = {
            "kind": "Pod",
            "metadata": {
                **template.get("metadata", {}),
                "name": f"{name}-{number:05}",
                "ownerReferences": [{"kind": "Job", "name": name, "uid": uid}],
            },
            "spec": template["spec"],
        }
        job["metadata"]["uid"] = uid
        self._store.put(job)
        made = self.job_pod(self.one_off(pod))
        if made:
            self._store.put(made)
        ends = {"Succeeded": "Complete", "Failed": "Failed"}
        phase = made["status"]["phase"] if made else ""
        conditions = [{"type": ends[phase], "status": "True"}] if phase in ends else []
        self._store.put(job | {"status": {"conditions": self.job_ends or conditions}})

    def roll_out(self, deployment: Object) -> None:
        """Bring a Deployment's pods to its spec, one by one, as its controller does."""
        name, wanted = deployment["metadata"]["name"], deployment["spec"]["replicas"]
        before = self._store.get("Deployment", name) or {"metadata": {}}
        generation = before["metadata"].get("generation", 0) + 1
        deployment["metadata"]["generation"] = generation
        deployment["status"] = before.get("status", {})
        self._store.put(deployment)
        digits = objects.template_hash(deployment)
        mine = [pod for pod in self._store.held("Pod") if owned(pod, name)]
        new = [p for p in mine if p["metadata"]["labels"]["pod-template-hash"] == digits]
        old = [p for p in mine if p not in new]
        self.count(deployment)
        while len(new) < wanted or old:
            if len(new) < wanted:
                healthy = objects.pod(deployment, next(self._numbers))
                new.append(self.sick(self.starts(healthy)))
                self._store.put(new[-1])
            if old and (len(new) + len(old) > wanted):
                self._store.drop("Pod", old.pop()["metadata"]["name"])
            self.count(deployment)
        while len(new) > wanted:
            self._store.drop("Pod", new.pop()["metadata"]["name"])
        self.count(deployment)
        self.connect()

    def count(self, deployment: Object) -> None:
        """Write down how many replicas there are; the API leaves zeros out."""
        digits = objects.template_hash(deployment)
        mine = pods_of(self._store.held("Pod"), deployment["metadata"]["name"])
        ready = sum(is_ready(pod) for pod in mine)
        counts = {
            "replicas": len(mine),
            "updatedReplicas": sum(
                p["metadata"]["labels"]["pod-template-hash"] == digits for p in mine
            ),
            "readyReplicas": ready,
            "availableReplicas": ready,
        }
        status = {key: value for key, value in counts.items() if value}
        generation = deployment["metadata"]["generation"]
        deployment["status"] = {"observedGeneration": generation, **status}
        self._store.put(deployment)

    def connect(self) -> None:
        """Point every Service that has a selector to the pods that it selects."""
        for service in [] if self.late else self._store.held("Service"):
            if "selector" not in service["spec"]:
                continue
            selector = service["spec"]["selector"].items()
            pods = self._store.held("Pod")
            chosen = [p for p in pods if selector <= p["metadata"].get("labels", {}).items()]
            ready = [is_ready(pod) for pod in chosen]
            made = objects.endpoint_slice(service["metadata"]["name"], chosen, ready)
            made["metadata"]["managedFields"] = [{"time": self.written}]
            self._store.put(made)


def owned(pod: Object, deployment: str) -> bool:
    """Whether the pod is the Deployment's."""
    return bool(pods_of([pod], deployment))
