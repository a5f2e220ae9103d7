"""Reads a condition: the grammar of https://github.com/renderedtext/when, by recursive descent.

    expression = term {("and" | "or") term}            both of one precedence, read from the left
    term       = "(" expression ")" | value | call | call op term
               | keyword op text | text op keyword | text op text
    value      = text | boolean | number | "[" [value {"," value}] "]" | "{" [pairs] "}"
    call       = name "(" [value {"," value}] ")"

A text stands in single quotes, without escapes; op is =, !=, =~ or !~.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from pytest_canary.conditions.errors import ConditionError
from pytest_canary.conditions.tokens import Kind, Token, tokens
from pytest_canary.conditions.tree import (
    KEYWORDS,
    AndOr,
    Call,
    Chain,
    Comparison,
    Expression,
    Keyword,
    Link,
    Literal,
    Operator,
    Value,
)
from pytest_canary.core.wording import did_you_mean

T = TypeVar("T")

# Characters of a condition, and how deep its terms are nested: ten times as many as any has.
LONGEST, DEEPEST = 4000, 50

TERM = "a comparison, a value or a parenthesis"
JOIN = "'and', 'or' or the end"


def parse(text: str) -> Expression:
    """The condition's tree.

    Raises:
        ConditionError: "lexical" or "syntax", with the place.
    """
    if len(text) > LONGEST:
        raise ConditionError("syntax", f"it has {len(text):,} characters, and {LONGEST:,} at most")
    reader = _Reader([*tokens(text)])
    found = reader.expression()
    if reader.next:
        raise reader.misplacement(JOIN)
    return found


class _Reader:
    """Takes one token after the other."""

    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._at = 0
        self._depth = 0

    @property
    def next(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def expression(self) -> Expression:
        first, links = self._term(), []
        while found := self._take("join"):
            joins: AndOr = "and" if found.text.lower() == "and" else "or"
            links.append(Link(joins, self._term(), found.place))
        return Chain(first, tuple(links)) if links else first

    def _term(self) -> Expression:
        if self._is_sign("("):
            return self._within("(", self.expression, ")")
        if keyword := self._take("keyword"):
            operator = self._expect("operator", "=, !=, =~ or !~")
            other = self._expect("text", "a text in single quotes")
            return _comparison(operator, _keyword(keyword), _literal(other))
        if text := self._take("text"):
            return self._after_text(text)
        if self.next and self.next.kind == "name":
            return self._call()
        place = self.next.place if self.next else ""
        return Literal(self._value(TERM), place)

    def _after_text(self, text: Token) -> Expression:
        operator = self._take("operator")
        if operator is None:
            return _literal(text)
        if keyword := self._take("keyword"):
            return _comparison(operator, _literal(text), _keyword(keyword))
        other = self._expect("text", "a keyword or a text in single quotes")
        return _comparison(operator, _literal(text), _literal(other))

    def _call(self) -> Expression:
        name = self._expect("name", TERM)
        if not self._is_sign("("):
            hint = did_you_mean(name.text.lower(), [*KEYWORDS, "true", "false", "and", "or"])
            raise ConditionError(
                "syntax",
                f"{name.text} at {name.place} is neither a keyword nor a function"
                + (f"; {hint}" if hint else ""),
            )
        call = Call(name.text, tuple(self._list(self._value, "(", ")")), name.place)
        operator = self._take("operator")
        return _comparison(operator, call, self._deeper(self._term)) if operator else call

    def _value(self, instead: str = "a value") -> Value:
        if text := self._take("text"):
            return text.text[1:-1]
        if boolean := self._take("boolean"):
            return boolean.text.lower() == "true"
        if number := self._take("number"):
            return float(number.text) if "." in number.text else int(number.text)
        if self._is_sign("["):
            return self._list(self._value, "[", "]")
        if self._is_sign("{"):
            return dict(self._list(self._pair, "{", "}"))
        raise self.misplacement(instead)

    def _pair(self) -> tuple[str, Value]:
        key = self._expect("key", "a key with its colon").text[:-1]
        return key, self._value()

    def _list(self, item: Callable[[], T], begin: str, end: str) -> list[T]:
        """What stands between two brackets, with commas."""

        def inner() -> list[T]:
            found: list[T] = []
            while found or not self._is_sign(end):
                found.append(item())
                if not self._take("sign", ","):
                    break
            return found

        return self._within(begin, inner, end)

    def _within(self, begin: str, inner: Callable[[], T], end: str) -> T:
        self._expect("sign", begin, begin)
        found = self._deeper(inner)
        self._expect("sign", end, end)
        return found

    def _deeper(self, inner: Callable[[], T]) -> T:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ConditionError("syntax", f"it is nested more than {DEEPEST} deep")
        found = inner()
        self._depth -= 1
        return found

    def _is_sign(self, sign: str) -> bool:
        return bool(self.next and self.next.kind == "sign" and self.next.text == sign)

    def _take(self, kind: Kind, text: str = "") -> Token | None:
        """The next token, where it is of this kind."""
        found = self.next
        if found is None or found.kind != kind or (text and found.text != text):
            return None
        self._at += 1
        return found

    def _expect(self, kind: Kind, instead: str, text: str = "") -> Token:
        found = self._take(kind, text)
        if found is None:
            raise self.misplacement(instead)
        return found

    def misplacement(self, instead: str) -> ConditionError:
        """The error that something else belongs in the next token's place."""
        if self.next is None:
            return ConditionError("syntax", f"it ends where {instead} belongs")
        shown, place = self.next.text, self.next.place
        return ConditionError("syntax", f"{shown} at {place} stands where {instead} belongs")


def _comparison(operator: Token, left: Expression, right: Expression) -> Comparison:
    return Comparison(cast("Operator", operator.text), left, right, operator.place)


def _keyword(token: Token) -> Keyword:
    return Keyword(token.text.lower(), token.place)


def _literal(token: Token) -> Literal:
    """A text as a term: there, unlike in a list or a call, `'true'` is a boolean."""
    text = token.text[1:-1]
    return Literal({"true": True, "false": False}.get(text, text), token.place)
