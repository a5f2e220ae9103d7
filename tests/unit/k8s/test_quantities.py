"""Quantities as Kubernetes reads them, and what pods ask for."""

from decimal import Decimal
from typing import Any

import pytest

from pytest_canary.k8s.quantities import as_written, quantity, quantity_or_none, requests
from pytest_canary.manifests.fitting import AMOUNT


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("50m", "0.05"),
        ("64", "64"),
        ("1.5", "1.5"),
        ("64Mi", "67108864"),
        ("1e3", "1000"),
        (2, "2"),
    ],
)
def test_a_quantity_is_read(text: str | int, number: str) -> None:
    assert str(quantity(text).normalize()) == str(Decimal(number).normalize())


@pytest.mark.parametrize("text", ["", "many", "1Zi", "1 2"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no quantity"):
        quantity(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("500m", "0.5"),
        (2, "2"),
        (0.5, "0.5"),
        ("1Ki", "1024"),
        ("1k", "1000"),
        ("1.5Gi", "1610612736"),
        ("1e3", "1000"),
        ("2E", "2000000000000000000"),
        ("100n", "0.0000001"),
    ],
)
def test_a_quantity_comes_to_a_number(text: object, found: str) -> None:
    assert quantity_or_none(text) == Decimal(found)


@pytest.mark.parametrize("text", ["", "1 Gi", "1GB", "lots", True, None, []])
def test_what_is_no_quantity_comes_to_nothing(text: object) -> None:
    assert quantity_or_none(text) is None


@pytest.mark.parametrize(
    "text", ["1", "1.", ".5", "+1", "-1.5Mi", "1e3", "1E+3", "1E", "1e3k", "1.2.3", ".", "1Kii"]
)
def test_what_is_a_quantity_is_what_the_schema_takes_for_one(text: str) -> None:
    assert (quantity_or_none(text) is not None) == bool(AMOUNT.fullmatch(text))


def container(**resources: Any) -> dict[str, Any]:
    return {"name": "a", "resources": resources}


def asked(**spec: Any) -> dict[str, str]:
    return {name: as_written(name, value) for name, value in requests({"spec": spec}).items()}


def test_a_limit_is_a_request_where_there_is_no_other() -> None:
    limited = container(limits={"cpu": "2", "memory": "64Mi"}, requests={"cpu": "250m"})
    assert asked(containers=[limited, limited]) == {"cpu": "500m", "memory": "128Mi"}


def test_what_the_pod_says_comes_before_what_its_containers_do() -> None:
    one = container(requests={"cpu": "1", "memory": "64Mi"})
    pod = {"requests": {"cpu": "3"}}
    assert asked(containers=[one], resources=pod) == {"cpu": "3", "memory": "64Mi"}


def test_the_overhead_comes_on_top() -> None:
    one = container(requests={"cpu": "1"})
    assert asked(containers=[one], overhead={"cpu": "250m"}) == {"cpu": "1250m"}


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"containers": None, "initContainers": "a"},
        {"containers": ["a", {"resources": None}, {"resources": {"requests": ["cpu"]}}]},
        {"containers": [{"resources": {"requests": {"cpu": "lots"}, "limits": 3}}]},
    ],
)
def test_what_is_malformed_asks_for_nothing(spec: dict[str, Any]) -> None:
    assert requests({"spec": spec}) == {}
    assert requests({"spec": None}) == {}
