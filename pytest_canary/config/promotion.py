"""Whether a release may be promoted: by result, branch and tag, as Semaphore's promotions do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pytest_canary.conditions.errors import ConditionError
from pytest_canary.conditions.evaluation import evaluate
from pytest_canary.conditions.tree import REFS
from pytest_canary.config.promotion_condition import Alternative, alternatives
from pytest_canary.config.revision import Revision
from pytest_canary.config.settings import PromotionSettings
from pytest_canary.core.wording import cut

# Letters that are shown of a condition.
SHOWN = 200

PASSED = {"result": "passed", "result_reason": ""}


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
    """Decide: it passed, and the condition holds for its branch, or for one of its tags."""
    if not passed:
        return Promotion(False, "the rehearsal did not pass", revision)
    for ref in _refs(revision):
        for way in alternatives(condition):
            try:
                holds = evaluate(way.expression, ref.values | PASSED)
            except ConditionError as error:
                problem = f"it passed, and {way.key} can't be evaluated on {ref.text}: {error}"
                return Promotion(False, problem, revision)
            if holds:
                return Promotion(True, f"it passed, {_describe_met(way, ref)}", revision)
    why = f"it passed on {revision.text} ({revision.origin}), and needs {_needs(condition)}"
    return Promotion(False, why, revision)


@dataclass(frozen=True)
class _Ref:
    """One of what Semaphore would run a workflow on.

    Attributes:
        keyword: the one that has a value; those of the other kinds are empty.
        text: as a person calls it.
    """

    keyword: str
    value: str
    text: str

    @property
    def values(self) -> dict[str, str]:
        return dict.fromkeys(REFS, "") | {self.keyword: self.value}


def _refs(revision: Revision) -> Iterator[_Ref]:
    asks = revision.pull_request
    if asks:
        yield _Ref("pull_request", revision.pull_request_number or asks, asks)
        return
    if revision.branch:
        yield _Ref("branch", revision.branch, f"branch {revision.branch}")
    for tag in revision.tags:
        yield _Ref("tag", tag, f"tag {tag}")


def _describe_met(way: Alternative, ref: _Ref) -> str:
    """What holds, as it is told after "it passed, "."""
    if way.key == "promotion.branches":
        return f"on {ref.text}"
    if way.key == "promotion.tags":
        return f"and {ref.text} matches {way.text}"
    return f"and {way.key} holds on {ref.text}"


def _needs(condition: PromotionSettings) -> str:
    if condition.when is not None:
        return cut(" ".join(condition.when.split()), SHOWN)
    wanted = [f"branch {' or '.join(condition.branches)}"] if condition.branches else []
    wanted += [f"a tag that matches {' or '.join(condition.tags)}"] if condition.tags else []
    return " or ".join(wanted) or "nothing that could ever be, as promotion allows none"
