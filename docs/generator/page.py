"""A page of Markdown, and the parts of it that are generated."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

_BEGIN = re.compile(r"^<!-- generated: (.+) -->$", re.MULTILINE)
# Letters of a cell that are shown of a long sentence.
_LONGEST = 160


class PartError(Exception):
    """A page can't be filled; one sentence that says which, and why."""


def named(text: str) -> list[str]:
    """The parts that a page has room for, in their order."""
    return _BEGIN.findall(text)


def filled(name: str, text: str, parts: Mapping[str, Callable[[], str]]) -> str:
    """A page with every part of it made anew.

    Args:
        name: the page's.
        text: the page's.
        parts: what is made, by its name.

    Raises:
        PartError: a part is none of those, or has no end.
    """
    for part in named(text):
        if part not in parts:
            raise PartError(f"docs/{name} wants `{part}`, and nothing makes that")
        begin, end = f"<!-- generated: {part} -->\n", f"<!-- end of {part} -->\n"
        before, _, rest = text.partition(begin)
        _, found, after = rest.partition(end)
        if not found:
            raise PartError(f"docs/{name}: `{part}` has no line `{end.strip()}`")
        text = f"{before}{begin}\n{parts[part]()}\n\n{end}{after}"
    return text


def table(head: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[str] = ()) -> str:
    """A table of Markdown.

    Args:
        head: the columns' names.
        rows: a text for each of them.
        numbers: the columns that are set as numbers.
    """
    dashes = ["--:" if name in numbers else "---" for name in head]
    lines = [f"| {' | '.join(head)} |", f"|{'|'.join(dashes)}|"]
    lines += [f"| {' | '.join(_cell(each) for each in row)} |" for row in rows]
    return "\n".join(lines)


def shortened(sentence: str) -> str:
    """A sentence, cut between two words where it is long."""
    if len(sentence) <= _LONGEST:
        return sentence
    return sentence[:_LONGEST].rpartition(" ")[0].rstrip(" …") + " …"


def code(text: str) -> str:
    """A text as code; it may hold backquotes."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
