"""What is told of the project's own pipelines, once they have made a transition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_canary.core.errors import NotApplicable
from pytest_canary.core.findings import Finding
from pytest_canary.core.wording import plural
from pytest_canary.k8s.objects import images
from pytest_canary.manifests.version import STABLE
from pytest_canary.pipelines.faults import MANUAL

if TYPE_CHECKING:
    from pytest_canary.context.context import Context
    from pytest_canary.context.journal import Journal
    from pytest_canary.delivery.delivered import Delivered
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


def tell_what_stays_live(context: Context) -> None:
    """Say where the rollback pipeline leaves stable with something else than the last good version.

    Raises:
        FoundError: so it is, and the settings take that for an error.
    """
    done = [each for each in context.journal.pipelines if each.role == "rollback"]
    stable = context.namespace.deployment(context.release.name(STABLE))
    named = images(stable["spec"]["template"]) if stable else ()
    if not done or context.baseline.image in named:
        return
    runs = f"runs {', '.join(named)}" if stable else "is gone"
    finding = Finding(
        "incomplete-rollback",
        "the rollback pipeline does not bring the last good version back: after it, "
        f"{context.release.name(STABLE)} {runs}, and the rehearsal itself puts "
        f"{context.baseline.image} back",
        done[-1].file,
        next="let it put the last good image back too, as `kubectl rollout undo` does, or let the "
        "pipeline that promotes do so where it fails",
    )
    context.journal.tell("rollback", [finding])


def _by_hand(failed: Delivered) -> Finding:
    return Finding(
        MANUAL,
        f"pipeline {failed.result.name} has failed, and no rollback starts by itself: nothing is "
        "taken back until somebody is there",
        failed.file,
        next=failed.automatic,
    )
