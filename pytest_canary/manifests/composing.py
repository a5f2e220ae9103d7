"""From YAML's text to nodes, and from a scalar's text to its value, as Kubernetes reads them.

YAML 1.1 without dates and base-60 numbers. Nothing that a text does takes a reader's stack.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import yaml

# Tables and lists within each other; an object of Kubernetes has some twenty.
DEEPEST = 100

# Values of a file, those that its aliases stand for included; a hundred CRDs have half as many.
MOST = 100_000

# What PyYAML takes for text and Kubernetes' reader for a number: "12e3", often half a commit's ID.
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)[eE][-+]?[0-9]+")
NUMBER = re.compile(r"[-+]?[0-9][0-9a-fA-FxXoO_.]*")
BOOLS = {"yes": True, "on": True, "true": True, "no": False, "off": False, "false": False}
BASES = {"0b": 2, "0o": 8, "0x": 16}

# Digits of a whole number, in any base; from 20 on it is none that Kubernetes has.
DIGITS = 300


class UnreadableError(Exception):
    """A text that is YAML, and nothing that Kubernetes reads.

    Attributes:
        line: of the text, counted from 0.
        why: as a clause.
    """

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line
        self.why = why


def fastest_loader() -> Any:
    """PyYAML's safe loader: the one in C, twenty times as fast, where PyYAML was built with it."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def compose(text: str) -> Iterator[yaml.Node]:
    """The nodes of a text's documents, in order.

    Raises:
        yaml.YAMLError: it is no YAML.
        UnreadableError: it is nested too deeply, holds too much, or what no file can.
    """
    import yaml

    try:
        text.encode()
    except UnicodeEncodeError as error:
        # A variable may hold any bytes.
        line = text.count("\n", 0, error.start)
        raise UnreadableError(line, "it holds a byte that is no UTF-8") from error
    # The composer in C calls itself for each level, until the process has no stack any more; and
    # what it makes of a value takes a hundred times the memory of its text.
    _check_bounds(text)
    yield from yaml.compose_all(text, Loader=fastest_loader())


def _check_bounds(text: str) -> None:
    import yaml

    begins = (yaml.SequenceStartEvent, yaml.MappingStartEvent)
    ends = (yaml.SequenceEndEvent, yaml.MappingEndEvent)
    depth = count = 0
    try:
        for event in yaml.parse(text, Loader=fastest_loader()):
            line = event.start_mark.line if event.start_mark else 0
            if isinstance(event, begins):
                depth += 1
                if depth > DEEPEST:
                    raise too_deep(line)
            elif isinstance(event, ends):
                depth -= 1
            count += isinstance(event, yaml.NodeEvent)
            # Of each value in a table, its key too.
            if count > 2 * MOST:
                raise too_much(line)
    except yaml.YAMLError:
        return  # the composer comes to it too, after the documents before


def too_deep(line: int) -> UnreadableError:
    """There are more levels than `DEEPEST`."""
    why = f"it is nested deeper than {DEEPEST} levels, or an anchor stands within itself"
    return UnreadableError(line, why)


def too_much(line: int) -> UnreadableError:
    """There are more values than `MOST`."""
    # A few aliases of aliases of aliases stand for billions.
    return UnreadableError(line, f"it holds more than {MOST:,} values, its aliases filled in")


def scalar(tag: str, text: str, *, plain: bool = True) -> Any:
    """A scalar's value, as Kubernetes' reader takes it.

    Args:
        tag: the type that YAML 1.1 gives it: "int".
        text: as it stands.
        plain: whether it stands without quotes.

    Raises:
        ValueError: it says that it is of a type, and isn't.
    """
    number = text.replace("_", "").lower()
    try:
        if tag == "null":
            return None
        if tag == "bool":
            return BOOLS[text.lower()]
        if tag == "int" and ":" not in number:
            return _whole(number)
        if tag == "float" and ":" not in number:
            return float(number.replace(".inf", "inf").replace(".nan", "nan"))
    except (ValueError, KeyError, IndexError):
        # YAML 1.1 takes "0x_" for a number without being asked.
        if NUMBER.fullmatch(text):
            return text
        raise ValueError(f"`{text[:40]}` is no {tag}") from None
    if tag == "str" and plain and FLOAT.fullmatch(text):
        return float(text)
    return text


def _whole(number: str) -> int | float:
    digits = number.lstrip("+-")
    if len(digits) > DIGITS:
        raise ValueError(number)
    base = BASES.get(digits[:2], 8 if digits[:1] == "0" else 10)
    value = int(digits, base) * (-1 if number[0] == "-" else 1)
    # As in Go, what is too large for 64 bits is no whole number any more.
    return value if -(2**63) <= value < 2**64 else math.copysign(float(abs(value)), value)
