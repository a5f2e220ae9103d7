"""What the cluster leads to a pod that is on its way out is told, and fails no release."""

from __future__ import annotations

import math
import re

import pytest
from fakes import app
from fakes.objects import terminating
from fakes.traffic import until
from fakes.world import NewWorld, World
from fakes.world_settings import LOADED
from unit.traffic.test_exchange import exchange

from pytest_canary.context.late_endpoints import Leave, lost_by_late_endpoints, told_to_end_about
from pytest_canary.core.errors import FoundError
from pytest_canary.stages import stable
from pytest_canary.traffic.exchange import Exchange, Kind


def loses(world: World, seconds: float, pod: str) -> None:
    """Let requests be lost so long after a pod was told to end; it is led to until they are."""
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
    world.namespace.drop("Pod", pod)
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
        r"the cluster led connections for 4\.\d s to a pod that had been told to end, and "
        r"\d requests went along with it: (GET|PUT) ",
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
    lost = exchange(Kind.RESET, due=13.0)
    late = Leave("web-1", began=10, led=14, ended=15)
    assert lost_by_late_endpoints(world.context, [lost], [late]) == [lost]
    world.namespace.edit(
        "Service", name, lambda it: it | {"spec": it["spec"] | {"publishNotReadyAddresses": True}}
    )
    assert lost_by_late_endpoints(world.context, [lost], [late]) == []


LATE = Leave("web-1", began=10, led=14, ended=15)
STILL = Leave("web-1", began=10, led=math.inf, ended=math.inf)
PROMPT = Leave("web-2", began=10, led=10.1, ended=15)


@pytest.mark.parametrize(
    ("lost", "pods", "own"),
    [
        (exchange(Kind.RESET, due=12.1), [LATE], True),
        (exchange(Kind.TIMEOUT, due=15.5), [LATE], True),
        (exchange(Kind.RESET, due=500), [STILL], True),
        # It came when an app has to serve on, and was cut later.
        (exchange(Kind.CUT, due=11.9, seconds=2), [LATE], False),
        (exchange(Kind.RESET, due=15.6), [LATE], False),
        (exchange(Kind.RESET, due=9), [LATE], False),
        # Somebody has answered it, or has taken it and said so.
        (exchange(Kind.RESET, due=13, version="2"), [LATE], False),
        (exchange(Kind.SERVER_ERROR, due=13, status=503), [LATE], False),
        # Another pod may have lost it, which was led to no longer than it has to be.
        (exchange(Kind.RESET, due=13), [PROMPT], False),
        (exchange(Kind.RESET, due=13), [LATE, PROMPT], True),
        (exchange(Kind.RESET, due=13), [LATE, Leave("web-3", 12, 12.1, 18)], False),
        (exchange(Kind.RESET, due=13), [LATE, Leave("web-3", 12, 18, 19)], False),
        (exchange(Kind.RESET, due=15.2), [LATE, Leave("web-3", 12, 18, 19)], True),
    ],
)
def test_whose_a_lost_request_is(
    new_world: NewWorld, lost: Exchange, pods: list[Leave], own: bool
) -> None:
    context = new_world(**LOADED).enter("cluster").context
    assert lost_by_late_endpoints(context, [lost], pods) == [lost] * own


def test_pods_are_told_that_ended_about_then() -> None:
    lost = exchange(Kind.RESET, due=12.0, seconds=0.5)
    other = Leave("web-3", began=20, led=20.1, ended=25)
    over = Leave("web-0", began=1, led=1.1, ended=6)
    assert told_to_end_about([over, LATE, other], [lost]) == [
        "pod web-1 was told to end 10.000 s after the start; the Service led connections to it "
        "for another 4.000 s, and it had ended 5.000 s later"
    ]
    assert told_to_end_about([STILL], [lost]) == [
        "pod web-1 was told to end 10.000 s after the start; the Service led connections to it "
        "still, and it had not ended"
    ]
