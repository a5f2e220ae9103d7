"""From when and until when Services led to pods."""

import math
from datetime import datetime

from fakes import objects
from fakes.folders import BUNDLED_TEMPLATE
from fakes.objects import Object

from pytest_canary.k8s.led import Led, Stay

DEPLOYED = objects.deployment(BUNDLED_TEMPLATE, "web", 2, "app:1")
PODS = [objects.pod(DEPLOYED, each) for each in range(2)]
ONE, OTHER = (str(pod["metadata"]["name"]) for pod in PODS)


def slice_of(*ready: bool, service: str = "lb", written: str = "") -> Object:
    made = objects.endpoint_slice(service, PODS[: len(ready)], list(ready))
    if written:
        made["metadata"]["managedFields"] = [{"time": "2020-01-01T00:00:00Z"}, {"time": written}]
    return made


def test_it_is_until_it_no_longer_leads_there() -> None:
    led = Led()
    assert led.stays("lb") == []
    led.record([slice_of(True, False)], 1)
    assert led.stays("lb") == [Stay(ONE, 1, math.inf)]
    led.record([slice_of(False, True)], 2)
    led.record([slice_of(True)], 3)
    assert led.stays("lb") == [Stay(ONE, 1, 2), Stay(ONE, 3, math.inf), Stay(OTHER, 2, 3)]
    led.record([], 4)
    assert led.stays("lb") == [Stay(ONE, 1, 2), Stay(ONE, 3, 4), Stay(OTHER, 2, 3)]


def test_the_cluster_says_when_it_wrote_that_unless_all_are_listed() -> None:
    begun = slice_of(True, written="2026-01-01T00:00:00Z")
    left = slice_of(False, written="2026-01-01T00:00:05Z")
    other = slice_of(True, service="other", written="2026-01-01T00:00:09Z")
    at = datetime.fromisoformat("2026-01-01T00:00:05Z").timestamp()
    for listed, dropped in ((False, at), (True, None)):
        led = Led()
        led.record([begun], 1, listed=True)
        led.record([left, other], 2, listed=listed)
        assert led.stays("lb") == [Stay(ONE, 1, 2, dropped)]


def test_each_service_leads_by_itself() -> None:
    led = Led()
    led.record([slice_of(True), slice_of(True, service="other")], 1)
    led.record([slice_of(True)], 2)
    assert led.stays("lb") == [Stay(ONE, 1)]
    assert led.stays("other") == [Stay(ONE, 1, 2)]


def test_what_others_write_is_not_the_clusters() -> None:
    led = Led()
    own = slice_of(True)
    own["metadata"]["labels"]["endpointslice.kubernetes.io/managed-by"] = "somebody"
    led.record([own], 1)
    assert led.stays("lb") == []
