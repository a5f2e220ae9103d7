"""What has happened to what a release stands on, from two looks at it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from fakes import objects

from pytest_canary.diagnosis.disturbances import Platform, disturbances

NODE = "canary-1-control-plane"
BEFORE = Platform(
    clock=1_000.0,
    node=NODE,
    node_started="10:00",
    nodes=(objects.node(NODE),),
    database=("db-1", "uid-1", 0),
)


def troubled(kind: str, status: str = "True", message: str = "") -> tuple[dict[str, Any], ...]:
    """The node, with a condition."""
    node = objects.node(NODE)
    others = [each for each in node["status"]["conditions"] if each["type"] != kind]
    said = {"type": kind, "status": status, "reason": "Kubelet", "message": message}
    node["status"]["conditions"] = [*others, said]
    return (node,)


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(BEFORE, id="as-it-was"),
        pytest.param(replace(BEFORE, clock=1_004.0), id="a-clock-that-is-kept-right"),
        pytest.param(replace(BEFORE, nodes=(), node_started=""), id="nobody-may-see-the-nodes"),
    ],
)
def test_what_is_as_it_was_is_nothing(now: Platform) -> None:
    assert disturbances(BEFORE, now) == []


def test_what_was_so_before_is_nothing_new() -> None:
    before = replace(BEFORE, nodes=troubled("DiskPressure"), database=None)
    assert disturbances(before, replace(before, database=("db-1", "uid-1", 0))) == []


@pytest.mark.parametrize(
    ("now", "code", "sentence"),
    [
        (
            {"node_started": "10:05"},
            "NodeRestarted",
            f"node {NODE} was started again in the midst of the walk",
        ),
        (
            {"database": ("db-2", "uid-2", 0)},
            "DatabaseRestarted",
            "the database's pod db-1 was replaced by db-2 in the midst of the walk, and its data "
            "is gone",
        ),
        (
            {"database": ("db-1", "uid-1", 1)},
            "DatabaseRestarted",
            "the database's pod db-1 was restarted in the midst of the walk, and its data is gone",
        ),
        (
            {"database": None},
            "DatabaseRestarted",
            "the database's pod db-1 was deleted in the midst of the walk, and its data is gone",
        ),
        (
            {"nodes": troubled("DiskPressure", message="kubelet has disk pressure")},
            "DiskPressure",
            f"node {NODE} has come to be under disk pressure: kubelet has disk pressure",
        ),
        (
            {"nodes": troubled("Ready", "Unknown", "Kubelet stopped posting node status.")},
            "NodeNotReady",
            f"node {NODE} has come to be not ready: Kubelet: Kubelet stopped posting node status.",
        ),
        (
            {"clock": 4_600.0},
            "ClockJumped",
            "this machine's clock was put forward by 3,600 s in the midst of the walk",
        ),
        (
            {"clock": 990.0},
            "ClockJumped",
            "this machine's clock was put back by 10 s in the midst of the walk",
        ),
        (
            {"silent": {"container engine": "Is the docker daemon running?"}},
            "ContainerEngineSilent",
            "the container engine does not answer any more",
        ),
        (
            {"silent": {"API server": "can't list the nodes: it does not answer"}},
            "ApiServerSilent",
            "the API server does not answer any more",
        ),
    ],
)
def test_what_has_happened_is_told(now: dict[str, Any], code: str, sentence: str) -> None:
    (found,) = disturbances(BEFORE, replace(BEFORE, **now))
    assert (found.code, found.sentence) == (code, sentence)
    assert found.seen == next(iter(now.get("silent", {}).values()), found.seen)
