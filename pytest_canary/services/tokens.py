"""The tokens of an expression, whoever's it is; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_canary.services.errors import ExpressionError


def tokens(text: str, token: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """A text's tokens, each with its kind.

    Args:
        text: the expression.
        token: finds the next one, as the group of its kind.

    Raises:
        ExpressionError: something in it is none.
    """
    end = 0
    while text[end:].strip():
        found = token.match(text, end)
        if not found or not found.lastgroup:
            raise ExpressionError(f"nobody can read {text[end:].strip()[:40]!r} in an expression")
        yield found.lastgroup, found[found.lastgroup]
        end = found.end()
