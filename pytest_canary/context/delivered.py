"""What is told of the project's own pipelines, once they have made a transition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_canary.core.errors import NotApplicable
from pytest_canary.core.findings import Finding
from pytest_canary.core.wording import plural

if TYPE_CHECKING:
    from pytest_canary.context.journal import Journal
    from pytest_canary.delivery.project_pipelines import Delivered
    from pytest_canary.pipelines.roles import Role


def tell_of_pipeline(journal: Journal, stage: str, role: Role) -> None:
    """Say what a pipeline has run, and what is wrong with that beside whether it has passed.

    Raises:
        FoundError: a job has called what a rehearsal does not run, or what else is an error.
        NotApplicable: it was not run.
    """
    from pytest_canary.jobs.findings import findings

    done = [each for each in journal.pipelines if each.role == role]
    if not done:
        raise NotApplicable("it was not run")
    last = done[-1]
    skipped = [each.name for each in last.result.blocks if each.end.reason == "skipped"]
    count = sum(len(block.jobs) for block in last.result.blocks)
    without = f", without {' and '.join(skipped)}" if skipped else ""
    journal.note(stage, f"{last.file}: {plural(count, 'job')}{without}")
    journal.tell(stage, findings(last.result))


def tell_of_rollback(journal: Journal) -> None:
    """Say where a pipeline has failed and no rollback starts by itself.

    Raises:
        FoundError: so it is, and the settings take that for an error.
        NotApplicable: none has failed.
    """
    failed = [each for each in journal.pipelines if each.role != "rollback" and not each.passed]
    if not failed:
        raise NotApplicable("no pipeline has failed: what was found is found by the rehearsal")
    if not failed[-1].starts_rollback:
        journal.tell("rollback", [_by_hand(failed[-1])])


def _by_hand(failed: Delivered) -> Finding:
    return Finding(
        "manual-rollback",
        f"pipeline {failed.result.name} has failed, and no rollback starts by itself: nothing is "
        "taken back until somebody is there",
        failed.file,
        next="give its promotion to the rollback auto_promote: {when: \"result = 'failed'\"}",
    )
