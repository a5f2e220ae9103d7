"""What has happened to what a release stands on: from two looks at it to findings.

A release is not to blame for a cluster that was restarted under it, and its owner would look for
the cause in the wrong place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pytest_canary.core.findings import Finding
from pytest_canary.k8s.objects import Object, condition, node_is_ready, node_says

# Seconds by which a clock that is kept right by small steps does not move within a walk.
JUMP = 5.0

PRESSURES = ("DiskPressure", "MemoryPressure", "PIDPressure")


@dataclass(frozen=True)
class Platform:
    """The platform at one moment; what nobody could tell is empty.

    Attributes:
        clock: seconds by which this machine's clock is ahead of one that only goes forward.
        node: the name of the container that is the cluster's node.
        node_started: when that was last started, in the engine's words.
        nodes: the cluster's nodes.
        database: what the database's data lives and dies with: its pod's name, its UID, and how
            often the container was restarted.
        silent: who did not answer, and what came instead.
    """

    clock: float = 0.0
    node: str = ""
    node_started: str = ""
    nodes: tuple[Object, ...] = ()
    database: tuple[str, str, int] | None = None
    silent: Mapping[str, str] = field(default_factory=dict)


def disturbances(before: Platform, now: Platform) -> list[Finding]:
    """What has happened to the platform between two looks.

    Args:
        before: as the release began on it.
        now: as it is.
    """
    return [*_silence(now), *_restarts(before, now), *_troubles(before, now), *_jumps(before, now)]


def _silence(now: Platform) -> Iterator[Finding]:
    for who, said in now.silent.items():
        code = "".join(word.capitalize() for word in who.split())
        sentence = f"the {who} does not answer any more"
        yield Finding(f"{code}Silent", sentence, seen=said)


def _restarts(before: Platform, now: Platform) -> Iterator[Finding]:
    if now.node_started and before.node_started and now.node_started != before.node_started:
        yield Finding(
            "NodeRestarted",
            f"node {now.node} was started again in the midst of the walk",
            seen=f"started at {now.node_started}, and at {before.node_started} before",
            likely="its container engine was restarted, or the machine ran out of memory",
            next=f"docker inspect {now.node}, and the engine's log",
        )
    if before.database and now.database != before.database:
        (pod, uid, _), (new, new_uid, _) = before.database, now.database or ("", "", 0)
        what = "restarted" if uid == new_uid else f"replaced by {new}" if new else "deleted"
        yield Finding(
            "DatabaseRestarted",
            f"the database's pod {pod} was {what} in the midst of the walk, and its data is gone",
            next="kubectl get events, for why",
        )


def _troubles(before: Platform, now: Platform) -> Iterator[Finding]:
    """What the nodes say of themselves that they did not say before."""
    said = {(node["metadata"]["name"], kind) for node in before.nodes for kind, _ in _bad(node)}
    for node in now.nodes:
        name = node["metadata"]["name"]
        for kind, words in _bad(node):
            if (name, kind) not in said:
                yield Finding(
                    kind,
                    f"node {name} has come to be {words}",
                    next=f"kubectl describe node {name}",
                )


def _bad(node: Object) -> Iterator[tuple[str, str]]:
    if not node_is_ready(node):
        yield "NodeNotReady", f"not ready: {node_says(node)}"
    for kind in PRESSURES:
        found = condition(node, kind)
        if found.get("status") == "True":
            words = f"under {kind.removesuffix('Pressure').lower()} pressure"
            yield kind, f"{words}: {found.get('message', '')}".rstrip(": ")


def _jumps(before: Platform, now: Platform) -> Iterator[Finding]:
    moved = now.clock - before.clock
    if abs(moved) >= JUMP:
        way = "forward" if moved > 0 else "back"
        yield Finding(
            "ClockJumped",
            f"this machine's clock was put {way} by {abs(moved):,.0f} s in the midst of the walk",
            likely="it was set, or the machine slept",
        )
