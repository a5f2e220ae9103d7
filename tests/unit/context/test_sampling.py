"""Who gets new connections through the Service, and who is to tell."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes.engine import IMAGES
from fakes.world import NewWorld, World
from fakes.world_settings import NO_HEADER

from pytest_canary.context.following import KUBE_PROXY
from pytest_canary.context.sampling import name_of, sample
from pytest_canary.core.errors import ReleaseError

BOTH = ("baseline", "candidate")


def test_a_header_tells_what_each_version_calls_itself(world: World) -> None:
    context = world.enter("canary").context
    assert sample(context, *BOTH, connections=30) == {"1": 20, "2": 10}
    assert [name_of(context, title) for title in BOTH] == ["1", "2"]


def test_without_a_header_the_node_tells_the_tracks(new_world: NewWorld) -> None:
    """Whichever their images are: both may be the same."""
    world = new_world(**NO_HEADER).enter("canary")
    context, image = world.context, IMAGES["baseline"]
    world.change_pod("canary", lambda it: it["spec"]["containers"][0].update(image=image))
    assert sample(context, *BOTH, connections=30) == {"baseline": 20, "candidate": 10}
    assert [name_of(context, title) for title in BOTH] == [*BOTH]


def test_where_one_is_asked_for_others_are_told_by_their_pods(new_world: NewWorld) -> None:
    world = new_world(**NO_HEADER).enter("canary")
    (first,) = world.pods("canary")
    assert sample(world.context, "baseline", connections=30) == {"baseline": 20, f"pod {first}": 10}


def test_in_somebody_elses_cluster_nobody_tells_without_a_header(new_world: NewWorld) -> None:
    world = new_world(**NO_HEADER).enter("canary")
    theirs = replace(world.context, provisioned=replace(world.context.provisioned, cluster=None))
    with pytest.raises(ReleaseError) as failure:
        sample(theirs, *BOTH)
    assert failure.value.sentence == (
        "which version answers can't be told: no api.version-header is set; set it, where the app "
        "has one"
    )


def test_a_node_that_leads_where_the_endpoints_say_is_waited_for_no_longer(world: World) -> None:
    context = world.enter("canary").context
    began = world.clock.time
    sample(context, *BOTH, connections=20)
    assert world.clock.time - began < 1


def test_a_node_that_still_leads_elsewhere_is_waited_for(world: World) -> None:
    """Answers by both don't show it: a pod that is gone may have a third of all connections."""
    context = world.enter("canary").context
    world.network.led = lambda found: found | {"10.244.0.99:3000"}
    began = world.clock.time
    sample(context, *BOTH, connections=20)
    assert world.clock.time - began >= KUBE_PROXY, "and then whoever gets connections is counted"


@pytest.mark.parametrize("theirs", [True, False])
def test_where_no_node_tells_the_endpoints_have_to_be_quiet(world: World, theirs: bool) -> None:
    context = world.enter("canary").context
    if theirs:
        context = replace(context, provisioned=replace(context.provisioned, cluster=None))
    else:
        world.network.led = lambda found: set()
    began = world.clock.time
    sample(context, *BOTH, connections=20)
    assert 1 < world.clock.time - began < KUBE_PROXY
