"""The static check of a walk runs nothing that the run does not know."""

import shutil

from fakes.world import NewWorld


def test_what_the_preflight_asks_git_is_a_command_of_the_runs(new_world: NewWorld) -> None:
    git = shutil.which("git")
    world = new_world(revision=True, empty=True)
    # What takes less than a hundredth of a second is not written down.
    world.script("git", f'#!/bin/sh\nsleep 0.05\nexec {git} "$@"\n')
    world.rehearsal.enter("preflight")
    measured = {(each.kind, each.name) for each in world.journal.timeline.activities}
    assert ("command", "git") in measured
