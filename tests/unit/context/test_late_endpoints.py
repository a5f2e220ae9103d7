"""What the cluster leads to a pod that is on its way out is told, and fails no release."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from fakes import app, objects
from fakes.objects import terminating
from fakes.traffic import until
from fakes.world import NewWorld, World
from fakes.world_settings import LOADED
from unit.traffic.test_exchange import exchange

from pytest_canary.context.late_endpoints import (
    Leave,
    describe_events,
    leaves,
    lost_by_late_endpoints,
)
from pytest_canary.core.errors import FoundError
from pytest_canary.k8s.history import Ending
from pytest_canary.k8s.led import Stay
from pytest_canary.stages import stable
from pytest_canary.traffic.exchange import Exchange, Kind


def looked_at(endings: list[Ending], stays: list[Stay], sent: Sequence[Exchange] = ()) -> Any:
    """A context whose observer knows these, and whose traffic, which sent these, began 30 s before.

    Args:
        endings: of pods.
        stays: of pods behind the Service.
        sent: the requests of its traffic, as far as they matter.
    """
    snapshot = SimpleNamespace(services={})
    return SimpleNamespace(
        settings=SimpleNamespace(service_name="lb"),
        app=SimpleNamespace(
            traffic=SimpleNamespace(
                now=lambda: 50.0,
                exchanges=lambda begin, end: [each for each in sent if begin <= each.due < end],
            )
        ),
        observer=SimpleNamespace(
            endings=endings,
            now=lambda: 20.0,
            stays={"lb": stays}.__getitem__,
            snapshot=lambda: snapshot,
        ),
    )


def loses(world: World, seconds: float, pod: str, *, led: bool = False) -> None:
    """Let requests be lost so long after a pod was told to end; it is led to until they are.

    Args:
        led: whether it still is when they are.
    """
    traffic = world.context.app.traffic
    world.clock.time += 60  # since pods stopped in the promotion
    begun, lost = traffic.now(), traffic.lost
    world.namespace.controllers.late = True
    world.namespace.edit("Pod", pod, terminating)
    world.clock.time += seconds
    world.app.faults = [app.breaks_the_connection]
    until(lambda: traffic.lost >= lost + 3)
    world.app.faults = []
    until(lambda: not traffic.since(begun).in_flight)
    # The walk's clock stands still unless somebody sleeps.
    world.clock.time += traffic.now() - begun
    world.namespace.controllers.late = False
    world.namespace.controllers.written = f"2026-01-01T00:01:{int(seconds):02}Z"
    world.namespace.drop("Pod", pod)
    if not led:
        world.namespace.controllers.connect()


def test_it_is_told_and_fails_nothing(new_world: NewWorld) -> None:
    world = new_world(**LOADED).enter("stable")
    pod = world.pods("stable")[0]
    loses(world, 4, pod)
    world.check("stable", stable.no_request_is_lost)
    note, warned = world.journal.line("stable")[-2:]
    assert re.fullmatch(r"[0-9,]+ requests, [1-9][0-9]* lost", note)
    assert warned == "1 warning: late-endpoints"
    (told,) = world.journal.warnings
    assert re.match(
        r"the cluster went on sending connections to a pod for [456] s after the pod had been told "
        r"to end, and \d+ requests were lost that way: (GET|PUT) ",
        told.finding.sentence,
    )
    assert told.finding.evidence.startswith(f"pod {pod} was told to end ")
    # Later checks look at all that was lost so far, and it is told once.
    stable.no_request_is_lost(world.context)
    assert world.journal.warnings == [told]


@pytest.mark.parametrize(
    ("seconds", "table"), [(0, {}), (4, {"findings": {"late-endpoints": {"level": "error"}}})]
)
def test_what_an_app_has_to_answer_fails_and_so_does_what_must_not_be(
    new_world: NewWorld, seconds: float, table: dict[str, object]
) -> None:
    world = new_world(**LOADED, **table).enter("stable")
    pod = world.pods("stable")[0]
    loses(world, seconds, pod)
    with pytest.raises(FoundError) as failure:
        world.check("stable", stable.no_request_is_lost)
    (found,) = failure.value.findings
    assert found.code == ("late-endpoints" if table else "RequestsLost")
    assert f"pod {pod} was told to end " in found.evidence
    assert world.journal.warnings == []


def test_a_service_that_asks_for_pods_that_are_not_ready_is_not_late(new_world: NewWorld) -> None:
    world = new_world(**LOADED).enter("stable")
    name = world.settings.service_name
    lost = exchange(Kind.RESET, due=1e6)
    late = Leave("web-1", began=1e6 - 3, led=1e6 + 1, ended=1e6 + 2, late=2)
    assert lost_by_late_endpoints(world.context, [lost], [late]) == [lost]
    world.namespace.edit(
        "Service", name, lambda it: it | {"spec": it["spec"] | {"publishNotReadyAddresses": True}}
    )
    assert lost_by_late_endpoints(world.context, [lost], [late]) == []


def test_what_a_pod_may_lose_that_is_led_to_for_the_first_time_is_the_releases(
    new_world: NewWorld,
) -> None:
    """Such as one that is ready before it listens."""
    world = new_world(**LOADED).enter("stable")
    context = world.context
    world.clock.time += 60
    world.namespace.put(objects.pod(world.namespace.deployment("addressbook-stable") or {}, 98))
    world.namespace.controllers.connect()
    joined = context.app.traffic.now()
    late = Leave("web-1", began=joined - 4, led=joined + 4, ended=joined + 5, late=6)

    def excused(due: float) -> bool:
        lost = exchange(Kind.REFUSED, due=joined + due, seconds=0.0)
        return bool(lost_by_late_endpoints(context, [lost], [late]))

    assert [excused(due) for due in (-1.0, 0.0, 1.0, 3.0)] == [True, False, False, True]


@pytest.mark.parametrize(
    ("ending", "stay", "late"),
    [
        (Ending("web-1", frozenset(), 10.0, told=100), Stay("web-1", 1, 14.0, 104), 2.0),
        # The watch of EndpointSlices was late, and not who writes them.
        (Ending("web-1", frozenset(), 10.0, told=100), Stay("web-1", 1, 40.0, 100), 0.0),
        (Ending("web-1", frozenset(), 10.0, told=100), Stay("web-1", 1, 40.0, 104), 3.0),
        # It may have been 2.01 s, as all times are cut.
        (Ending("web-1", frozenset(), 10.0, told=100), Stay("web-1", 1, 14.0, 103), 0.0),
        # That of pods was.
        (Ending("web-1", frozenset(), 13.5, told=100), Stay("web-1", 1, 14.0, 104), 0.0),
        # Nobody knows.
        (Ending("web-1", frozenset(), 10.0, told=100), Stay("web-1", 1), 0.0),
        (Ending("web-1", frozenset(), 10.0, told=100), Stay("web-1", 1, 14.0), 0.0),
        (Ending("web-1", frozenset(), 10.0), Stay("web-1", 1, 14.0, 104), 0.0),
        # It had left before.
        (Ending("web-1", frozenset(), 10.0, told=100), Stay("web-1", 1, 9.0, 99), None),
        (Ending("web-1", frozenset(), 10.0, told=100), Stay("web-1", 1, 9.8, 100), 0.0),
        (Ending("web-2", frozenset(), 10.0, told=100), Stay("web-1", 1, 14.0, 104), None),
    ],
)
def test_the_clusters_clock_has_to_say_so_too(
    ending: Ending, stay: Stay, late: float | None
) -> None:
    found = [(each.began, each.late) for each in leaves(looked_at([ending], [stay]))]
    assert found == ([] if late is None else [(ending.began + 30, late)])


@pytest.mark.parametrize(
    ("stay", "own"),
    [
        (Stay("web-2", -20, 300), True),
        # It had joined 1 s before.
        (Stay("web-2", -18, 300), False),
        # It joined while the request was on its way to somebody else.
        (Stay("web-2", -14.5, 300), True),
        # It lost its readiness.
        (Stay("web-2", -25, -17.5), False),
    ],
)
def test_whoever_comes_or_goes_by_itself_may_have_lost_it(stay: Stay, own: bool) -> None:
    lost = exchange(Kind.RESET, due=13, seconds=3.0)
    assert lost_by_late_endpoints(looked_at([], [stay]), [lost], [LATE]) == [lost] * own


def test_what_is_late_is_waited_for(new_world: NewWorld) -> None:
    """The Service still leads to the pod when its requests are asked for."""
    world = new_world(**LOADED).enter("stable")
    pod = world.pods("stable")[0]
    loses(world, 4, pod, led=True)
    world.act_after(1, world.namespace.controllers.connect)
    world.check("stable", stable.no_request_is_lost)
    assert [each.finding.code for each in world.journal.warnings] == ["late-endpoints"]


LATE = Leave("web-1", began=10, led=14, ended=15, late=2)
LASTING = Leave("web-1", began=10, led=14, ended=24, late=2)
ENDING = Ending("web-1", frozenset(), -20.0)
STILL = Leave("web-1", began=10, led=math.inf, ended=math.inf)
PROMPT = Leave("web-2", began=10, led=10.1, ended=15)


@pytest.mark.parametrize(
    ("lost", "pods", "own"),
    [
        (exchange(Kind.RESET, due=12.1), [LATE], True),
        (exchange(Kind.CLOSED, due=15.4), [LATE], True),
        # Whatever waits may wait for something else that holds up all.
        (exchange(Kind.TIMEOUT, due=13, seconds=10), [LATE], False),
        # It came when an app has to serve on, and was cut later.
        (exchange(Kind.CUT, due=11.9, seconds=2), [LATE], False),
        (exchange(Kind.RESET, due=15.6), [LATE], False),
        (exchange(Kind.RESET, due=9), [LATE], False),
        (exchange(Kind.RESET, due=500), [STILL], False),
        # Somebody has answered it, or has taken it and said so.
        (exchange(Kind.RESET, due=13, version="2"), [LATE], False),
        (exchange(Kind.SERVER_ERROR, due=13, status=503), [LATE], False),
        (exchange(Kind.CUT, due=13, status=200), [LATE], False),
        (exchange(Kind.CUT, due=13, pod="web-2"), [LATE], False),
        # Another pod may have lost it, which was led to no longer than it has to be.
        (exchange(Kind.RESET, due=13), [PROMPT], False),
        (exchange(Kind.RESET, due=13), [LATE, PROMPT], True),
        (exchange(Kind.RESET, due=13), [LATE, Leave("web-3", 12, 12.1, 18)], False),
        (exchange(Kind.RESET, due=13), [LATE, Leave("web-3", 12, math.inf, math.inf)], False),
        (exchange(Kind.RESET, due=13), [LATE, Leave("web-3", 12, 18, 19, late=4)], False),
        (exchange(Kind.RESET, due=15.2), [LATE, Leave("web-3", 12, 18, 19, late=4)], True),
    ],
)
def test_whose_a_lost_request_is(lost: Exchange, pods: list[Leave], own: bool) -> None:
    assert lost_by_late_endpoints(looked_at([], []), [lost], pods) == [lost] * own


def answer(due: float, pod: str = "", seconds: float = 0.5, unique: str = "") -> Exchange:
    return exchange(Kind.ANSWERED, due=due, pod=pod, seconds=seconds, unique=unique)


@pytest.mark.parametrize("kind", [Kind.TIMEOUT, Kind.CONNECT_TIMEOUT])
@pytest.mark.parametrize(
    ("pod", "others", "own"),
    [
        (LATE, [answer(14, "web-2"), answer(15, "web-3")], True),
        # One of them may have let it wait.
        (LATE, [answer(14, "web-2"), answer(15, "web-2")], False),
        # An app that does not say who answers.
        (LATE, [answer(14)], True),
        (LATE, [], False),
        # What one waits for, they all do: a lock, say.
        (LATE, [exchange(Kind.TIMEOUT, due=14.0, seconds=10.0)], False),
        (LATE, [answer(14, seconds=9.5)], False),
        # It may have come before the lock, or needs others.
        (LATE, [answer(13)], False),
        (LATE, [answer(14, unique="a person")], False),
        # The pod is there still, and had the time to answer.
        (LASTING, [answer(14)], False),
    ],
)
def test_what_waits_for_a_pod_that_is_gone_is_told_from_what_waits_for_all(
    kind: Kind, pod: Leave, others: list[Exchange], own: bool
) -> None:
    lost = exchange(kind, due=13.0, seconds=10.0)
    begun = replace(lost, status=200)
    stays = [Stay("web-1", -25, -16), Stay("web-2", -25), Stay("web-3", -25), Stay("web-4", -10)]
    context = looked_at([ENDING], stays, sent=[lost, *others])
    assert lost_by_late_endpoints(context, [lost, begun], [pod]) == [lost] * own


def test_what_was_sent_late_counts_from_then() -> None:
    """A machine on which the cluster is late is too busy for others too."""
    sent_late = exchange(Kind.RESET, due=11.9, lag=0.8, seconds=1.0)
    assert lost_by_late_endpoints(looked_at([], []), [sent_late], [LATE]) == [sent_late]


def test_pods_are_told_that_ended_about_then_or_came_or_went() -> None:
    lost = exchange(Kind.RESET, due=12.0, seconds=0.5)
    other = Leave("web-3", began=20, led=20.1, ended=25)
    over = Leave("web-0", began=1, led=1.1, ended=6)
    context = looked_at([], [Stay("web-4", -18.5), Stay("web-5", -30, -17.2), Stay("web-6", -12)])
    assert describe_events(context, [over, LATE, other], [lost]) == [
        "pod web-1 was told to end 10.0 s after the start; the Service led connections to it "
        "for another 4.0 s; it ended 5.0 s after it was told to",
        "pod web-4 joined the Service 11.5 s after the start",
        "pod web-5 left the Service 12.8 s after the start, and had not been told to end",
    ]
    assert describe_events(looked_at([], []), [STILL], [lost]) == [
        "pod web-1 was told to end 10.0 s after the start; the Service still leads connections to "
        "it; it has not ended yet"
    ]
