"""Whether a release may be promoted: by result, branch and tag, as Semaphore's promotions do."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_canary.config.revision import Revision
from pytest_canary.config.settings import PromotionSettings


@dataclass(frozen=True)
class Promotion:
    """The answer, and why."""

    allowed: bool
    why: str
    revision: Revision

    @property
    def sentence(self) -> str:
        """As the run's end tells it."""
        verb = "would be allowed" if self.allowed else "would not be allowed"
        return f"the real promotion {verb}: {self.why}"


def promotion(*, passed: bool, revision: Revision, condition: PromotionSettings) -> Promotion:
    """Decide: it passed, and its branch is listed or its tag matches a pattern."""
    if not passed:
        return Promotion(False, "the rehearsal did not pass", revision)
    if not revision.pull_request:
        if revision.branch in condition.branches:
            return Promotion(True, f"it passed, on branch {revision.branch}", revision)
        for tag in revision.tags:
            for pattern in condition.tags:
                if re.search(pattern, tag):
                    return Promotion(True, f"it passed, and tag {tag} matches {pattern}", revision)
    wanted = [f"branch {' or '.join(condition.branches)}"] if condition.branches else []
    wanted += [f"a tag that matches {' or '.join(condition.tags)}"] if condition.tags else []
    needs = " or ".join(wanted) or "nothing that could ever be, as promotion allows none"
    why = f"it passed on {revision.text} ({revision.origin}), and needs {needs}"
    return Promotion(False, why, revision)
