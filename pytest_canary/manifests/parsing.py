"""YAML as Kubernetes reads it, each value with its line.

Read as `kubectl` does, keys as text. Where a key stands twice, the last one counts, and the fault
is told.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_canary.core.wording import size
from pytest_canary.manifests.composing import (
    DEEPEST,
    MOST,
    UnreadableError,
    compose,
    scalar,
    too_deep,
    too_much,
)
from pytest_canary.manifests.documents import (
    LARGEST,
    Document,
    Fault,
    Place,
    Source,
    Unfit,
    place_text,
)

if TYPE_CHECKING:
    import yaml

# Faults of a file that are told; who mends them sees the others.
MOST_FAULTS = 500


@dataclass
class Parsed:
    """What a file holds.

    Attributes:
        documents: its objects.
        values: what each of its YAML documents holds, be it an object or not.
        faults: what can't be read, or is read otherwise than it looks.
        broken: whether it is no YAML, or has none in it.
    """

    documents: list[Document] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    broken: bool = False


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
        for node in compose(text):
            reader.document(node)
    except yaml.YAMLError as error:
        reader.note_error(error)
    except UnreadableError as error:
        reader.refuse(reader.origin_of(error.line), error.why)
    except RecursionError:
        # A table that is merged into itself goes no level deeper.
        reader.refuse(1, too_deep(0).why)
    if source.too_large:
        reader.refuse(1, f"it has more than {size(LARGEST)}")
    parsed = reader.parsed
    if not parsed.documents and not parsed.faults:
        parsed.broken = True
        sentence, fix = f"{source.shown} is empty", "put the manifest into it"
        parsed.faults.append(Fault(source, 1, sentence, fix, "invalid-yaml"))
    return parsed


class _Reader:
    """Turns YAML's nodes into values, and remembers their lines."""

    def __init__(self, source: Source, origin: list[int]) -> None:
        self.source = source
        self.origin = origin
        self.parsed = Parsed()
        self.lines: dict[Place, int] = {}
        self.count = 0

    def line(self, mark: yaml.Mark | None) -> int:
        """The file's line where a mark of the rendered text stands."""
        return self.origin_of(mark.line if mark else 0)

    def origin_of(self, number: int) -> int:
        """The file's line that a line of the rendered text, counted from 0, comes from."""
        return self.origin[min(number, len(self.origin) - 1)] if self.origin else 1

    def document(self, node: yaml.Node) -> None:
        """Take one document; an empty one is none, and a List's items are objects of their own."""
        self.lines = {}
        value = self.value(node, ())
        if value is None:
            return
        self.parsed.values.append(value)
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
        if len(self.parsed.faults) < MOST_FAULTS:
            self.parsed.faults.append(Fault(self.source, line, sentence, fix, rule))

    # Values.

    def value(self, node: yaml.Node, place: Place) -> Any:
        import yaml

        line = node.start_mark.line
        self.lines.setdefault(place, self.origin_of(line))
        self.count += 1
        if self.count > MOST:
            raise too_much(line)
        if len(place) > DEEPEST:
            raise too_deep(line)
        if isinstance(node, yaml.MappingNode):
            return self.table(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(each, (*place, i)) for i, each in enumerate(node.value)]
        # The library in C has an empty style where the other has none.
        plain = isinstance(node, yaml.ScalarNode) and not node.style
        try:
            return scalar(node.tag.rpartition(":")[2], node.value, plain=plain)
        except ValueError as error:
            raise UnreadableError(line, str(error)) from error

    def table(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        # First which value counts, then that one alone: the line of a place is its own.
        last: dict[str, tuple[int, yaml.Node]] = {}
        merges = []
        for key_node, value_node in node.value:
            if key_node.tag.endswith(":merge"):
                merges.append(value_node)
                continue
            key, line = self.key(key_node), self.line(key_node.start_mark)
            if key in last:
                self.twice(key, place, last[key][0], line)
            last[key] = line, value_node
        found: dict[str, Any] = {}
        for key, (line, value_node) in last.items():
            self.lines.setdefault((*place, key), line)
            found[key] = self.value(value_node, (*place, key))
        merged: dict[str, Any] = {}
        for value_node in merges:
            below = self.value(value_node, place)
            for each in below if isinstance(below, list) else [below]:
                merged = each | merged if isinstance(each, dict) else merged
        return merged | found

    def key(self, node: yaml.Node) -> str:
        if not isinstance(node.value, str):
            line = node.start_mark.line
            raise UnreadableError(line, "a key that is no text, but a list or a table")
        return node.value

    def twice(self, key: str, place: Place, first: int, line: int) -> None:
        where = f" in {place_text(place)}" if place else ""
        sentence = f"key {key} is set twice{where}; what line {first} says is lost"
        fix = f"keep one of the two: line {first} or line {line}"
        self.fault("duplicate-key", line, sentence, fix)

    # What is no YAML.

    def note_error(self, error: yaml.YAMLError) -> None:
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
