"""Where a node leads a Service's connections, by recorded rules."""

import pytest
from fakes.folders import FIXTURES

from pytest_canary.cluster.service_rules import destinations

RULES = (FIXTURES / "kube-proxy" / "rules.txt").read_text()


@pytest.mark.parametrize(
    ("namespace", "service", "led"),
    [
        (
            "canary-d478ae",
            "addressbook-lb",
            {"10.244.0.6:3000", "10.244.0.7:3000", "10.244.0.14:3000"},
        ),
        ("canary-d478ae", "track-addressbook-canary", {"10.244.0.14:3000"}),
        # Its port has no name.
        ("canary-d478ae", "db", {"10.244.0.5:5432"}),
        ("canary-d478ae", "addressbook", set()),
        ("canary", "addressbook-lb", set()),
    ],
)
def test_a_services_destinations_are_its_own(namespace: str, service: str, led: set[str]) -> None:
    assert destinations(RULES, namespace, service) == led


def test_addresses_of_ipv6_are_in_brackets() -> None:
    rule = '-A KUBE-SVC-X -m comment --comment "shop/lb:http -> [fd00::9]:3000" -j KUBE-SEP-Y'
    assert destinations(rule, "shop", "lb") == {"[fd00::9]:3000"}


def test_other_rules_lead_nowhere() -> None:
    assert destinations("", "shop", "lb") == set()
    assert destinations("table ip kube-proxy {", "shop", "lb") == set()
