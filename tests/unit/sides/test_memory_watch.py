"""Whom the watch asks what they hold, when, and what it makes of it."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Collection, Mapping, Sequence

import pytest
from fakes.pages import (
    CANARY,
    FIRST,
    READY,
    STABLE,
    Pods,
    checked,
    limited,
    pages_of,
    resident,
    started,
    unready,
)
from fakes.traffic import until
from fakes.watched import Watched

from pytest_canary.analysis.memory import Memory
from pytest_canary.core.errors import ClusterError
from pytest_canary.k8s.objects import Snapshot
from pytest_canary.sides.asked import AskedWhen, DueTimes
from pytest_canary.sides.memory_watch import SILENT, MemoryWatch

KUBELETS = READY.timestamp() + 60
"""What the cluster's clock shows."""

STABLES = ("app-stable-77-0", "app-stable-77-1")
LIMITLESS = 4 * 2**30


class Due(AskedWhen):
    """Ten requests a second to each track alone, and three to any pod, since its 0.

    Its clock began 7 s before the watch's.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock() + 7

    def due_times(self, begin: float, end: float) -> DueTimes:
        own = [each / 10 for each in range(int(10 * end))]
        return DueTimes(own, own, [each / 3 for each in range(int(3 * end))])


def watch(
    pods: Pods,
    asked: Mapping[str, Sequence[str]] | None = None,
    count: Callable[[Collection[str]], Mapping[str, float]] | None = None,
) -> MemoryWatch:
    return MemoryWatch(
        {"stable": STABLE, "canary": CANARY},
        pods,
        pods.observer,
        pages_of(pods, checked({})),
        ["app:1"],
        lambda: asked or {},
        pods.clock.monotonic,
        count=count,
    )


def told(
    pods: Pods, made: MemoryWatch, of: Mapping[str, Sequence[str]] | None = None
) -> tuple[Memory | None, Memory | None]:
    asked = Due(pods.clock.monotonic)
    return made.tell(asked, of or made.pods)


def held(memory: Memory | None) -> list[tuple[float, float]]:
    """Seconds and megabytes."""
    assert memory is not None
    return [(each.seconds, each.held / 1e6) for each in memory.readings]


def test_a_reading_has_its_moment_and_the_requests_until_then(pods: Pods) -> None:
    for name in pods.names:
        pods.show(name, resident(20))
    made = watch(pods)
    made.look()
    pods.clock.sleep(10)
    made.look()
    baseline, canary = told(pods, made)
    assert baseline
    assert canary
    assert held(baseline) == held(canary) == [(0.0, 20), (10.0, 20)]
    # 10 a second to the canary's one pod, or to stable's two, and one of three to each.
    assert [each.requests for each in canary.readings] == pytest.approx([78, 189], abs=2)
    assert [each.requests for each in baseline.readings] == pytest.approx([43, 103], abs=2)


def test_those_that_are_asked_beside_each_other_are_compared(pods: Pods) -> None:
    """The other stable pods have less to do."""
    pods.show(FIRST, resident(40))
    pods.show(STABLES[0], resident(60))
    pods.show(STABLES[1], resident(20))
    made = watch(pods, {"canary": [FIRST], "stable": [STABLES[0]]})
    made.look()
    assert made.pods == {"stable": [STABLES[0]], "canary": [FIRST]}
    baseline, canary = told(pods, made)
    assert (held(baseline), held(canary)) == ([(0.0, 60)], [(0.0, 40)])
    everybody = watch(pods)
    everybody.look()
    assert held(told(pods, everybody)[0]) == [(0.0, 40)], "on average"


def test_what_one_of_several_processes_holds_is_not_what_its_pod_holds(pods: Pods) -> None:
    """Any of a server's workers answers for /metrics."""
    for name in pods.names:
        pods.show(name, resident(20))
    pods.show(FIRST, resident(40), started(1.7e9))
    made = watch(pods)
    made.look()
    assert held(told(pods, made)[1]) == [(0.0, 40)]
    pods.show(FIRST, resident(90), started(1.7e9 + 0.01))
    made.look()
    baseline, canary = told(pods, made)
    assert canary
    assert 40 not in [megabytes for _, megabytes in held(canary)], "nor what it held before"
    assert held(baseline) != [(0.0, 20), (0.0, 20)], "both by the kubelets"


def test_a_look_that_does_not_tell_of_all_of_a_tracks_pods_is_none(pods: Pods) -> None:
    for name in pods.names:
        pods.show(name, resident(20))
    made = watch(pods)
    made.look()
    pods.pages.pop(f"/{STABLES[1]}/metrics")
    pods.clock.sleep(2)
    made.look()
    baseline, canary = told(pods, made)
    assert (len(held(baseline)), len(held(canary))) == (1, 2)


def test_pods_that_are_gone_are_told_of_where_they_are_asked_for(pods: Pods) -> None:
    """As a promotion ends the baseline's."""
    for name in pods.names:
        pods.show(name, resident(20))
    made = watch(pods)
    before = made.pods
    made.look()
    for name in STABLES:
        pods.drop(name)
    pods.clock.sleep(2)
    made.look()
    baseline, canary = told(pods, made, before)
    assert (held(baseline), held(canary)) == ([(0.0, 20)], [(0.0, 20), (2.0, 20)])


def test_the_node_tells_where_one_does_not_and_no_kubelet_is_asked(pods: Pods) -> None:
    pods.show(FIRST, resident(40))
    grown = itertools.count(50)

    def count(uids: Collection[str]) -> Mapping[str, float]:
        assert set(uids) == {f"uid-of-{name}" for name in pods.names}
        return dict.fromkeys(uids, next(grown) * 1e6) | {"uid-of-another": 1.0}

    made = watch(pods, count=count)
    made.look()
    pods.clock.sleep(2)
    made.look()
    baseline, canary = told(pods, made)
    assert held(baseline) == held(canary) == [(0.0, 50), (2.0, 51)]


@pytest.mark.parametrize("lacks", ["all", "one"])
def test_the_kubelets_tell_where_the_node_does_not_know_a_pod(pods: Pods, lacks: str) -> None:
    pods.kubelet = dict.fromkeys(pods.names, (KUBELETS, 30e6))

    def count(uids: Collection[str]) -> Mapping[str, float]:
        if lacks == "all":
            raise ClusterError("the node does not tell")
        return dict.fromkeys(sorted(uids)[1:], 50e6)

    made = watch(pods, count=count)
    made.look()
    baseline, canary = told(pods, made)
    assert held(baseline) == held(canary) == [(0.0, 30)]


def test_the_kubelets_tell_where_one_does_not(pods: Pods) -> None:
    pods.show(FIRST, resident(40))
    pods.kubelet = {
        FIRST: (KUBELETS - 20, 50e6),
        STABLES[0]: (KUBELETS - 9, 20e6),
        STABLES[1]: (KUBELETS - 6, 30e6),
    }
    made = watch(pods)
    made.look()
    pods.kubelet |= {FIRST: (KUBELETS - 8, 51e6)}
    pods.clock.sleep(12)
    made.look()
    baseline, canary = told(pods, made)
    assert canary
    assert held(canary) == [(0.0, 50), (12.0, 51)]
    # By the clock of who is asked it is 19 s, so that the first is of 1 s before its 0.
    assert [each.requests for each in canary.readings] == pytest.approx([0, 122], abs=2)
    # The same again is the same: who compares takes it once.
    assert held(baseline) == [(0.0, 25), (0.0, 25)]


def test_a_pod_that_the_kubelet_does_not_know_yet_is_waited_for(pods: Pods) -> None:
    pods.kubelet = dict.fromkeys(STABLES, (KUBELETS, 20000000.0))
    made = watch(pods)
    for _ in range(SILENT + 1):
        made.look()
    baseline, canary = told(pods, made)
    assert len(held(baseline)) == SILENT + 1
    assert held(canary) == []


def test_that_nobody_tells_is_known_after_some_looks(pods: Pods) -> None:
    pods.kubelet_fails = True
    made = watch(pods)
    for _ in range(SILENT):
        assert told(pods, made) == (Memory(()), Memory(()))
        made.look()
    assert told(pods, made) == (None, None)


def test_where_no_pod_is_ready_nobody_knows_yet(pods: Pods) -> None:
    pods.kubelet_fails = True
    pods.change(FIRST, unready)
    made = watch(pods)
    for _ in range(SILENT + 1):
        made.look()
    assert told(pods, made) == (Memory(()), Memory(()))


def test_a_gauge_that_is_negative_tells_nothing(pods: Pods) -> None:
    for name in pods.names:
        pods.show(name, resident(-20))
    pods.kubelet = dict.fromkeys(pods.names, (KUBELETS, 30e6))
    made = watch(pods)
    made.look()
    assert held(told(pods, made)[1]) == [(0.0, 30)]


@pytest.mark.parametrize(
    ("text", "allocatable", "limit"),
    [
        ("192Mi", "4Gi", 192 * 2**20),
        (None, "4Gi", LIMITLESS),
        (None, None, None),
        ("much", "", None),
    ],
)
def test_a_pod_may_hold_its_containers_limit_or_what_its_node_has(
    pods: Pods, text: str | None, allocatable: str | None, limit: float | None
) -> None:
    pods.allocatable = allocatable
    for name in pods.names:
        pods.show(name, resident(20))
        if text:
            pods.change(name, limited(text))
    made = watch(pods)
    made.look()
    _, canary = told(pods, made)
    assert canary
    assert canary.limit == limit


def test_it_looks_by_itself_until_it_is_stopped(pods: Pods) -> None:
    for name in pods.names:
        pods.show(name, resident(20))
    made = watch(pods).start()
    until(lambda: told(pods, made)[1] != Memory(()))
    made.stop()
    assert "memory" not in [thread.name for thread in threading.enumerate()]
    seen = len(held(told(pods, made)[1]))
    assert seen >= 1
    made.stop()


def test_what_goes_wrong_in_a_look_does_not_end_it(pods: Pods) -> None:
    refused = [0]

    class Refusing(Watched):
        def snapshot(self) -> Snapshot:
            refused[0] += 1
            if refused[0] == 1:
                raise ClusterError("the API server is away")
            return super().snapshot()

    made = MemoryWatch(
        {"stable": STABLE, "canary": CANARY},
        pods,
        Refusing(pods, pods.clock),
        pages_of(pods, checked({})),
        [],
        every=0.01,
    ).start()
    until(lambda: refused[0] > 3)
    made.stop()
