"""Refusals and Services that keep a rollout up, on recordings and changes to them."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from fakes.recordings import CANARY, applied, changed, diagnosed, end, told, writable

from pytest_canary.diagnosis import Objects, diagnose
from pytest_canary.diagnosis.subject import read_event

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
