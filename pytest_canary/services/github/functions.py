"""Values of GitHub's expressions: what they count as, how they compare, what is made of them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from pytest_canary.services.errors import ExpressionError


def text_of(value: Any) -> str:
    """A value as a text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(int(value)) if math.isfinite(value) and value == int(value) else str(value)
    if isinstance(value, str):
        return value
    return "Object" if isinstance(value, Mapping) else "Array"


def holds(value: Any) -> bool:
    """Whether a value counts as true."""
    return not (value is None or value is False or value == "" or _is_nought(value))


def _is_nought(value: Any) -> bool:
    return isinstance(value, int | float) and (value == 0 or math.isnan(value))


def _number(value: Any) -> float:
    if value is None or isinstance(value, bool):
        return float(value or 0)
    if isinstance(value, int | float):
        return float(value)
    try:
        return float(value or 0) if isinstance(value, str) else math.nan
    except ValueError:
        return math.nan


def equal(left: Any, right: Any) -> bool:
    """Whether two values are the same, whatever their letters' case."""
    if isinstance(left, str) and isinstance(right, str):
        return left.lower() == right.lower()
    if isinstance(left, Mapping | list) or isinstance(right, Mapping | list):
        return left is right
    return (left is None and right is None) or _number(left) == _number(right)


def less(left: Any, right: Any) -> bool:
    """Whether the first comes before the second."""
    if isinstance(left, str) and isinstance(right, str):
        return left.lower() < right.lower()
    return _number(left) < _number(right)


def _contains(where: Any, what: Any) -> bool:
    if isinstance(where, list):
        return any(equal(each, what) for each in where)
    return text_of(what).lower() in text_of(where).lower()


def _format(text: Any, *values: Any) -> str:
    def fill(found: re.Match[str]) -> str:
        if found[0] in ("{{", "}}"):
            return found[0][0]
        if not found[1] or int(found[1]) >= len(values):
            raise ExpressionError(f"format has no argument for {found[0]}")
        return text_of(values[int(found[1])])

    return re.sub(r"\{\{|\}\}|\{(\d*)\}", fill, text_of(text))


def _from_json(text: Any) -> Any:
    try:
        return json.loads(text_of(text))
    except ValueError as error:
        raise ExpressionError(f"fromJSON has no JSON: {error}") from error


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "contains": _contains,
    "endswith": lambda text, end: text_of(text).lower().endswith(text_of(end).lower()),
    "format": _format,
    "fromjson": _from_json,
    "join": lambda of, by=",": (
        text_of(by).join(map(text_of, of)) if isinstance(of, list) else text_of(of)
    ),
    "startswith": lambda text, start: text_of(text).lower().startswith(text_of(start).lower()),
    "tojson": lambda value: json.dumps(value, indent=2),
}
"""By their names in lower case."""

ARITY = {
    "contains": (2, 2),
    "endswith": (2, 2),
    "fromjson": (1, 1),
    "join": (1, 2),
    "startswith": (2, 2),
    "tojson": (1, 1),
}
"""How many arguments some of them take, at least and at most; the others one or more."""
