"""An update without a canary: the baseline is asked, then the candidate takes its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_canary.context import migrating
from pytest_canary.context.outcomes import CanaryOutcome, MigrationOutcome, UpdateOutcome
from pytest_canary.manifests.version import STABLE

if TYPE_CHECKING:
    from pytest_canary.context.context import Context


def migrate(context: Context) -> None:
    """Migrate; where the candidate's pods do as they come, by the update itself."""
    context.comparing.keep_baseline(context.waiter)
    began = context.app.traffic.now() if context.app.has_traffic else None
    context.journal.keep(CanaryOutcome(began, len(context.journal.writes.acknowledged)))
    if context.plan.migrates_along:
        update(context)
    elif context.plan.migrates:
        migrating.migrate_first(context)
    else:
        context.journal.keep(MigrationOutcome())


def update_once(context: Context) -> None:
    """Update, unless that has brought the migration already."""
    if context.journal.find(UpdateOutcome) is None:
        update(context)


def update(context: Context) -> None:
    """Let the candidate take the baseline's place, and learn what it calls itself."""
    context.journal.keep(UpdateOutcome(context.observer.now()))
    migrating.update(context)
    context.learn_version("candidate", STABLE)
