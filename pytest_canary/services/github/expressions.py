"""GitHub's expressions, `${{ … }}`: read and evaluated as there; pure.

https://docs.github.com/actions/reference/workflows-and-actions/expressions
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_canary.services.errors import ExpressionError
from pytest_canary.services.github.functions import ARITY, FUNCTIONS, equal, holds, less, text_of
from pytest_canary.services.tokens import tokens

Scope = Mapping[str, Any]
"""The contexts by name, `github` or `env`; and the functions that tell of the status, by theirs."""

Term = Callable[[Scope], Any]

STATUS = ("success", "failure", "always", "cancelled")
CONTEXTS = (
    "github",
    "env",
    "vars",
    "job",
    "steps",
    "runner",
    "secrets",
    "strategy",
    "matrix",
    "needs",
    "inputs",
)

# Parentheses and the like of one expression; GitHub takes 50 within each other.
DEEPEST = 100

# A quoted text may have braces in it.
_INSIDE = re.compile(r"\$\{\{((?:'(?:[^']|'')*'|[^'])*?)\}\}")
_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?(?:0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?))"
    r"|(?P<text>'(?:[^']|'')*')"
    r"|(?P<name>[A-Za-z_][\w-]*)"
    r"|(?P<sign>\|\||&&|==|!=|<=|>=|[<>!().,\[\]*]))"
)


@dataclass(frozen=True)
class Expression:
    """An expression that has been read.

    Attributes:
        evaluate: what it comes to.
        functions: the names of those that it calls.
    """

    evaluate: Term
    functions: frozenset[str]

    @property
    def asks_for_status(self) -> bool:
        """Whether it says itself after which ends it holds; `success()` is meant otherwise."""
        return not self.functions.isdisjoint(STATUS)


def parse(text: str) -> Expression:
    """Read an expression.

    Raises:
        ExpressionError: it is none, or names what there is not.
    """
    if sum(map(text.count, "([!")) > DEEPEST:
        raise ExpressionError("an expression has too many parentheses")
    return _Parser([*tokens(text, _TOKEN)]).whole()


def condition(text: str) -> Expression:
    """Read what stands behind `if:`, with or without braces.

    Raises:
        ExpressionError: see `parse`.
    """
    whole = _INSIDE.match(text.strip())
    if "${{" not in text:
        return parse(text)
    if whole and whole.end() == len(text.strip()):
        return parse(whole[1])
    found = [*pieces(text)]

    def evaluate(scope: Scope) -> str:
        return "".join(
            each if isinstance(each, str) else text_of(each.evaluate(scope)) for each in found
        )

    called = frozenset[str]().union(*(e.functions for e in found if isinstance(e, Expression)))
    return Expression(evaluate, called)


def pieces(text: str) -> Iterator[str | Expression]:
    """A text's parts: what stands there as it is, and its expressions.

    Raises:
        ExpressionError: one is none.
    """
    end = 0
    while (begin := text.find("${{", end)) >= 0:
        inside = _INSIDE.match(text, begin)
        if not inside:
            raise ExpressionError("an expression is not closed by }}")
        yield text[end:begin]
        yield parse(inside[1])
        end = inside.end()
    yield text[end:]


def fill_in(text: str, scope: Scope) -> str:
    """A text with what its expressions come to.

    Raises:
        ExpressionError: one is none, or can't be evaluated.
    """
    parts = pieces(text)
    return "".join(
        each if isinstance(each, str) else text_of(each.evaluate(scope)) for each in parts
    )


class _Parser:
    """Reads what tokens say; of operators, the later line of `_BINARY` binds closer."""

    def __init__(self, tokens: Sequence[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0
        self._called: set[str] = set()

    def whole(self) -> Expression:
        term = self._binary(0)
        if self._at < len(self._tokens):
            raise ExpressionError(f"{self._tokens[self._at][1]!r} is one too many in an expression")
        return Expression(term, frozenset(self._called))

    def _binary(self, level: int) -> Term:
        if level == len(_BINARY):
            return self._unary()
        left = self._binary(level + 1)
        while operator := self._take(*_BINARY[level]):
            left = _apply(_BINARY[level][operator], left, self._binary(level + 1))
        return left

    def _unary(self) -> Term:
        if self._take("!"):
            term = self._unary()
            return lambda scope: not holds(term(scope))
        return self._path(self._primary())

    def _path(self, term: Term) -> Term:
        while sign := self._take(".", "["):
            if sign == "[":
                key = self._binary(0)
                self._expect("]")
            elif self._take("*"):
                term = _each(term)
                continue
            else:
                key = _constant(self._name())
            term = _at(term, key)
        return term

    def _primary(self) -> Term:
        if self._at >= len(self._tokens):
            raise ExpressionError("an expression ends too early")
        kind, text = self._tokens[self._at]
        self._at += 1
        if kind == "number":
            return _constant(float(int(text, 0) if "x" in text else float(text)))
        if kind == "text":
            return _constant(text[1:-1].replace("''", "'"))
        if text == "(":
            term = self._binary(0)
            self._expect(")")
            return term
        if kind == "name":
            return self._parse_name(text)
        raise ExpressionError(f"{text!r} can't stand there in an expression")

    def _parse_name(self, text: str) -> Term:
        name = text.lower()
        if name in _CONSTANTS:
            return _constant(_CONSTANTS[name])
        if self._take("("):
            return self._call(name)
        if name not in CONTEXTS:
            raise ExpressionError(f"there is no context {text}; there are {', '.join(CONTEXTS)}")
        return lambda scope: scope.get(name, {})

    def _call(self, name: str) -> Term:
        arguments: list[Term] = []
        while not self._take(")"):
            if arguments:
                self._expect(",")
            arguments.append(self._binary(0))
        self._called.add(name)
        if name in STATUS:
            return lambda scope: scope[name]()
        function = FUNCTIONS.get(name)
        if not function:
            raise ExpressionError(f"nothing is known of the function {name}")
        least, most = ARITY.get(name, (1, 99))
        if not least <= len(arguments) <= most:
            raise ExpressionError(f"{name} takes other arguments")
        return lambda scope: function(*(each(scope) for each in arguments))

    def _name(self) -> str:
        if self._at < len(self._tokens) and self._tokens[self._at][0] == "name":
            self._at += 1
            return self._tokens[self._at - 1][1]
        raise ExpressionError("a name is missing behind a dot")

    def _take(self, *signs: str) -> str:
        found = self._tokens[self._at : self._at + 1]
        if found and found[0][0] == "sign" and found[0][1] in signs:
            self._at += 1
            return found[0][1]
        return ""

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise ExpressionError(f"{sign!r} is missing in an expression")


def _constant(value: Any) -> Term:
    return lambda _: value


def _apply(operator: Callable[[Any, Callable[[], Any]], Any], left: Term, right: Term) -> Term:
    return lambda scope: operator(left(scope), lambda: right(scope))


def _at(term: Term, key: Term) -> Term:
    def evaluate(scope: Scope) -> Any:
        of, step = term(scope), key(scope)
        if isinstance(of, Mapping):
            wanted = text_of(step).lower()
            return next((v for k, v in of.items() if str(k).lower() == wanted), None)
        if isinstance(of, list) and isinstance(step, int | float) and 0 <= step < len(of):
            return of[int(step)]
        if isinstance(of, list) and isinstance(step, str):  # what `.*` has left
            return [_at(_constant(each), key)(scope) for each in of if isinstance(each, Mapping)]
        return None

    return evaluate


def _each(term: Term) -> Term:
    def evaluate(scope: Scope) -> Any:
        of = term(scope)
        return [*of.values()] if isinstance(of, Mapping) else of if isinstance(of, list) else []

    return evaluate


_BINARY: tuple[dict[str, Callable[[Any, Callable[[], Any]], Any]], ...] = (
    {"||": lambda left, right: left if holds(left) else right()},
    {"&&": lambda left, right: right() if holds(left) else left},
    {
        "==": lambda left, right: equal(left, right()),
        "!=": lambda left, right: not equal(left, right()),
    },
    {
        "<": lambda left, right: less(left, right()),
        "<=": lambda left, right: less(left, (b := right())) or equal(left, b),
        ">": lambda left, right: less(right(), left),
        ">=": lambda left, right: less((b := right()), left) or equal(left, b),
    },
)
_CONSTANTS: dict[str, Any] = {
    "null": None,
    "true": True,
    "false": False,
    "nan": math.nan,
    "infinity": math.inf,
}
