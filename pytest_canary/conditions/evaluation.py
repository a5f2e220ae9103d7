"""What a condition comes to, as Semaphore evaluates it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pytest_canary.conditions.errors import ConditionError
from pytest_canary.conditions.patterns import compile_pattern
from pytest_canary.conditions.tree import (
    Call,
    Comparison,
    Expression,
    Keyword,
    Literal,
    Operator,
    Value,
    parts,
)

Functions = Mapping[str, Callable[..., Value]]

NONE: Functions = MappingProxyType({})


def evaluate(
    expression: Expression, values: Mapping[str, str], functions: Functions = NONE
) -> bool:
    """Whether the condition holds.

    Args:
        expression: its tree.
        values: what each keyword stands for.
        functions: what each function is.

    Raises:
        ConditionError: a keyword or function in it is not among them, whether it matters or not;
            or a value can't be matched.
    """
    expect_known(expression, values, functions)
    return truth(_value(expression, values, functions))


def expect_known(
    expression: Expression, values: Mapping[str, object], functions: Functions = NONE
) -> None:
    """Return where every keyword and function of the condition is known.

    Raises:
        ConditionError: "missing-keyword" or "unknown-function"; the first in reading order.
    """
    for part in parts(expression):
        if isinstance(part, Keyword) and part.name not in values:
            problem = f"{part.name} at {part.place} has no value here"
            raise ConditionError("missing-keyword", problem)
        if isinstance(part, Call) and part.name not in functions:
            problem = f"there is no function {part.name} here, which is called at {part.place}"
            raise ConditionError("unknown-function", problem)


def _value(expression: Expression, values: Mapping[str, str], functions: Functions) -> Value:
    if isinstance(expression, Literal):
        return expression.value
    if isinstance(expression, Keyword):
        return values[expression.name]
    if isinstance(expression, Call):
        return functions[expression.name](*expression.arguments)
    if isinstance(expression, Comparison):
        left = _value(expression.left, values, functions)
        right = _value(expression.right, values, functions)
        return compare(expression.operator, left, right)
    found = truth(_value(expression.first, values, functions))
    for link in expression.links:
        other = truth(_value(link.term, values, functions))
        found = found and other if link.operator == "and" else found or other
    return found


def compare(operator: Operator, left: Value, right: Value) -> bool:
    """What a comparison comes to.

    Raises:
        ConditionError: one side can't be matched with the other.
    """
    if operator in ("=", "!="):
        # Python alone takes True for 1.
        same = isinstance(left, bool) == isinstance(right, bool) and left == right
        return same == (operator == "=")
    if isinstance(right, bool):
        right = str(right).lower()
    if not isinstance(left, str) or not isinstance(right, str):
        wrong = right if isinstance(left, str) else left
        problem = f"{wrong!r} is no text, and {operator} matches a text with a pattern"
        raise ConditionError("value", problem)
    # What is empty matches nothing, not even `.*`.
    matches = left != "" and compile_pattern(right).search(left) is not None
    return matches == (operator == "=~")


def truth(value: Value) -> bool:
    """What a value alone counts for: a text is true, unless it says false, and so is 0."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value != "false"
    return value >= 0 if isinstance(value, int | float) else bool(value)
