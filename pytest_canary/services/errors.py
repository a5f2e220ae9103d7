"""What can't be read or evaluated."""

from __future__ import annotations


class ExpressionError(Exception):
    """An expression is none, or asks for what there is not; in a few words, without its place."""
