"""What a kubelet tells of pods' memory, by a summary that one gave."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from fakes.folders import FIXTURES

from pytest_canary.k8s.cluster_api import memory_of

OBJECTS = FIXTURES / "objects"
NAMESPACE = "canary-2b6e26"


@pytest.fixture
def summary() -> Any:
    return json.loads((OBJECTS / "kubelet-summary.json").read_text())


def at(clock: str) -> float:
    return datetime.fromisoformat(f"2026-11-23T{clock}").replace(tzinfo=UTC).timestamp()


def test_the_namespaces_pods_are_told_and_no_other(summary: Any) -> None:
    assert memory_of(summary, NAMESPACE) == {
        # Pods whose containers were looked at last, and pods that were themselves.
        "addressbook-stable-554cb579cb-tkfz2": (at("05:23:43"), 50540544),
        "addressbook-stable-554cb579cb-rjwsp": (at("05:23:35"), 50778112),
        "addressbook-stable-554cb579cb-9k2g5": (at("05:23:30"), 50946048),
        "db-6578df59-wgbkx": (at("05:23:36"), 43528192),
    }
    assert set(memory_of(summary, "kube-system")) == {"kube-proxy-ctb27"}
    assert memory_of(summary, "elsewhere") == {}


def test_several_containers_are_added_up(summary: Any) -> None:
    pod = next(each for each in summary["pods"] if each["podRef"]["name"].endswith("-tkfz2"))
    sidecar = {"memory": {"time": "2026-11-23T05:23:44Z", "workingSetBytes": 1000}}
    pod["containers"] += [sidecar, {"name": "just started"}]
    told = memory_of(summary, NAMESPACE)["addressbook-stable-554cb579cb-tkfz2"]
    assert told == (at("05:23:44"), 50541544)


def test_a_pod_that_was_not_looked_at_yet_is_left_out(summary: Any) -> None:
    pod = next(each for each in summary["pods"] if each["podRef"]["name"].startswith("db-"))
    del pod["memory"], pod["containers"][0]["memory"]["workingSetBytes"]
    told = memory_of(summary, NAMESPACE)
    assert len(told) == 3
    assert "db-6578df59-wgbkx" not in told
    del pod["containers"]
    assert len(memory_of(summary, NAMESPACE)) == 3


def test_pods_are_told_by_their_containers_where_only_these_were_looked_at(summary: Any) -> None:
    pod = next(each for each in summary["pods"] if each["podRef"]["name"].startswith("db-"))
    del pod["memory"]
    told = memory_of(summary, NAMESPACE)
    assert told["db-6578df59-wgbkx"] == (at("05:23:36"), 43450368.0)
    del summary["pods"]
    assert memory_of(summary, NAMESPACE) == {}
