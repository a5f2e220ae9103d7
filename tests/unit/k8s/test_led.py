"""Until when Services led to pods."""

import math

from fakes import objects
from fakes.folders import BUNDLED_TEMPLATE
from fakes.objects import Object

from pytest_canary.k8s.led import Led

DEPLOYED = objects.deployment(BUNDLED_TEMPLATE, "web", 2, "app:1")
PODS = [objects.pod(DEPLOYED, each) for each in range(2)]
ONE, OTHER = (str(pod["metadata"]["name"]) for pod in PODS)


def slice_of(*ready: bool, service: str = "lb") -> Object:
    return objects.endpoint_slice(service, PODS[: len(ready)], list(ready))


def test_it_is_until_it_no_longer_leads_there() -> None:
    led = Led()
    assert led.until("lb", ONE) is None
    led.record([slice_of(True, False)], 1)
    assert led.until("lb", ONE) == math.inf
    assert led.until("lb", OTHER) is None
    led.record([slice_of(False, True)], 2)
    led.record([slice_of(True)], 3)
    assert (led.until("lb", ONE), led.until("lb", OTHER)) == (math.inf, 3)
    led.record([], 4)
    assert (led.until("lb", ONE), led.until("lb", OTHER)) == (4, 3)


def test_each_service_leads_by_itself() -> None:
    led = Led()
    led.record([slice_of(True), slice_of(True, service="other")], 1)
    led.record([slice_of(True)], 2)
    assert (led.until("lb", ONE), led.until("other", ONE)) == (math.inf, 2)


def test_what_others_write_is_not_the_clusters() -> None:
    led = Led()
    own = slice_of(True)
    own["metadata"]["labels"]["endpointslice.kubernetes.io/managed-by"] = "somebody"
    led.record([own], 1)
    assert led.until("lb", ONE) is None
