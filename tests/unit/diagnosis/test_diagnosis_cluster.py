"""Nodes, refusals and Services that keep a rollout up, on recordings and changes to them."""

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fakes.recordings import (
    CANARY,
    applied,
    changed,
    diagnosed,
    end,
    first,
    play,
    pod,
    spec,
    told,
    writable,
)

from pytest_canary.diagnosis import Objects, diagnose
from pytest_canary.diagnosis.subject import moment, read_event
from pytest_canary.k8s.objects import condition as condition_of
from pytest_canary.k8s.objects import is_over, is_ready

# Nodes


def asking(requests: dict[str, str], **more: Any) -> dict[str, Any]:
    """An init container that asks for this."""
    return {"name": "prepare", "image": "x", "resources": {"requests": requests}, **more}


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


# The API server's refusals


def refused(message: str) -> Callable[[Objects], None]:
    """Let the API server have refused a pod with these words."""

    def change(objects: Objects) -> None:
        for item in objects.snapshot.replica_sets.values():
            for condition in item["status"].get("conditions", []):
                condition["message"] = message

    return change


QUOTA = (
    "exceeded quota: team, requested: pods=1,requests.cpu=50m, used: pods={0},requests.cpu=1, "
    "limited: pods={1},requests.cpu=4"
)


@pytest.mark.parametrize(
    ("requested", "advice"),
    [
        ("pods=1", "have the quota raised"),
        ("count/pods=1", "have the quota raised"),
        ("requests.cpu=50m", "ask for less in resources, or have the quota raised"),
        ("pods=1,requests.cpu=50m", "ask for less in resources, or have the quota raised"),
    ],
)
def test_only_what_can_be_less_is_asked_to_be(requested: str, advice: str) -> None:
    message = f"exceeded quota: team, requested: {requested}, used: pods=2, limited: pods=2"
    assert diagnosed("quota-memory", refused(message)).next == advice


@pytest.mark.parametrize(
    ("message", "doomed", "words"),
    [
        (
            'admission webhook "guard.example.com" denied the request: no team',
            True,
            "webhook guard.example.com refuses it: no team",
        ),
        (
            'pods "x" is forbidden: error looking up service account a/default: serviceaccount '
            '"default" not found',
            False,
            "there is no ServiceAccount default",
        ),
        (QUOTA.format(2, 2), True, "quota team allows pods=2,requests.cpu=4, of which pods=2"),
        ("something new", False, "gets no pod: something new"),
        ("", False, "gets no pod: the API server does not say why"),
    ],
)
def test_a_refusal_that_stays_one_dooms(message: str, doomed: bool, words: str) -> None:
    finding = diagnosed("quota-memory", refused(message))
    assert finding.doomed is doomed
    assert words in finding.sentence


def test_a_full_quota_is_slow_while_somebody_may_make_room() -> None:
    objects = end("quota-pods-rolling")
    assert objects.snapshot.pods, "the old pods are still there"
    assert not any(f.doomed for f in diagnose(objects, applied("quota-pods-rolling")))
    refused(QUOTA.format(0, 0))(objects)
    assert diagnose(objects, applied("quota-pods-rolling"))[0].doomed


# The Service


def test_a_service_that_is_not_there_is_slow() -> None:
    objects = end("service-port-name")
    expected = replace(applied("service-port-name"), service="shop-lb")
    (finding,) = diagnose(objects, expected)
    assert (finding.code, finding.sentence) == ("ServiceMissing", "there is no Service shop-lb")
    assert not finding.doomed
    assert diagnose(changed(objects, services={}), expected) == []


def test_a_service_that_selects_nothing_is_slow_until_the_pods_are_ready() -> None:
    found = [t for t in told("service-selects-nothing") if t.findings[0:1]]
    codes = [t.doomed for t in found if t.findings[0].code == "ServiceSelector"]
    assert (codes[0], codes[-1]) == (False, True)


def test_a_label_that_the_pods_lack_is_said_to_be_lacking() -> None:
    def other(objects: Objects) -> None:
        objects.snapshot.services["addressbook-lb"]["spec"]["selector"] = {"tier": "web"}

    finding = diagnosed("service-selects-nothing", other)
    assert finding.sentence.endswith("it selects tier=web, and they have no such label")


@pytest.mark.parametrize("name", ["service-selects-nothing", "service-port-name"])
def test_a_service_without_selector_is_somebody_elses_matter(name: str) -> None:
    objects = end(name)
    del objects.snapshot.services["addressbook-lb"]["spec"]["selector"]
    assert diagnose(objects, applied(name)) == []


def test_a_port_need_not_be_named_to_be_listened_on() -> None:
    assert not diagnosed("service-port-number").doomed
    objects = end("service-port-number")
    container = objects.snapshot.deployments[CANARY]["spec"]["template"]["spec"]["containers"][0]
    container["ports"] = []
    objects = changed(objects, replica_sets={}, endpoint_slices={})
    assert diagnose(objects, applied("service-port-number")) == []


def test_ready_pods_that_the_service_sends_nothing_to_are_counted() -> None:
    objects = end("healthy")
    assert diagnose(objects, applied("healthy")) == []
    assert objects.snapshot.endpoint_slices
    for item in writable(objects.snapshot.endpoint_slices).values():
        item["endpoints"] = None
    (finding,) = diagnose(objects, applied("healthy"))
    assert (finding.code, finding.doomed) == ("ServiceEndpoints", False)
    assert finding.sentence == (
        "Service addressbook-lb sends nothing yet to 1 of 1 ready pods of addressbook-canary"
    )


# Events


def test_a_series_of_events_is_counted_by_its_own_count() -> None:
    event = {
        "reason": "Unhealthy",
        "message": "(combined from similar events): Readiness probe failed: no ",
        "involvedObject": {"kind": "Pod", "fieldPath": "spec.containers{web}"},
        "count": 1,
        "series": {"count": 7, "lastObservedTime": "2026-01-01T00:00:00.000000Z"},
    }
    found = read_event(event)
    assert (found.times, found.container) == (7, "web")
    assert found.message == "Readiness probe failed: no"
