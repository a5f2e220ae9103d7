"""What a release presupposes, put there before it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fakes.world import NewWorld


def test_what_a_presupposed_secret_holds_is_masked_from_then_on(
    new_world: NewWorld, tmp_path: Path
) -> None:
    world = new_world()
    world.script("kubectl", "#!/bin/sh\nexit 0\n")
    file = tmp_path / "secret.yml"
    file.write_text(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: queue}\n"
        "stringData: {QUEUE_PASSWORD: open-sesame}\n"
    )
    world.namespace.delete_deployment("db")
    plan = world.rehearsal.plan
    files = replace(plan.settings.files, prerequisites=(file,))
    world.begin_again(replace(plan, settings=plan.settings.model_copy(update={"files": files})))
    redactor = world.rehearsal.workspace.processes.redactor
    assert redactor.mask("open-sesame") == "open-sesame"
    world.enter("cluster")
    assert redactor.mask("refused: open-sesame") == "refused: ********"
