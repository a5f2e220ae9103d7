"""YAML as Kubernetes reads it, each value with its line.

Read as `kubectl` does: YAML 1.1 without dates and base-60 numbers, keys as text. Where a key stands
twice, the last one counts, and the fault is told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_canary.manifests.documents import Document, Fault, Place, Source, Unfit, shown

if TYPE_CHECKING:
    import yaml

# What PyYAML takes for text and Kubernetes' reader for a number: "12e3", often half a commit's ID.
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)[eE][-+]?[0-9]+")
BOOLS = {"yes": True, "on": True, "true": True, "no": False, "off": False, "false": False}
BASES = {"0b": 2, "0o": 8, "0x": 16}


@dataclass
class Parsed:
    """What a file holds.

    Attributes:
        documents: its objects.
        faults: what can't be read, or is read otherwise than it looks.
        broken: whether it is no YAML, or has none in it.
    """

    documents: list[Document] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    broken: bool = False


def fastest_loader() -> Any:
    """PyYAML's safe loader: the one in C, twenty times as fast, where PyYAML was built with it."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse(source: Source, rendered: str | None = None, origin: list[int] | None = None) -> Parsed:
    """Read a file's objects.

    Args:
        source: the file.
        rendered: its text with the variables filled in; unset: as it stands.
        origin: of each line of the rendered text, the line of the file that it comes from.
    """
    import yaml

    text = source.text if rendered is None else rendered
    reader = _Reader(source, origin or list(range(1, text.count("\n") + 2)))
    try:
        for node in yaml.compose_all(text, Loader=fastest_loader()):
            reader.document(node)
    except yaml.YAMLError as error:
        reader.refused(error)
    except _KeyIsNoTextError as error:
        reader.refuse(error.line, "a key that is no text, but a list or a table")
    except RecursionError:
        reader.refuse(1, "it is nested too deeply, or an anchor stands within itself")
    parsed = reader.parsed
    if not parsed.documents and not parsed.faults:
        parsed.broken = True
        sentence, fix = f"{source.shown} is empty", "put the manifest into it"
        parsed.faults.append(Fault(source, 1, sentence, fix, "invalid-yaml"))
    return parsed


class _KeyIsNoTextError(Exception):
    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class _Reader:
    """Turns YAML's nodes into values, and remembers their lines."""

    def __init__(self, source: Source, origin: list[int]) -> None:
        self.source = source
        self.origin = origin
        self.parsed = Parsed()
        self.lines: dict[Place, int] = {}

    def line(self, mark: yaml.Mark | None) -> int:
        """The file's line where a mark of the rendered text stands."""
        number = mark.line if mark else 0
        return self.origin[min(number, len(self.origin) - 1)] if self.origin else 1

    def document(self, node: yaml.Node) -> None:
        """Take one document; an empty one is none, and a List's items are objects of their own."""
        self.lines = {}
        value = self.value(node, ())
        if value is None:
            return
        line = self.line(node.start_mark)
        if not isinstance(value, dict):
            self.no_object(line, "this is no Kubernetes object, but a bare value")
        elif value.get("kind") == "List" and isinstance(value.get("items"), list):
            for number, each in enumerate(value["items"]):
                self.take(each, ("items", number), line)
        else:
            self.take(value, (), line)

    def take(self, value: Any, place: Place, line: int) -> None:
        line = self.lines.get(place, line)
        lacks = [key for key in ("apiVersion", "kind") if not self.has_text(value, key)]
        if lacks:
            self.no_object(line, f"the object has no {' and no '.join(lacks)}")
        else:
            self.parsed.documents.append(Document(self.source, value, self.lines, place))

    @staticmethod
    def has_text(value: Any, key: str) -> bool:
        return isinstance(value, dict) and isinstance(value.get(key), str) and bool(value[key])

    def no_object(self, line: int, sentence: str) -> None:
        fix = "begin it with apiVersion, kind and metadata; or take it out"
        self.fault("not-an-object", line, sentence, fix)

    def fault(self, rule: Unfit, line: int, sentence: str, fix: str) -> None:
        self.parsed.faults.append(Fault(self.source, line, sentence, fix, rule))

    # Values.

    def value(self, node: yaml.Node, place: Place) -> Any:
        import yaml

        self.lines.setdefault(place, self.line(node.start_mark))
        if isinstance(node, yaml.MappingNode):
            return self.table(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(each, (*place, i)) for i, each in enumerate(node.value)]
        # The library in C has an empty style where the other has none.
        plain = isinstance(node, yaml.ScalarNode) and not node.style
        return scalar(node.tag.rpartition(":")[2], node.value, plain=plain)

    def table(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag.endswith(":merge"):
                below = self.value(value_node, place)
                for each in below if isinstance(below, list) else [below]:
                    merged = each | merged if isinstance(each, dict) else merged
                continue
            key, line = self.key(key_node), self.line(key_node.start_mark)
            if key in found:
                self.twice(key, place, self.lines[(*place, key)], line)
            if key in found or key in merged:
                self.forget((*place, key))
            self.lines[(*place, key)] = line
            found[key] = self.value(value_node, (*place, key))
        return merged | found

    def forget(self, place: Place) -> None:
        for known in [each for each in self.lines if each[: len(place)] == place]:
            del self.lines[known]

    def key(self, node: yaml.Node) -> str:
        if not isinstance(node.value, str):
            raise _KeyIsNoTextError(self.line(node.start_mark))
        return node.value

    def twice(self, key: str, place: Place, first: int, line: int) -> None:
        where = f" in {shown(place)}" if place else ""
        sentence = f"key {key} is set twice{where}; what line {first} says is lost"
        fix = f"keep one of the two: line {first} or line {line}"
        self.fault("duplicate-key", line, sentence, fix)

    # What is no YAML.

    def refused(self, error: yaml.YAMLError) -> None:
        """Take down what YAML's reader says."""
        context = getattr(error, "context", None)
        mark = getattr(error, "problem_mark", None)
        # A bracket that is not closed is noticed at the next line's colon.
        if mark is None or "flow" in (context or ""):
            mark = getattr(error, "context_mark", None) or mark
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        line = self.line(mark)
        if mark is None and (at := getattr(error, "position", None)) is not None:
            # The reader's own errors count characters.
            line = self.source.text.count("\n", 0, int(at)) + 1
        said = f"{problem} ({context})" if context and context not in problem else str(problem)
        self.refuse(line, said)

    def refuse(self, line: int, said: str) -> None:
        fix = "mend the line, or the one before it: indents, quotes, a colon and its space"
        if "\t" in self.source.line(line):
            fix = "indent with spaces; YAML takes no tabs"
        elif "control characters" in said or "special characters" in said:
            fix = "save the file as UTF-8, without control characters"
        sentence = f"{self.source.shown} is no valid YAML: {said}"
        self.fault("invalid-yaml", line, sentence, fix)
        self.parsed.broken = True


def scalar(tag: str, text: str, *, plain: bool = True) -> Any:
    """A scalar's value, as Kubernetes' reader takes it.

    Args:
        tag: the type that YAML 1.1 gives it: "int".
        text: as it stands.
        plain: whether it stands without quotes.
    """
    number = text.replace("_", "").lower()
    if tag == "null":
        return None
    if tag == "bool":
        return BOOLS[text.lower()]
    if tag == "int" and ":" not in number:
        digits = number.lstrip("+-")
        base = BASES.get(digits[:2], 8 if digits[:1] == "0" else 10)
        return int(digits, base) * (-1 if number[0] == "-" else 1)
    if tag == "float" and ":" not in number:
        return float(number.replace(".inf", "inf").replace(".nan", "nan"))
    if tag == "str" and plain and FLOAT.fullmatch(text):
        return float(text)
    return text
