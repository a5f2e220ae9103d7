"""A rollout's course: what heals dooms nothing, and who changes a Deployment is told."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fakes import recordings
from fakes.recordings import CANARY, applied, changed, diagnosed, end, play, told

from pytest_canary.diagnosis import Expected, Objects, as_expected, diagnose
from pytest_canary.k8s.objects import Snapshot

Captured = Callable[[str], Any]

# From moment to moment


def test_a_process_that_exits_is_told_from_its_first_end_and_doomed_at_its_second() -> None:
    once, *_, twice = [t for t in told("exits") if t.findings and t.findings[0].where.count("pod")]
    assert (once.doomed, twice.doomed) == (False, True)
    assert once.findings[0].seen == "not restarted yet"
    assert twice.findings[0].seen == "restarted once"
    # CrashLoopBackOff comes later still, and says less.
    assert twice.at < 2


@pytest.mark.parametrize("name", ["heals-after-one", "init-heals"])
def test_one_restart_that_heals_dooms_nothing(name: str) -> None:
    found = told(name, step=0)
    assert "ContainerExited" in {finding.code for t in found for finding in t.findings}
    assert not any(t.doomed for t in found)
    assert found[-1].findings == []


def test_a_healthy_rollout_ends_with_nothing_to_tell() -> None:
    assert told("healthy")[-1].findings == []
    # Controllers follow a moment later, which is told and dooms nothing.
    passing = {f.code for t in told("healthy", step=0) for f in t.findings}
    assert passing == {"NotObserved", "ServiceEndpoints"}


def test_nothing_is_doomed_at_any_moment_of_a_whole_walk() -> None:
    expected: dict[str, Expected] = {}
    changes = [line for line in recordings.lines("healthy-walk") if "Expect" in line]
    looks = 0
    for moment in play("healthy-walk", step=0):
        for change in changes:
            if change["at"] <= moment.at:
                name, replicas = change["Expect"], change["replicas"]
                wanted_now = Expected(name, replicas, change["image"], "addressbook-lb")
                known = expected.get(name)
                if known is None or replace(known, applied=False) != wanted_now:
                    expected[name] = wanted_now
        for name, each in expected.items():
            if not each.replicas:
                continue  # it is being deleted
            if as_expected(moment.objects, each):
                expected[name] = replace(each, applied=True)
            findings = diagnose(moment.objects, expected[name])
            assert [f.sentence for f in findings if f.doomed] == [], moment.at
            looks += 1
    assert looks > 200
    assert all(each.applied for each in expected.values() if each.replicas)


@pytest.mark.parametrize(
    ("capture", "track"),
    [
        ("canary", "canary"),
        ("canary", "stable"),
        ("stable", "stable"),
        ("rolling", "stable"),
        ("terminating", "canary"),
        ("terminating", "stable"),
        ("unobserved", "stable"),
    ],
)
def test_a_healthy_capture_dooms_nothing(captured: Captured, capture: str, track: str) -> None:
    seen = captured(capture)
    name = f"addressbook-{track}"
    deployment = seen.deployments[name]
    image = deployment["spec"]["template"]["spec"]["containers"][0]["image"]
    objects = Objects(
        Snapshot(
            seen.deployments,
            pods={each["metadata"]["name"]: each for each in seen.pods},
            endpoint_slices={each["metadata"]["name"]: each for each in seen.slices},
        )
    )
    expected = Expected(name, deployment["spec"]["replicas"], image, "addressbook-lb", applied=True)
    assert not any(finding.doomed for finding in diagnose(objects, expected))


# A moment alone


@pytest.mark.parametrize(
    ("capture", "code", "words"),
    [
        ("exited", "ContainerExited", "addressbook-canary exits with code 3 as soon as it starts"),
        ("crashing", "ContainerExited", "addressbook-canary exits with code 3 as soon as it start"),
    ],
)
def test_objects_alone_tell_without_events_logs_and_replica_sets(
    captured: Captured, capture: str, code: str, words: str
) -> None:
    seen = captured(capture)
    deployment = seen.deployments[CANARY]
    image = deployment["spec"]["template"]["spec"]["containers"][0]["image"]
    pods = {each["metadata"]["name"]: each for each in seen.pods}
    objects = Objects(Snapshot(seen.deployments, pods=pods))
    found = diagnose(objects, Expected(CANARY, 1, image))
    assert found[0].code == code
    assert found[0].sentence.startswith(words)


def test_the_container_that_fails_is_named_where_a_pod_has_several(captured: Captured) -> None:
    seen = captured("containers")
    deployments = {"sidecar-canary": seen.deployments["sidecar-canary"]}
    image = seen.pod("sidecar")["spec"]["containers"][0]["image"]
    pods = {each["metadata"]["name"]: each for each in seen.pods}
    objects = Objects(Snapshot(deployments, pods=pods))
    (finding,) = diagnose(objects, Expected("sidecar-canary", 1, image))
    assert finding.sentence == (
        "sidecar-canary's container proxy exits with code 3 as soon as it starts"
    )
    assert finding.where.endswith(", container proxy")


# The Deployment


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("scaled", "by kubectl, which scaled it"),
        ("image-changed", "by kubectl-set"),
        ("paused", ""),
    ],
)
def test_who_changed_a_deployment_is_named_where_its_fields_tell(name: str, who: str) -> None:
    seen = end(name)
    expected = replace(applied(name), replicas=1)
    deployment = dict(seen.snapshot.deployments[CANARY])
    found = diagnose(changed(seen, deployments={CANARY: deployment}), expected)
    assert found[0].code == "DeploymentChanged"
    assert found[0].seen == who


def test_an_autoscaler_is_called_one() -> None:
    def scaled(objects: Objects) -> None:
        for entry in objects.snapshot.deployments[CANARY]["metadata"]["managedFields"]:
            if entry.get("subresource") == "scale":
                entry["manager"] = "kube-controller-manager"

    finding = diagnosed("scaled", scaled)
    assert finding.seen == "by an autoscaler (HorizontalPodAutoscaler)"


def test_a_deployment_that_is_not_applied_yet_is_slow() -> None:
    expected = replace(applied("image-changed"), applied=False)
    (finding,) = diagnose(end("image-changed"), expected)
    assert (finding.code, finding.doomed) == ("DeploymentDiffers", False)
    assert finding.sentence == (
        "addressbook-canary has image addressbook:4b03630abd2a-41c3ad "
        "instead of addressbook:e2cc82ee3aa1-41c3ad"
    )
    (absent,) = diagnose(Objects(), expected)
    assert (absent.code, absent.doomed) == ("DeploymentMissing", False)
    assert absent.sentence == "there is no Deployment addressbook-canary"


def test_a_deployment_on_its_way_out_is_changed() -> None:
    def deleting(objects: Objects) -> None:
        objects.snapshot.deployments[CANARY]["metadata"]["deletionTimestamp"] = (
            "2026-01-01T00:00:00Z"
        )

    assert diagnosed("healthy", deleting).sentence.endswith("it is being deleted")


def test_a_paused_deployment_rolls_nothing_out() -> None:
    seen = end("paused")
    spec = seen.snapshot.deployments[CANARY]["spec"]
    image = spec["template"]["spec"]["containers"][0]["image"]
    (finding,) = diagnose(seen, Expected(CANARY, 1, image))
    assert (finding.code, finding.doomed) == ("DeploymentPaused", True)
    assert finding.sentence == "addressbook-canary is paused, so its new template is not rolled out"
    spec["paused"] = False
    assert diagnose(seen, Expected(CANARY, 1, image)) == []


def test_the_deployments_own_deadline_ends_what_was_slow_until_then() -> None:
    findings = told("progress-deadline")[-1].findings
    assert [(f.code, f.doomed) for f in findings] == [
        ("ReadinessProbe", True),
        ("ProgressDeadlineExceeded", True),
    ]
    assert findings[0].seen.endswith("made no progress for 5 s, its own progressDeadlineSeconds")
    before = next(t for t in told("progress-deadline") if t.findings[0:1] and t.at > 1)
    assert not before.doomed


def test_an_old_deadline_says_nothing_about_a_new_spec() -> None:
    def applied_again(objects: Objects) -> None:
        objects.snapshot.deployments[CANARY]["metadata"]["generation"] += 1

    objects = end("progress-deadline")
    applied_again(objects)
    codes = [finding.code for finding in diagnose(objects, applied("progress-deadline"))]
    assert codes == ["ReadinessProbe", "NotObserved"]
