"""A migration that comes with a version's own pods, each of which has a go at it."""

from __future__ import annotations

from fakes.objects import Object
from fakes.world import NewWorld
from fakes.world_settings import INIT


def test_of_several_pods_the_first_is_told_to_have_migrated(new_world: NewWorld) -> None:
    world = new_world(**INIT)
    numbers = iter(range(9, 0, -1))
    usual = world.namespace.controllers.starts

    def starts(pod: Object) -> Object:
        made, number = usual(pod), next(numbers)
        world.namespace.said[made["metadata"]["name"]] = f"it ended at {number}"
        (status,) = made["status"]["initContainerStatuses"]
        status["state"]["terminated"]["finishedAt"] = f"2026-01-01T00:00:0{number}Z"
        return made

    world.namespace.controllers.starts = starts
    world.enter("baseline")
    assert world.journal.migrations["baseline"].migrate.output == "it ended at 7"
