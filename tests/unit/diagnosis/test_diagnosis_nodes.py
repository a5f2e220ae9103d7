"""Nodes that keep a rollout up, on recordings and changes to them."""

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fakes.recordings import CANARY, applied, diagnosed, end, first, play, pod, spec, told, writable

from pytest_canary.diagnosis import Objects, diagnose
from pytest_canary.diagnosis.subject import moment
from pytest_canary.k8s.objects import condition as condition_of
from pytest_canary.k8s.objects import is_over, is_ready

# Nodes


def test_an_init_container_may_ask_for_most() -> None:
    def init(objects: Objects) -> None:
        spec(objects)["resources"]["requests"]["cpu"] = "1"
        pod(objects)["spec"]["initContainers"] = [
            {
                "name": "proxy",
                "image": "x",
                "restartPolicy": "Always",
                "resources": {"requests": {"cpu": "1"}},
            },
            {
                "name": "prepare",
                "image": "x",
                "resources": {"requests": {"cpu": "1500m", "memory": "1Mi"}},
            },
        ]

    assert "it asks for 2.5 CPUs, the node has 2" in diagnosed("cpus", init).sentence


def test_a_pod_of_a_finished_job_takes_nothing() -> None:
    def finished(objects: Objects) -> None:
        for each in objects.node_pods:
            each["status"]["phase"] = "Succeeded"

    assert diagnosed("cpus", finished).sentence.endswith("the node has 2 and 2 are free")
    assert diagnosed("cpus", node_pods=()).sentence.endswith("it asks for 64 CPUs, the node has 2")


def test_of_several_nodes_the_largest_counts() -> None:
    node = end("cpus").nodes[0]
    small = copy.deepcopy(node)
    small["status"]["allocatable"]["cpu"] = "1"
    finding = diagnosed("cpus", nodes=[small, node])
    assert "it asks for 64 CPUs, the largest node has 2" in finding.sentence
    finding = diagnosed("not-free", nodes=[small, node])
    assert not finding.doomed


def test_a_resource_that_no_node_has_is_asked_in_vain() -> None:
    def gpu(objects: Objects) -> None:
        spec(objects)["resources"]["requests"] = {"nvidia.com/gpu": "2"}

    assert "it asks for 2 nvidia.com/gpu, the node has 0" in diagnosed("cpus", gpu).sentence


@pytest.mark.parametrize(
    ("expression", "fits"),
    [
        ({"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]}, True),
        ({"key": "kubernetes.io/arch", "operator": "NotIn", "values": ["amd64"]}, False),
        ({"key": "kubernetes.io/arch", "operator": "Exists"}, True),
        ({"key": "gpu", "operator": "Exists"}, False),
        ({"key": "gpu", "operator": "DoesNotExist"}, True),
        ({"key": "gpu", "operator": "NotIn", "values": ["a100"]}, True),
        ({"key": "size", "operator": "Gt", "values": ["3"]}, True),
        ({"key": "size", "operator": "Lt", "values": ["3"]}, False),
        ({"key": "gpu", "operator": "Gt", "values": ["3"]}, False),
    ],
)
def test_a_node_affinity_is_read_as_the_scheduler_does(
    expression: dict[str, Any], fits: bool
) -> None:
    required = "requiredDuringSchedulingIgnoredDuringExecution"

    def affine(objects: Objects) -> None:
        objects.nodes[0]["metadata"]["labels"]["size"] = "4"
        affinity = pod(objects)["spec"]["affinity"]["nodeAffinity"]
        affinity[required]["nodeSelectorTerms"] = [{"matchExpressions": [expression]}]

    finding = diagnosed("node-affinity", affine)
    assert finding.doomed is not fits
    assert (expression["operator"] in finding.sentence) is not fits


def test_a_term_of_an_affinity_that_wants_nothing_fits_no_node() -> None:
    def empty(objects: Objects) -> None:
        affinity = pod(objects)["spec"]["affinity"]["nodeAffinity"]
        affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"] = [{}]

    assert diagnosed("node-affinity", empty).doomed


def test_taints_are_named_and_do_not_doom() -> None:
    told_so = [t for t in told("taint") if t.findings and t.findings[0].code == "Unschedulable"]
    assert told_so[0].findings[0].sentence == (
        "addressbook-canary can't be scheduled: it does not tolerate what every node is tainted "
        "with: team=other:NoSchedule"
    )
    assert not any(t.doomed for t in told_so)


@pytest.mark.parametrize(
    ("toleration", "tolerated"),
    [
        ({"operator": "Exists"}, True),
        ({"key": "team", "operator": "Exists"}, True),
        ({"key": "team", "operator": "Equal", "value": "other", "effect": "NoSchedule"}, True),
        ({"key": "team", "value": "ours"}, False),
        ({"key": "team", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "colour", "operator": "Exists"}, False),
    ],
)
def test_a_toleration_is_read_as_the_scheduler_does(
    toleration: dict[str, Any], tolerated: bool
) -> None:
    def change(objects: Objects) -> None:
        objects.nodes[0]["spec"]["taints"] = [
            {"key": "team", "value": "other", "effect": "NoSchedule"},
            {"key": "soft", "effect": "PreferNoSchedule"},
        ]
        pod(objects)["spec"]["tolerations"] = [toleration]

    finding = diagnosed("anti-affinity", unscheduled_only(change))
    assert ("team=other:NoSchedule" in finding.sentence) is not tolerated
    assert "soft" not in finding.sentence


def unscheduled_only(change: Callable[[Objects], None]) -> Callable[[Objects], None]:
    """Leave only the pod that no node took, then change it."""

    def both(objects: Objects) -> None:
        for name in [
            n for n, each in objects.snapshot.pods.items() if each["spec"].get("nodeName")
        ]:
            del writable(objects.snapshot.pods)[name]
        change(objects)

    return both


@pytest.mark.parametrize("name", ["kubelet-gone", "node-lost"])
def test_a_node_that_is_not_ready_is_told_first_and_waited_for(name: str) -> None:
    finding = first(name)
    assert (finding.code, finding.doomed) == ("NodeNotReady", False)
    assert finding.sentence == (
        "node canary-41c3ad-control-plane is not ready: "
        "NodeStatusUnknown: Kubelet stopped posting node status"
    )
    assert ", with pod addressbook-canary-" in finding.where


def test_a_node_without_pods_of_ours_is_nobodys_matter() -> None:
    def elsewhere(objects: Objects) -> None:
        pod(objects)["spec"]["nodeName"] = "another"

    objects = end("node-lost")
    elsewhere(objects)
    assert diagnose(objects, applied("node-lost")) == []


def test_a_kubelet_that_says_nothing_is_told_before_its_node_is_given_up() -> None:
    *_, last = [m for m in play("kubelet-gone") if m.at < 10]
    assert diagnose(last.objects, applied("kubelet-gone")) == []
    now = last.objects.now
    assert now is not None
    later = replace(last.objects, now=now.replace(minute=now.minute + 1))
    (finding,) = diagnose(later, applied("kubelet-gone"))
    assert (finding.code, finding.doomed) == ("KubeletSilent", False)
    assert "its kubelet has not said anything about it" in finding.sentence


def test_one_eviction_is_bad_luck_and_two_are_not() -> None:
    once, *_, twice = [t for t in told("evicted") if t.findings and t.findings[0].code == "Evicted"]
    assert (once.doomed, once.findings[0].seen) == (False, "once")
    assert (twice.doomed, twice.findings[0].seen) == (True, "twice")
    assert twice.findings[0].sentence == (
        'addressbook-canary\'s pod was evicted: Usage of EmptyDir volume "cache" exceeds the limit '
        '"1Mi"'
    )
    assert twice.findings[0].next.startswith("kubectl describe pod addressbook-canary-")


def test_a_pod_that_was_evicted_is_told_until_another_is_ready_in_its_place() -> None:
    *_, last = told("evicted")
    assert last.findings == []
    objects = end("evicted")
    evicted = [each for each in objects.snapshot.pods.values() if is_over(each)]
    assert len(evicted) == 2
    three = replace(applied("evicted"), replicas=3)
    objects.snapshot.deployments[CANARY]["spec"]["replicas"] = 3
    assert [finding.code for finding in diagnose(objects, three)] == ["Evicted"]


@pytest.mark.parametrize(
    ("message", "doomed"),
    [
        ('Usage of EmptyDir volume "cache" exceeds the limit "1Mi". ', True),
        ("Pod ephemeral local storage usage exceeds the total limit of containers 1Gi. ", True),
        ('Container app exceeded its local ephemeral storage limit "1Gi". ', True),
        (
            "The node was low on resource: memory. Threshold quantity: 100Mi, available: 9Mi. ",
            False,
        ),
        ("The node had condition: [DiskPressure]. ", False),
    ],
)
def test_only_what_pods_do_themselves_dooms_them(message: str, doomed: bool) -> None:
    *_, twice = [
        moment.objects
        for moment in play("evicted")
        if sum(map(is_over, moment.objects.snapshot.pods.values())) == 2
        and not any(map(is_ready, moment.objects.snapshot.pods.values()))
    ]
    for event in writable(twice.snapshot.events).values():
        if event["reason"] == "Evicted":
            event["message"] = message
    finding = diagnose(twice, applied("evicted"))[0]
    assert (finding.code, finding.doomed, finding.seen) == ("Evicted", doomed, "twice")


def test_a_pod_that_its_node_refuses_is_told() -> None:
    def refused(objects: Objects) -> None:
        pod(objects)["status"] = {"phase": "Failed", "reason": "OutOfcpu", "message": "no CPU left"}

    finding = diagnosed("healthy", refused)
    assert finding.code == "OutOfcpu"
    assert finding.sentence == "addressbook-canary's pod was refused by its node: no CPU left"


# Nodes that an autoscaler makes


def event_of(name: str, reason: str, message: str) -> dict[str, Any]:
    """What somebody says of a pod."""
    return {
        "metadata": {"name": f"{name}.{reason}"},
        "involvedObject": {"kind": "Pod", "name": name},
        "reason": reason,
        "message": message,
        "type": "Normal",
    }


@pytest.mark.parametrize("name", ["node-selector", "node-affinity", "cpus"])
@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("TriggeredScaleUp", "pod triggered scale-up: [{spot 0->1 (max: 5)}]"),
        ("Nominated", "Pod should schedule on: nodeclaim/spot-4x2x9"),
    ],
)
def test_a_node_that_an_autoscaler_makes_is_waited_for(
    name: str, reason: str, message: str
) -> None:
    def scaled_up(objects: Objects) -> None:
        pending = pod(objects)["metadata"]["name"]
        writable(objects.snapshot.events)["up"] = event_of(pending, reason, message)

    finding = diagnosed(name, scaled_up)
    assert (finding.code, finding.doomed) == ("Unschedulable", False)
    assert finding.sentence.endswith(f"; an autoscaler makes a node for it: {message}")


def test_a_node_that_is_to_take_a_pod_is_waited_for() -> None:
    def nominated(objects: Objects) -> None:
        pod(objects)["status"]["nominatedNodeName"] = "spot-1"

    finding = diagnosed("node-selector", nominated)
    assert not finding.doomed
    assert finding.sentence.endswith(", disktype=ssd; node spot-1 is to take it")


@pytest.mark.parametrize(
    ("provider", "seconds", "doomed"),
    [
        ("kind://docker/canary/canary-control-plane", 1, True),
        ("aws:///eu-west-1a/i-0a1b2c", 29, False),
        ("aws:///eu-west-1a/i-0a1b2c", 30, True),
    ],
)
def test_where_nodes_may_come_an_autoscaler_has_time_to_say_so(
    provider: str, seconds: int, doomed: bool
) -> None:
    objects = end("node-selector")
    objects.nodes[0]["spec"]["providerID"] = provider
    began = moment(condition_of(pod(objects), "PodScheduled")["lastTransitionTime"])
    later = replace(objects, now=began + timedelta(seconds=seconds))
    assert diagnose(later, applied("node-selector"))[0].doomed is doomed
