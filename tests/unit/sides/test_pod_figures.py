"""What one version's pods tell of themselves, besides their answers."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from fakes.objects import Object
from fakes.pages import (
    CANARY,
    DRIPPING,
    ELSEWHERE,
    FIRST,
    READY,
    STABLE,
    Pods,
    checked,
    delete,
    evict,
    failed,
    pages_of,
    pod,
    ready_from,
    resident,
    restarted,
    started,
    unready,
)

from pytest_canary.core.errors import ReleaseError
from pytest_canary.sides.pod_figures import PodFigures


def figures(
    pods: Pods, deployment: str, port: Callable[[str], int] = lambda _: 3000, **table: Any
) -> PodFigures:
    """A Deployment's, read once."""
    pages = pages_of(pods, checked(table), port)
    made = PodFigures(deployment, pods, pods.observer, pages)
    made.measure(0.0)
    return made


# What happens to pods.


def test_restarts_count_from_the_beginning(pods: Pods) -> None:
    pods.change(FIRST, restarted(2))
    canary, stable = figures(pods, CANARY), figures(pods, STABLE)
    assert canary.restarts == 0
    pods.change(FIRST, restarted(3))
    assert (stable.restarts, canary.restarts) == (0, 1)
    assert (stable.pods, canary.pods) == (2, 1)


def test_how_the_one_ended_that_was_restarted_is_told(pods: Pods) -> None:
    canary = figures(pods, CANARY)
    assert canary.ended == ""
    pods.change(FIRST, restarted(1))
    assert canary.ended == "", "nobody has said"

    def killed(made: Object) -> None:
        state = {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-01-01T00:00:00Z"}
        made["status"]["containerStatuses"][0]["lastState"] = {"terminated": state}

    pods.change(FIRST, killed)
    assert canary.ended == "was killed, as it held more memory than it may (OOMKilled)"


@pytest.mark.parametrize("end", [evict, delete])
def test_a_pod_in_anothers_place_counts_as_a_restart(
    pods: Pods, end: Callable[[Object], None]
) -> None:
    canary, stable = figures(pods, CANARY), figures(pods, STABLE)
    pods.put(pod(CANARY, 1))
    assert canary.restarts == 0
    pods.change(FIRST, end)
    assert (stable.restarts, canary.restarts) == (0, 1)
    pods.drop(FIRST)
    assert (stable.restarts, canary.restarts) == (0, 1)


def test_a_pod_on_its_way_out_when_the_window_begins_is_no_restart(pods: Pods) -> None:
    pods.put(pod(STABLE, 2))
    pods.change("app-stable-77-2", delete)
    stable = figures(pods, STABLE)
    pods.drop("app-stable-77-2")
    assert stable.restarts == 0


def test_readiness_that_is_lost_counts_each_time(pods: Pods) -> None:
    canary, stable = figures(pods, CANARY), figures(pods, STABLE)
    for _ in range(2):
        pods.change(FIRST, unready)
        pods.put(pod(CANARY, 0))
    assert (stable.unready, canary.unready) == (0, 2)


def test_a_pod_that_is_not_ready_any_more_is_away_until_it_is(pods: Pods) -> None:
    canary, stable = figures(pods, CANARY), figures(pods, STABLE)
    pods.change(FIRST, unready)
    late = figures(pods, CANARY)
    for seconds in (4.0, 8.0):
        assert canary.away == 0, "a probe may once be late"
        for each in (canary, stable, late):
            each.measure(seconds)
    assert (stable.away, canary.away) == (0, 1)
    assert late.away == 0, "it was not ready at first"
    pods.put(pod(CANARY, 0))
    canary.measure(12.0)
    assert (canary.away, canary.unready) == (0, 1)
    # What takes its place is a restart.
    pods.change(FIRST, unready)
    canary.measure(16.0)
    canary.measure(20.0)
    assert canary.away == 1
    pods.change(FIRST, delete)
    assert canary.away == 0


def test_readiness_that_comes_and_goes_between_two_looks_is_lost_too(pods: Pods) -> None:
    canary = figures(pods, CANARY)
    pods.change(FIRST, ready_from(READY + datetime.timedelta(seconds=9)))
    assert canary.unready == 1


def test_what_lost_its_readiness_before_or_was_not_ready_then_does_not_count(pods: Pods) -> None:
    pods.change(FIRST, unready)
    pods.clock.sleep(1)
    canary = figures(pods, CANARY)
    pods.put(pod(CANARY, 0))
    assert canary.unready == 0
    pods.change("app-stable-77-1", delete)
    assert figures(pods, STABLE).unready == 0


def test_as_old_as_a_version_is_its_youngest_pod(pods: Pods) -> None:
    stable = figures(pods, STABLE)
    assert stable.age == 60
    pods.change("app-stable-77-1", ready_from(READY + datetime.timedelta(seconds=50)))
    assert stable.age == 10
    # The node's clock may be ahead of the API server's.
    pods.change("app-stable-77-1", ready_from(READY + datetime.timedelta(seconds=61)))
    assert stable.age == 0


@pytest.mark.parametrize("end", [evict, delete])
def test_pods_that_have_ended_or_go_are_none_of_it(
    pods: Pods, end: Callable[[Object], None]
) -> None:
    stable = figures(pods, STABLE)
    pods.change("app-stable-77-1", end)
    assert stable.pods == 1


def test_a_version_with_no_ready_pod_has_no_age_and_counts_as_one_pod(pods: Pods) -> None:
    canary = figures(pods, CANARY)
    pods.change(FIRST, unready)
    assert (canary.age, canary.pods) == (0, 1)
    pods.drop(FIRST)
    assert (canary.age, canary.pods) == (0, 1)


# What their pages tell.


def test_counters_of_things_gone_wrong_are_added_up_over_the_pods(pods: Pods) -> None:
    for name in pods.names:
        pods.show(name, failed(5))
    both = figures(pods, STABLE), figures(pods, CANARY)
    for name in pods.names:
        pods.show(name, failed(7))
    for each in both:
        each.measure(1.0)
    stable, canary = both
    assert stable.counters == {"jobs_failed_total": [4.0]}
    assert canary.counters == {"jobs_failed_total": [2.0]}


def test_counters_are_told_reading_by_reading(pods: Pods) -> None:
    pods.show(FIRST, failed(5))
    canary = figures(pods, CANARY)
    assert canary.counters == {}, "one page says nothing of growth"
    for moment, count in enumerate([5, 8, 9], start=1):
        pods.show(FIRST, failed(count))
        canary.measure(float(moment))
    pods.change(FIRST, restarted(1))
    pods.show(FIRST, failed(2))
    canary.measure(4.0)
    assert canary.counters == {"jobs_failed_total": [0.0, 3.0, 1.0, 2.0]}
    assert canary.read_at == 4
    assert not canary.several_processes


def test_a_container_that_was_restarted_is_one_process_after_the_other(pods: Pods) -> None:
    pods.show(FIRST, failed(40), started(1.7e9))
    canary = figures(pods, CANARY)
    pods.change(FIRST, restarted(1))
    pods.show(FIRST, failed(0), started(1.7e9 + 60))
    canary.measure(1.0)
    assert (canary.several_processes, canary.counters) == (False, {"jobs_failed_total": [0.0]})


@pytest.mark.parametrize(
    "workers",
    [
        # First the one that has counted less: "grown by 40" is nobody's growth.
        [(failed(3), started(1.7e9 + 0.01)), (failed(43), started(1.7e9))],
        # Some libraries tell the start to the second, or not at all.
        [(failed(43), started(1.7e9)), (failed(3), started(1.7e9))],
        [(failed(43),), (failed(3),)],
    ],
)
def test_several_processes_behind_one_page_are_known(
    pods: Pods, workers: list[tuple[str, ...]]
) -> None:
    """Any of a server's workers answers, each with counters of its own."""
    pods.show(FIRST, *workers[0])
    canary = figures(pods, CANARY)
    known = [canary.several_processes]
    pods.show(FIRST, *workers[1])
    for moment in (1.0, 2.0):
        canary.measure(moment)
        known.append(canary.several_processes)
    assert known == [False, True, True]


def test_a_page_that_did_not_come_leaves_the_readings_in_their_places(pods: Pods) -> None:
    """They are paired with the other version's, one by one."""
    pods.show(FIRST, failed(0))
    canary = figures(pods, CANARY)
    for moment, count in enumerate([1, None, 5, 7], start=1):
        pods.pages.clear()
        if count is not None:
            pods.show(FIRST, failed(count))
        canary.measure(float(moment))
    assert canary.counters == {"jobs_failed_total": [1.0, 0.0, 4.0, 2.0]}


def test_a_counter_that_comes_later_was_nothing_before(pods: Pods) -> None:
    pods.show(FIRST, resident(40))
    canary = figures(pods, CANARY)
    canary.measure(1.0)
    pods.show(FIRST, resident(40), failed(3))
    canary.measure(2.0)
    assert canary.counters == {"jobs_failed_total": [0.0, 3.0]}


def test_a_page_that_comes_no_more_was_read_when_it_came(pods: Pods) -> None:
    for name in pods.names:
        pods.show(name, failed(5))
    stable = figures(pods, STABLE)
    stable.measure(1.0)
    pods.pages.pop("/app-stable-77-1/metrics")
    stable.measure(2.0)
    assert stable.read_at == 1
    assert stable.counters == {"jobs_failed_total": [0.0, 0.0]}


def test_a_pod_that_is_gone_does_not_keep_the_others_back(pods: Pods) -> None:
    for name in pods.names:
        pods.show(name, failed(5))
    stable = figures(pods, STABLE)
    pods.drop("app-stable-77-1")
    stable.measure(9.0)
    assert stable.read_at == 9


def test_no_page_of_metrics_is_none_and_not_nothing(pods: Pods) -> None:
    pods.show("app-stable-77-0", failed(5))
    pods.pages[f"/{FIRST}/metrics"] = "<html>not found</html>"
    stable, canary = figures(pods, STABLE), figures(pods, CANARY)
    stable.measure(1.0)
    assert stable.counters == {"jobs_failed_total": [0.0]}
    assert (canary.counters, canary.read_at) == (None, 0)


def test_a_pod_that_is_not_ready_is_not_asked(pods: Pods) -> None:
    for name in pods.names:
        pods.show(name, failed(1))
    pods.change(FIRST, unready)
    assert figures(pods, CANARY).counters is None


def test_a_pod_whose_port_nobody_knows_is_not_asked(pods: Pods) -> None:
    def port(_: str) -> int:
        raise ReleaseError("the Service does not know it")

    pods.show(FIRST, failed(1))
    assert figures(pods, CANARY, port).counters is None


def test_metrics_are_asked_for_once_and_nowhere_else(pods: Pods) -> None:
    """A redirect would take the API server's token along."""
    for name in pods.names:
        pods.show(name, failed(5))
    pods.show("elsewhere", failed(5))
    pods.pages[f"/{FIRST}/metrics"] = ELSEWHERE
    assert figures(pods, STABLE).counters == {}
    assert figures(pods, CANARY).counters is None


def test_metrics_that_drip_are_no_page_of_metrics(pods: Pods) -> None:
    for name in pods.names:
        pods.show(name, failed(5))
    pods.pages[f"/{FIRST}/metrics"] = DRIPPING
    assert figures(pods, STABLE).counters == {}
    # Nothing else ends it; and a page that is whole may take its time on a busy machine.
    assert figures(pods, CANARY, deadlines={"request": 0.2}).counters is None
