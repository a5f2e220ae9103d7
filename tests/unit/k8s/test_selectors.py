"""Selectors, as Kubernetes reads them."""

from typing import Any

import pytest

from pytest_canary.k8s.selectors import matches, matches_node

LABELS = {"app": "shop", "tier": "web"}


@pytest.mark.parametrize(
    ("selector", "whether"),
    [
        ({}, True),
        ({"matchLabels": {"app": "shop"}}, True),
        ({"matchLabels": {"app": "store"}}, False),
        ({"matchLabels": {"other": "shop"}}, False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["a", "shop"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["a"]}]}, False),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["shop"]}]}, False),
        ({"matchExpressions": [{"key": "old", "operator": "NotIn", "values": ["a"]}]}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "Matches"}]}, False),
        ({"matchLabels": {"app": "shop"}, "matchExpressions": [{"key": "x"}]}, False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": 3}]}, False),
        ({"matchExpressions": [{"key": "app", "operator": "Gt", "values": ["1"]}]}, False),
    ],
)
def test_a_selector_selects_what_kubernetes_selects(selector: Any, whether: bool) -> None:
    assert matches(selector, LABELS) is whether


NODE = {"metadata": {"name": "node-1", "labels": {"disk": "ssd", "cores": "8"}}}


@pytest.mark.parametrize(
    ("term", "whether"),
    [
        ({}, False),
        ({"matchExpressions": [{"key": "cores", "operator": "Gt", "values": ["4"]}]}, True),
        ({"matchExpressions": [{"key": "cores", "operator": "Gt", "values": ["8"]}]}, False),
        ({"matchExpressions": [{"key": "cores", "operator": "Lt", "values": ["16"]}]}, True),
        ({"matchExpressions": [{"key": "cores", "operator": "Lt", "values": ["8"]}]}, False),
        ({"matchExpressions": [{"key": "disk", "operator": "Gt", "values": ["4"]}]}, False),
        ({"matchExpressions": [{"key": "gpus", "operator": "Lt", "values": ["4"]}]}, False),
        ({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-1"]}]}, True),
        (
            {
                "matchExpressions": [{"key": "disk", "operator": "Exists"}],
                "matchFields": [
                    {"key": "metadata.name", "operator": "NotIn", "values": ["node-1"]}
                ],
            },
            False,
        ),
    ],
)
def test_a_nodes_affinity_is_by_labels_and_fields(term: dict[str, Any], whether: bool) -> None:
    assert matches_node(term, NODE) is whether
