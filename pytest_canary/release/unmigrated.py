"""An app that gets ready only after its migration, where that waits for the app: told as such."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pytest_canary.config.migration_settings import By
from pytest_canary.core.errors import CanaryError, FoundError
from pytest_canary.core.findings import Finding
from pytest_canary.core.wording import cut
from pytest_canary.database.error_words import LACKS_SCHEMA

# What apps, ORMs and databases of any make say of a schema that has not been migrated.
_LACKS = re.compile(
    rf"{LACKS_SCHEMA}|table \S+ (?:does not|doesn't) exist|no such (?:table|column)"
    r"|(?:pending|unapplied|outstanding) migrations?|migrations? (?:is|are) (?:pending|needed)"
    r"|(?:wait\w*|run|running) (?:for |the )?(?:\w+ )?migrat"
    r"|schema (?:is )?(?:out of date|not up to date|behind)",
    re.IGNORECASE,
)

# Letters of a line that are shown.
_WIDTH = 200

_WAYS_OUT: dict[By, str] = {
    "exec": "let it get ready on the schema that is there; or let a Job migrate before it comes, "
    "named by migration.job, with migration.first = true; where an init container or the app "
    "itself migrates, say so in migration.by",
    "job": "set migration.first = true, and the Job runs before there is a pod",
}


def explain_unmigrated(
    error: CanaryError, deployment: str, logs: Iterable[str], way: By
) -> CanaryError:
    """The error to raise where a version has not got ready before its migration.

    Args:
        error: why the wait for it has ended.
        deployment: its Deployment's name.
        logs: what those of its pods have logged that are not ready.
        way: what migrates.

    Returns:
        The error that is given, where nothing says that it lacks its migration.
    """
    lines = [line for text in (*logs, str(error)) for line in text.splitlines()]
    told = next((line.strip() for line in lines if _LACKS.search(line)), "")
    if not told:
        return error
    finding = Finding(
        "WaitsForMigration",
        f'{deployment} gets ready only after its migration: "{cut(told, _WIDTH)}"; and that is '
        "made once it is ready, so each would wait for the other",
        where=f"Deployment {deployment}",
        next=_WAYS_OUT[way],
    )
    others = error.findings if isinstance(error, FoundError) else ()
    more = "" if others else str(error)
    return FoundError([finding, *others], more)
