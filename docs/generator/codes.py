"""Which codes the package gives its findings, and what it says: read from its source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest_canary
from generator.page import PartError

_CODE = re.compile(r"[A-Z][A-Za-z]+")
# Codes that are put together, by what stands in the source behind the part that differs.
_COMPOSED = {
    "Probe": ("LivenessProbe", "ReadinessProbe", "StartupProbe"),
    "Silent": ("ApiServerSilent", "ContainerEngineSilent"),
    "Failed": ("LoginFailed", "PullFailed", "PushFailed"),
}
# A code that is handed on goes through no more functions than these.
_DEEPEST = 3

_WORD = re.compile(r"[A-Za-z']{2,}")

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Source:
    """The functions of a package, and who calls them.

    Attributes:
        functions: all of them.
        calls: by the name of what is called: the call, and the function that it stands in.
    """

    functions: list[_Function] = field(default_factory=list)
    calls: dict[str, list[tuple[ast.Call, _Function]]] = field(default_factory=dict)

    def add(self, module: ast.Module) -> None:
        """Take a module's functions in."""
        for function in ast.walk(module):
            if not isinstance(function, _Function):
                continue
            self.functions.append(function)
            for call in ast.walk(function):
                if isinstance(call, ast.Call):
                    self.calls.setdefault(_name(call.func), []).append((call, function))

    def codes(self) -> dict[str, list[str]]:
        """What is told under each code, as far as the source has its words; no rules' names.

        Raises:
            PartError: a code is put together in a way that is not known here.
        """
        found: dict[str, list[str]] = {}
        for call, function in self.calls["Finding"]:
            told = _argument(call, 0, "code"), _argument(call, 1, "sentence")
            for name, pattern in self._told(told, function, _DEEPEST):
                sentences = found.setdefault(name, [])
                if len(_WORD.findall(pattern)) > 1 and pattern not in sentences:
                    sentences.append(pattern)
        return found

    def _told(
        self, told: tuple[ast.expr | None, ast.expr | None], function: _Function, deep: int
    ) -> Iterator[tuple[str, str]]:
        code, sentence = told
        if isinstance(code, ast.Constant):
            if isinstance(code.value, str) and _CODE.fullmatch(code.value):
                yield code.value, _pattern(sentence, function)
        elif isinstance(code, ast.IfExp):
            for each in (code.body, code.orelse):
                yield from self._told((each, sentence), function, deep)
        elif isinstance(code, ast.JoinedStr):
            for name in _composed(code):
                yield name, _pattern(sentence, function)
        elif isinstance(code, ast.Subscript):
            for part in ast.walk(_assigned(code.value, function) or code):
                if isinstance(part, ast.Constant | ast.Name):
                    yield from self._told((part, sentence), function, deep)
        elif isinstance(code, ast.Name) and deep:
            yield from self._handed_on(code.id, sentence, function, deep)

    def _handed_on(
        self, name: str, sentence: ast.expr | None, function: _Function, deep: int
    ) -> Iterator[tuple[str, str]]:
        """What the callers of a function give it for a parameter, or its own default."""
        default = _default(function, name)
        if default is not None:
            yield from self._told((default, sentence), function, deep)
        place = _place(function, name)
        if place is None:
            return
        for call, caller in self.calls.get(function.name, []):
            given = {
                each: _pattern(_argument(call, number, each), caller)
                for number, each in enumerate(_parameters(function))
            }
            handed_on = _argument(call, place, name)
            for code, _ in self._told((handed_on, None), caller, deep - 1):
                yield code, _pattern(sentence, function, given)


@cache
def package() -> Source:
    """The plugin's own source."""
    source = Source()
    for path in sorted(Path(pytest_canary.__file__).parent.rglob("*.py")):
        source.add(ast.parse(path.read_text(encoding="utf-8")))
    return source


def _name(expression: ast.expr) -> str:
    return getattr(expression, "id", getattr(expression, "attr", ""))


def _argument(call: ast.Call, place: int, name: str) -> ast.expr | None:
    named = [each.value for each in call.keywords if each.arg == name]
    return call.args[place] if place < len(call.args) else next(iter(named), None)


def _parameters(function: _Function) -> list[str]:
    names = [each.arg for each in function.args.args]
    return names[1:] if names[:1] == ["self"] else names


def _place(function: _Function, name: str) -> int | None:
    names = _parameters(function)
    return names.index(name) if name in names else None


def _default(function: _Function, name: str) -> ast.expr | None:
    names, values = _parameters(function), function.args.defaults
    return dict(zip(reversed(names), reversed(values), strict=False)).get(name)


def _assigned(expression: ast.expr | None, function: _Function) -> ast.expr | None:
    """What a local variable was given first."""
    wanted = expression.id if isinstance(expression, ast.Name) else ""
    for each in ast.walk(function):
        if isinstance(each, ast.Assign) and wanted and _name(each.targets[0]) == wanted:
            return each.value
    return None


def _composed(code: ast.JoinedStr) -> tuple[str, ...]:
    last = code.values[-1]
    name = str(last.value) if isinstance(last, ast.Constant) else ""
    if name not in _COMPOSED:
        raise PartError(f"docs/generator/codes.py doesn't know what {ast.unparse(code)} comes to")
    return _COMPOSED[name]


def _pattern(
    sentence: ast.expr | None, function: _Function, given: Mapping[str, str] | None = None
) -> str:
    """The words of a sentence that are always the same; "" where it is made elsewhere.

    Args:
        sentence: as it stands in the function.
        function: that makes it.
        given: what the function's own parameters say, where that is known.
    """
    given = given or {}
    if isinstance(sentence, ast.Name):
        if given.get(sentence.id):
            return given[sentence.id]
        sentence = _assigned(sentence, function)
    if isinstance(sentence, ast.IfExp):
        sentence = sentence.body
    if isinstance(sentence, ast.BinOp):
        sentence = sentence.left
    if isinstance(sentence, ast.Constant):
        return str(sentence.value)
    if not isinstance(sentence, ast.JoinedStr):
        return ""
    parts = []
    for each in sentence.values:
        if isinstance(each, ast.FormattedValue):
            parts.append(given.get(getattr(each.value, "id", "")) or "…")
        elif isinstance(each, ast.Constant):
            parts.append(str(each.value))
    return re.sub(r"…(?:[\s…]*…)+", "…", "".join(parts))
