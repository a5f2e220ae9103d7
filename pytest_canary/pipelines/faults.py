"""What is wrong with a pipeline file, as a fault of that file."""

from __future__ import annotations

from pytest_canary.core.wording import size
from pytest_canary.manifests.composing import UnreadableError
from pytest_canary.manifests.documents import LARGEST, Fault, Source, place_text
from pytest_canary.pipelines.shapes import Misfit
from pytest_canary.pipelines.values import Values

MALFORMED, MISSING = "malformed-pipeline", "missing-pipeline"
"""The rules: what a service refuses a pipeline for, and a promotion that leads nowhere."""

UNDESCRIBED, UNPROVIDED = "undescribed-secret", "unprovided-variable"
"""What a job is given, where nothing says what that is; and what it uses and nothing gives."""

MISSPELT = "misspelt-cache"
"""An image that nobody makes."""

MANUAL, UNEQUIPPED = "manual-rollback", "unequipped-rollback"
"""A rollback that waits for somebody, or that can't do its work."""

UNREACHABLE, MISLEADING = "unreachable-condition", "misleading-condition"
"""A condition that never holds, or for other cases than it seems to."""


def misfit_fault(
    misfit: Misfit,
    source: Source,
    values: Values,
    *,
    whole: str = "the pipeline",
    rule: str = MALFORMED,
) -> Fault:
    """What does not fit, with the line of its file, which is called as `whole` says."""
    sentence = f"{place_text(misfit.place) or whole}: {misfit.problem}"
    fix = "Semaphore refuses the whole pipeline until that is mended"
    return Fault(source, values.line(misfit.place), sentence, fix, rule)


def unreadable(source: Source, error: UnreadableError | None = None) -> Fault:
    """Why a file can't be read: that it is too large, where nothing else is said."""
    if error is None:
        problem, line = f"it has more than {size(LARGEST)}", 1
    else:
        problem, line = f"not valid YAML: {error.why}", error.line + 1
    return Fault(source, line, problem, "write a pipeline that Semaphore can read", MALFORMED)
