"""What is wrong with a condition."""

from __future__ import annotations

from typing import Literal

Kind = Literal["lexical", "syntax", "pattern", "missing-keyword", "unknown-function", "value"]


class ConditionError(Exception):
    """A condition can't be read or evaluated; in one sentence, with the place in it.

    Attributes:
        kind: "lexical" for characters that the language has not, "syntax" for parts in a wrong
            order, "pattern" for what is no regular expression, "missing-keyword" and
            "unknown-function" for what has no value here, "value" for one that can't be matched.
    """

    def __init__(self, kind: Kind, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind
