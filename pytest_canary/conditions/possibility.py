"""Whether a condition can hold at all: for any branch, tag or pull request, and a given result.

Where a name is not spelt out in it, it is not known whether a pattern matches: both are taken as
possible, so that only what really never holds is said never to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_canary.conditions.evaluation import compare, truth
from pytest_canary.conditions.tree import (
    REFS,
    Call,
    Chain,
    Comparison,
    Expression,
    Keyword,
    Literal,
    Value,
    parts,
)


class _Other:
    """A name that the condition does not spell out."""


_OTHER = _Other()


def may_hold(expression: Expression, result: str) -> bool:
    """Whether there is a ref for which the condition holds as its pipeline ends with this result.

    Raises:
        ConditionError: a value in it can't be matched.
    """
    reasons = ["", *_names(expression, "result_reason")]
    return any(
        _outcome(expression, {**ref, "result": result, "result_reason": reason}) is not False
        for ref in _refs(expression)
        for reason in reasons
    )


def _refs(expression: Expression) -> Iterator[dict[str, str | _Other]]:
    """The values of each ref that matters to the condition."""
    for kind in REFS:
        for name in _names(expression, kind):
            yield {**dict.fromkeys(REFS, ""), kind: name}


def _names(expression: Expression, keyword: str) -> list[str | _Other]:
    """The names that a keyword is compared with, and another."""
    found = []
    for part in parts(expression):
        if isinstance(part, Comparison) and not part.is_match:
            sides = (part.left, part.right)
            if any(isinstance(each, Keyword) and each.name == keyword for each in sides):
                found += [each.value for each in sides if isinstance(each, Literal)]
    return [*dict.fromkeys(each for each in found if isinstance(each, str) and each), _OTHER]


def _outcome(expression: Expression, values: Mapping[str, str | _Other]) -> bool | None:
    """What it comes to; None where that may be either."""
    if isinstance(expression, Literal):
        return truth(expression.value)
    if isinstance(expression, Chain):
        found = _outcome(expression.first, values)
        for link in expression.links:
            found = _join(link.operator == "and", found, _outcome(link.term, values))
        return found
    if isinstance(expression, Comparison):
        left, right = _side(expression.left, values), _side(expression.right, values)
        if left is None or right is None:
            return None
        if isinstance(left, _Other) or isinstance(right, _Other):
            return None if expression.is_match else expression.operator == "!="
        return compare(expression.operator, left, right)
    return None


def _join(both: bool, left: bool | None, right: bool | None) -> bool | None:
    """`and` where both must hold, else `or`; what decides alone does so beside an unknown."""
    decides = not both
    if decides in (left, right):
        return decides
    return None if None in (left, right) else both


def _side(expression: Expression, values: Mapping[str, str | _Other]) -> Value | _Other | None:
    """One side of a comparison; None where a function decides."""
    if isinstance(expression, Keyword):
        return values[expression.name]
    if isinstance(expression, Call):
        return None
    return expression.value if isinstance(expression, Literal) else None
