"""Recordings of real clusters, played as somebody sees them who looks every 0.1 s."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from fakes.folders import FIXTURES
from fakes.objects import copied

from pytest_canary.core.findings import Finding
from pytest_canary.diagnosis import Expected, Objects, as_expected, diagnose, last_words
from pytest_canary.diagnosis.subject import LastWords, Run
from pytest_canary.k8s.objects import Object, Snapshot

FOLDER = FIXTURES / "objects" / "recordings"
FIELDS = {
    "Deployment": "deployments",
    "ReplicaSet": "replica_sets",
    "Pod": "pods",
    "Event": "events",
    "EndpointSlice": "endpoint_slices",
    "Service": "services",
}
POLL = 0.1
CANARY = "addressbook-canary"


@dataclass(frozen=True)
class Moment:
    """What there was, seconds after `kubectl apply`."""

    at: float
    objects: Objects


@dataclass(frozen=True)
class Told:
    """What was found from then on, until something else was."""

    at: float
    findings: list[Finding]

    @property
    def doomed(self) -> bool:
        return any(finding.doomed for finding in self.findings)


def names() -> list[str]:
    """Every recording."""
    return sorted(path.stem for path in FOLDER.glob("*.jsonl"))


def lines(name: str) -> list[dict[str, Any]]:
    """A recording's lines: its head, then a change each."""
    text = (FOLDER / f"{name}.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def play(name: str, step: float = POLL) -> Iterator[Moment]:
    """A recording's moments, as looks that are so many seconds apart see them; 0 for every one."""
    head, *changes = lines(name)
    began = datetime.fromisoformat(head["began"])
    state: dict[str, dict[str, Any]] = {kind: {} for kind in (*FIELDS, "Node")}
    logs: dict[tuple[str, str, bool], str] = {}
    remembered: Mapping[Run, LastWords] = {}
    keys = head["keys"]
    for position, change in enumerate(changes):
        at = change["at"]
        if "keys" in change:
            keys = change["keys"]
        elif "Log" in change:
            pod, container, previous = change["Log"].split()
            logs[pod, container, previous == "True"] = change["text"]
        elif "Expect" not in change:
            take(state, change)
        after = changes[position + 1]["at"] if changes[position + 1 :] else at + 1
        if at < 0 or (step and after // step == at // step):
            continue
        seen = at if not step else (at // step + 1) * step
        # Nobody may change what is seen later on.
        now = copied(state)
        objects = Objects(
            Snapshot(**{field: now[kind] for kind, field in FIELDS.items()}),
            nodes=list(now["Node"].values()),
            node_pods=head.get("node_pods", []),
            keys={named: frozenset(found) for named, found in keys.items()},
            images=frozenset(head["images"]),
            logs=dict(logs),
            last_words=remembered,
            now=began + timedelta(seconds=seen),
        )
        remembered = last_words(objects)
        yield Moment(round(seen, 3), replace(objects, last_words=remembered))


def take(state: dict[str, dict[str, Any]], change: dict[str, Any]) -> None:
    kind = next(kind for kind in state if kind in change)
    name = change[kind]
    if change.get("gone"):
        state[kind].pop(name, None)
    elif "object" in change:
        state[kind][name] = change["object"]
    else:
        state[kind][name] = merged(state[kind][name], change["patch"])


def merged(target: Any, patch: Any) -> Any:
    """A JSON merge patch (RFC 7396), applied."""
    if not isinstance(patch, dict):
        return patch
    found = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = merged(found.get(key), value)
    return found


def wanted(name: str) -> Expected:
    """What the recording's first Deployment after `kubectl apply` was to come to."""
    services = (line["Service"] for line in lines(name) if "Service" in line)
    service = next(services, None)
    for moment in play(name):
        deployment = moment.objects.snapshot.deployments.get(CANARY)
        if deployment:
            spec = deployment["spec"]
            image = spec["template"]["spec"]["containers"][0]["image"]
            return Expected(CANARY, spec["replicas"], image, service)
    raise AssertionError(f"the recording {name} has no Deployment {CANARY}")


def told(name: str, expected: Expected | None = None, step: float = POLL) -> list[Told]:
    """What `diagnose` finds in a recording, each time that it finds something else."""
    expected = expected or wanted(name)
    found: list[Told] = []
    for moment in play(name, step):
        if as_expected(moment.objects, expected):
            expected = replace(expected, applied=True)
        findings = diagnose(moment.objects, expected)
        said = [(finding.sentence, finding.doomed) for finding in findings]
        before = [(f.sentence, f.doomed) for f in found[-1].findings] if found else []
        if said != before:
            found.append(Told(moment.at, findings))
    return found


def first_sign(name: str) -> float:
    """When the cluster itself first showed that something is wrong, seconds after the apply.

    That is a warning of the kubelet, the scheduler or a controller, or a status that says more
    than that a pod begins.
    """
    for moment in play(name, step=0):
        warnings = [
            event for event in moment.objects.snapshot.events.values() if event["type"] == "Warning"
        ]
        if warnings or any(map(_shows, moment.objects.snapshot.pods.values())):
            return moment.at
    raise AssertionError(f"nothing goes wrong in the recording {name}")


def _shows(pod: Object) -> bool:
    status = pod.get("status", {})
    for condition in status.get("conditions", []):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            return True
    for each in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
        reason = each["state"].get("waiting", {}).get("reason")
        if reason not in (None, "ContainerCreating", "PodInitializing"):
            return True
        if each["state"].get("terminated", {}).get("reason") not in (None, "Completed"):
            return True
    return False


# What a test looks at or changes


def first(name: str) -> Finding:
    """What is told first at a recording's end."""
    return told(name)[-1].findings[0]


def end(name: str) -> Objects:
    """The last of what there is in a recording, for a test to change."""
    *_, last = play(name)
    return last.objects


def changed(objects: Objects, **fields: Any) -> Objects:
    """The same with these in place of theirs, be they the namespace's own objects or others."""
    own = {field: fields.pop(field) for field in FIELDS.values() if field in fields}
    return replace(objects, snapshot=replace(objects.snapshot, **own), **fields)


def diagnosed(name: str, change: Callable[[Objects], Any] | None = None, **fields: Any) -> Finding:
    """What is told first of a recording's end, with this changed."""
    objects = changed(end(name), **fields)
    if change:
        change(objects)
    return diagnose(objects, applied(name))[0]


def applied(name: str) -> Expected:
    return replace(wanted(name), applied=True)


def writable(kind: Mapping[str, Object]) -> dict[str, dict[str, Any]]:
    """A kind's objects, which a recording alone has as what can be changed."""
    return cast("dict[str, dict[str, Any]]", kind)


def pod(objects: Objects) -> dict[str, Any]:
    return next(iter(writable(objects.snapshot.pods).values()))


def status(objects: Objects) -> dict[str, Any]:
    found: dict[str, Any] = pod(objects)["status"]["containerStatuses"][0]
    return found


def spec(objects: Objects) -> dict[str, Any]:
    found: dict[str, Any] = pod(objects)["spec"]["containers"][0]
    return found


def beside(
    objects: Objects, *, ready: bool = True, restarts: int = 0, took: float = 2, **spec: Any
) -> None:
    """Put a stable Deployment with one pod beside the canary.

    Args:
        objects: where.
        ready: whether the pod is.
        restarts: how often its container was started again.
        took: seconds from its start until it was ready.
        spec: what the container's is to have in place of its own.
    """
    healthy = end("healthy")
    stable = copied(writable(healthy.snapshot.deployments)[CANARY])
    one = copied(pod(healthy))
    name = stable["metadata"]["name"] = "addressbook-stable"
    one["metadata"]["name"] = f"{name}-1"
    digits = one["metadata"]["labels"]["pod-template-hash"]
    one["metadata"]["ownerReferences"][0]["name"] = f"{name}-{digits}"
    one["spec"]["containers"][0] |= spec
    found = one["status"]["containerStatuses"][0]
    found["restartCount"] = restarts
    began = datetime.fromisoformat(found["state"]["running"]["startedAt"])
    for condition in one["status"]["conditions"]:
        if condition["type"] == "Ready":
            condition["status"] = str(ready)
            condition["lastTransitionTime"] = (began + timedelta(seconds=took)).isoformat()
    writable(objects.snapshot.deployments)[name] = stable
    writable(objects.snapshot.pods)[one["metadata"]["name"]] = one
