"""The expressions of GitLab's rules: read and evaluated as there; pure.

https://docs.gitlab.com/ci/jobs/job_rules/#cicd-variable-expressions
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pytest_canary.services.errors import ExpressionError
from pytest_canary.services.tokens import tokens

Variables = Mapping[str, str]


@dataclass(frozen=True)
class Pattern:
    """A regular expression, as it stands between slashes."""

    found: re.Pattern[str]


# Parentheses of one expression.
DEEPEST = 100

Value = str | Pattern | bool | None
Term = Callable[[Variables], Value]

_TOKEN = re.compile(
    r"\s*(?:(?P<variable>\$\w+|\$\{\w+\})"
    r"|(?P<text>\"[^\"]*\"|'[^']*')"
    r"|(?P<pattern>/(?:[^/\\\n]|\\.)+/[a-z]*)"
    r"|(?P<null>null\b)"
    r"|(?P<sign>==|!=|=~|!~|&&|\|\||\(|\)))"
)
_PATTERN = re.compile(r"/(.+)/([a-z]*)", re.DOTALL)


def evaluate(text: str, variables: Variables) -> bool:
    """Whether an expression holds.

    Raises:
        ExpressionError: it is none.
    """
    return holds(parse(text)(variables))


def parse(text: str) -> Term:
    """Read an expression.

    Raises:
        ExpressionError: it is none.
    """
    if text.count("(") > DEEPEST:
        raise ExpressionError("an expression has too many parentheses")
    return _Parser([*tokens(text, _TOKEN)]).whole()


def holds(value: Value) -> bool:
    """Whether a value counts as true: it is there, and not empty."""
    return value is True or isinstance(value, Pattern) or bool(value)


class _Parser:
    """Reads what tokens say; `&&` binds closer than `||`."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0

    def whole(self) -> Term:
        term = self._either()
        if self._at < len(self._tokens):
            raise ExpressionError(f"{self._tokens[self._at][1]!r} is one too many in an expression")
        return term

    def _either(self) -> Term:
        terms = [self._both()]
        while self._take("||"):
            terms.append(self._both())
        return terms[0] if len(terms) == 1 else lambda v: any(holds(each(v)) for each in terms)

    def _both(self) -> Term:
        terms = [self._comparison()]
        while self._take("&&"):
            terms.append(self._comparison())
        return terms[0] if len(terms) == 1 else lambda v: all(holds(each(v)) for each in terms)

    def _comparison(self) -> Term:
        left = self._operand()
        sign = self._take("==", "!=", "=~", "!~")
        if not sign:
            return left
        right = self._operand()
        if sign in ("==", "!="):
            return lambda v: (left(v) == right(v)) is (sign == "==")
        return lambda v: _matches(left(v), right(v)) is (sign == "=~")

    def _operand(self) -> Term:
        if self._take("("):
            term = self._either()
            if not self._take(")"):
                raise ExpressionError("')' is missing in an expression")
            return term
        kind, text = self._tokens[self._at] if self._at < len(self._tokens) else ("", "")
        self._at += 1
        if kind == "variable":
            name = text.strip("${}")
            return lambda variables: variables.get(name)
        if kind == "text":
            return _constant(text[1:-1])
        if kind == "pattern":
            return _constant(_pattern(text))
        if kind == "null":
            return _constant(None)
        raise ExpressionError(
            f"{text!r} can't stand there in an expression" if text else "an expression ends early"
        )

    def _take(self, *signs: str) -> str:
        found = self._tokens[self._at : self._at + 1]
        if found and found[0][0] == "sign" and found[0][1] in signs:
            self._at += 1
            return found[0][1]
        return ""


def _constant(value: Value) -> Term:
    return lambda _: value


def _pattern(text: str) -> Pattern:
    written = _PATTERN.fullmatch(text)
    if not written:
        raise ExpressionError(f"{text[:40]!r} is no /pattern/")
    try:
        flags = re.IGNORECASE if "i" in written[2] else re.NOFLAG
        return Pattern(re.compile(written[1].replace("\\/", "/"), flags))
    except re.error as error:
        raise ExpressionError(f"{text[:40]} is no regular expression: {error}") from error


def _matches(left: Value, right: Value) -> bool:
    """Whether a text matches a pattern, which may be a variable's value."""
    pattern = _pattern(right) if isinstance(right, str) else right
    return (
        isinstance(left, str)
        and isinstance(pattern, Pattern)
        and pattern.found.search(left) is not None
    )
