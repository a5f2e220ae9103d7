"""What a workflow's promotions and conditions say that its writer hardly means."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_canary.conditions.doubts import doubts
from pytest_canary.conditions.errors import ConditionError
from pytest_canary.conditions.parser import parse
from pytest_canary.conditions.possibility import may_hold
from pytest_canary.conditions.tree import REFS, Comparison, Expression, Keyword, Literal, parts
from pytest_canary.core.wording import cut
from pytest_canary.manifests.documents import Fault
from pytest_canary.pipelines.pipeline import Pipeline, Promotion, When
from pytest_canary.pipelines.workflow import Workflow

# Letters that are shown of a condition.
SHOWN = 200

# How a pipeline ends; a condition that has no result holds or not whatever that is.
RESULTS = ("passed", "failed", "stopped", "canceled")

ROLLBACK = re.compile(r"roll(?:ing|s)?[\s_-]*back|revert|undo", re.IGNORECASE)


def manual_rollbacks(workflow: Workflow) -> Iterator[Fault]:
    """Rollbacks that don't start by themselves as their pipeline fails."""
    for pipeline in workflow.pipelines:
        found = [each for each in pipeline.promotions if rolls_back(each, workflow)]
        if any(starts_on_failure(each) for each in found):
            continue
        for each in found:
            by_hand = each.when is None and not each.deprecated
            how = "is started by hand" if by_hand else "never starts where the pipeline failed"
            yield Fault(
                pipeline.source,
                each.line,
                f"promotion {each.name} {how}, so that nothing is rolled back until somebody is "
                "there",
                "write auto_promote: {when: \"result = 'failed'\"}",
            )


def rolls_back(promotion: Promotion, workflow: Workflow) -> bool:
    """Whether a promotion is called as one that takes a release back."""
    target = workflow.target(promotion)
    named = (promotion.name, promotion.file, target.name if target else "")
    return any(ROLLBACK.search(each) for each in named)


def starts_on_failure(promotion: Promotion) -> bool:
    """Whether it may; yes, too, where that can't be known."""
    if "failed" in promotion.results:
        return True
    if promotion.when is None:
        return False
    expression = _read(promotion.when)
    return expression is None or _may_hold(expression, "failed")


def never_true(workflow: Workflow) -> Iterator[Fault]:
    """Conditions that never hold, but for a plain false."""
    for pipeline, when, expression in _conditions(workflow):
        if not _may_hold_at_all(expression):
            yield Fault(
                pipeline.source,
                when.line,
                f"{when.place} never holds{_why_never(expression)}",
                "write what is meant; or false, where it is never to hold",
            )


def misleading_conditions(workflow: Workflow) -> Iterator[Fault]:
    """Conditions that hold for more, or for less, than they seem to."""
    for pipeline, when, expression in _conditions(workflow):
        for doubt in doubts(expression):
            sentence = f"{when.place}: {doubt.sentence}"
            yield Fault(pipeline.source, when.line, sentence, doubt.next)
        if when.promotion and not rolls_back(when.promotion, workflow):
            yield from _unpassed_promotions(pipeline, when, expression)


def _unpassed_promotions(pipeline: Pipeline, when: When, expression: Expression) -> Iterator[Fault]:
    """A promotion that a failed pipeline starts, too, though nothing in it says so."""
    results = [part for part in parts(expression) if _asks_for_result(part)]
    of_passed = all(_is_passed(part) for part in results)
    if of_passed and _may_hold(expression, "passed") and _may_hold(expression, "failed"):
        yield Fault(
            pipeline.source,
            when.line,
            f"{when.place} holds for a pipeline that has not passed, too",
            f"write result = 'passed' and ({cut(' '.join(when.text.split()), SHOWN)})",
        )


def _asks_for_result(part: Expression) -> bool:
    sides = (part.left, part.right) if isinstance(part, Comparison) else ()
    return any(
        isinstance(each, Keyword) and each.name in ("result", "result_reason") for each in sides
    )


def _is_passed(part: Expression) -> bool:
    return (
        isinstance(part, Comparison)
        and part.operator == "="
        and any(isinstance(x, Literal) and x.value == "passed" for x in (part.left, part.right))
    )


def _conditions(workflow: Workflow) -> Iterator[tuple[Pipeline, When, Expression]]:
    """Every condition that can be judged, with its pipeline; none that is plainly true or false."""
    for pipeline in workflow.pipelines:
        for when in pipeline.whens:
            expression = _read(when.text)
            plain = isinstance(expression, Literal) and isinstance(expression.value, bool)
            if expression is not None and not plain:
                yield pipeline, when, expression


def _read(text: str) -> Expression | None:
    """A condition's tree; None where a parameter's text is put into it first."""
    try:
        return None if "${{" in text else parse(text)
    except ConditionError:
        return None  # which is told as what it is


def _may_hold_at_all(expression: Expression) -> bool:
    return any(_may_hold(expression, each) for each in RESULTS)


def _may_hold(expression: Expression, result: str) -> bool:
    try:
        return may_hold(expression, result)
    except ConditionError:
        return True


def _why_never(expression: Expression) -> str:
    asked = {part.name for part in parts(expression) if isinstance(part, Keyword)}
    if len(asked & {*REFS}) > 1:
        return ": of branch, tag and pull_request one has a value, and the other two are empty"
    return ""
