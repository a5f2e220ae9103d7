"""A pipeline file's YAML as values with their lines; as YAML 1.2 has it, where `on` is a text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_canary.manifests.composing import (
    DEEPEST,
    MOST,
    UnreadableError,
    compose,
    too_deep,
    too_much,
)

if TYPE_CHECKING:
    import yaml

Place = tuple[str | int, ...]
"""A way into a file: ("blocks", 0, "name")."""

_CONSTANTS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]{1,300}|0o[0-7]{1,300}|0x[0-9a-fA-F]{1,300}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


@dataclass(frozen=True)
class Values:
    """What a file holds.

    Attributes:
        root: its one document's value; None where it is empty.
        lines: of each value; a key's own where the value has one.
        doubles: the keys that are set twice, of which one is lost.
    """

    root: Any
    lines: Mapping[Place, int]
    doubles: tuple[Place, ...] = ()

    def line(self, place: Place) -> int:
        """The line of a value; of what it is missing from, where there is none."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def read_values(text: str) -> Values:
    """The values of a file's first document.

    Raises:
        UnreadableError: it is no YAML, or more than any pipeline; with its line from 0.
    """
    import yaml

    reader = _Reader()
    try:
        node = next(compose(text), None)
        root = reader.value(node, ()) if node else None
        return Values(root, reader.lines, tuple(dict.fromkeys(reader.doubles)))
    except yaml.YAMLError as error:
        marks = [getattr(error, "problem_mark", None), getattr(error, "context_mark", None)]
        # A bracket that is not closed is noticed at the next line's colon.
        if "flow" in (getattr(error, "context", None) or ""):
            marks.reverse()
        mark = marks[0] or marks[1]
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "no YAML"
        raise UnreadableError(mark.line if mark else 0, str(problem)) from error
    except RecursionError as error:
        raise too_deep(0) from error


class _Reader:
    """Turns YAML's nodes into values, and remembers their lines."""

    def __init__(self) -> None:
        self.lines: dict[Place, int] = {}
        self.doubles: list[Place] = []
        self._count = 0

    def value(self, node: yaml.Node, place: Place) -> Any:
        import yaml

        line = node.start_mark.line
        self.lines.setdefault(place, line + 1)
        self._count += 1
        if self._count > MOST:
            raise too_much(line)
        if len(place) > DEEPEST:
            raise too_deep(line)
        if isinstance(node, yaml.MappingNode):
            return self._table(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(each, (*place, i)) for i, each in enumerate(node.value)]
        text = str(node.value)
        return text if isinstance(node, yaml.ScalarNode) and node.style else _plain(text, node.tag)

    def _table(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key.value, str):
                raise UnreadableError(key.start_mark.line, "a key is a list or a table")
            if key.tag.endswith(":merge"):
                below = self.value(value, place)
                for each in below if isinstance(below, list) else [below]:
                    merged = each | merged if isinstance(each, dict) else merged
                continue
            if key.value in found:
                self.doubles.append((*place, key.value))
            self.lines[(*place, key.value)] = key.start_mark.line + 1
            found[key.value] = self.value(value, (*place, key.value))
        return merged | found


def _plain(text: str, tag: str) -> Any:
    """What stands without quotes, unless it is said to be a text."""
    if text in _CONSTANTS and not (text and tag.endswith(":str")):
        return _CONSTANTS[text]
    if tag.endswith(":str") and not re.search(r"[eE]", text):
        return text
    if _INTEGER.fullmatch(text):
        return int(text, 0 if text[:2] in ("0o", "0x") else 10)
    return float(text) if _FLOAT.fullmatch(text) else text
