"""Pods of the candidate that have to be killed; others' are not its matter."""

from fakes.world import World

from pytest_canary.k8s.terminations import Killed
from pytest_canary.release.terminations import unheeded_sigterm


def test_only_the_versions_own_containers_are_told(world: World) -> None:
    candidate, baseline = world.version("candidate"), world.version("baseline")
    one = Killed("canary-1", "app", candidate.image, 30)
    two = Killed("canary-2", "app", candidate.image, 31)
    others = [
        Killed("stable-1", "app", baseline.image, 30),
        Killed("canary-1", "proxy", "proxy:1", 30),
    ]
    assert unheeded_sigterm(others, candidate) == []
    (told,) = unheeded_sigterm([*others, one, two], candidate)
    assert told.sentence.startswith("the candidate's pods don't end when they are told to")
    assert "they are killed 31 s later" in told.sentence
    assert told.where == "pod canary-1, container app"
    assert told.seen.startswith("2 pods killed")
    assert told.likely.startswith("nothing in the container handles SIGTERM")


def test_a_pod_that_has_little_time_to_end_may_need_more(world: World) -> None:
    candidate = world.version("candidate")
    (told,) = unheeded_sigterm([Killed("canary-1", "app", candidate.image, 1)], candidate)
    assert told.likely.startswith("1 s may be too short for it, as it serves on or finishes what")
    assert told.next.startswith("give it more time in terminationGracePeriodSeconds; or handle")
