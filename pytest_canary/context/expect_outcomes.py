"""What stages and a team's own tests assert of what came of a stage, as the journal has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_canary.context.expectations import expect_migrated, expect_no_findings
from pytest_canary.context.outcomes import MigrationOutcome, VerdictOutcome
from pytest_canary.core.errors import NotApplicable, ReleaseError
from pytest_canary.database.lock_findings import expect_patience

if TYPE_CHECKING:
    from pytest_canary.analysis.verdict import Verdict
    from pytest_canary.context.context import Context
    from pytest_canary.release.migration import Migrated


def _migration_of(context: Context) -> Migrated:
    found = context.journal.outcome(MigrationOutcome).migrated
    if found is None:
        raise ReleaseError(
            "the candidate has migrated nothing, so nothing is known of its migration; see "
            "commands.migrate, and the checks of stage migration"
        )
    return found


def migrated_schema(context: Context) -> None:
    """The schema is the one that the candidate's migrations make on an empty database.

    Raises:
        FoundError: it is another; with what is different.
        ReleaseError: there was no migration.
    """
    expect_migrated(_migration_of(context))


def nobody_waited(context: Context) -> float:
    """The candidate's migration kept nobody waiting for longer than database.lock-limit.

    Returns:
        The longest wait seen, in seconds.

    Raises:
        FoundError: it did; with the statement that held the lock.
        ReleaseError: there was no migration, or nobody knows how long its locks were held.
    """
    return expect_patience(_migration_of(context).locks, context.settings.database.lock_limit)


def verdict(context: Context) -> Verdict:
    """The verdict, whatever it says.

    Raises:
        ReleaseError: there is none.
        NotApplicable: nobody could tell the two versions apart.
    """
    outcome = context.journal.outcome(VerdictOutcome)
    if outcome.absent:
        raise NotApplicable(outcome.absent)
    if outcome.verdict is None:
        raise ReleaseError("there is no verdict, which is no go; see the check before")
    return outcome.verdict


def go(context: Context) -> None:
    """The verdict is go.

    Raises:
        FoundError: it is not; with why.
        ReleaseError: there is none.
        NotApplicable: nobody could tell the two versions apart.
    """
    finding = verdict(context).finding
    expect_no_findings([finding] if finding else [])
