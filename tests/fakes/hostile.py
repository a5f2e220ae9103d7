"""Input that nobody means: what Hypothesis makes of values, texts and files that are right."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

NASTY = (
    "",
    "\0",
    "a\0b",
    "日本",
    "a\nb",
    " ",
    "-",
    "x" * 300,
    "x" * 5000,
    "../" * 100,
    "{unique}",
    "$PORT ${img} $$",
    "{{ x }}",
    "\x1b[2J",
    "\ud83d",
    "*",
    "(",
    "%s%n",
    "none",
    "/",
    "=",
    "A=B",
)
"""Texts that some reader, program or pattern takes for something else."""

NUMBERS = (0, -1, 1, 2**31, 2**63, 2**64, 10**30, 10**4000, 1.5, 1e12, 1e300, -0.0)
ODD = (float("inf"), float("-inf"), float("nan"))
DATES = (datetime.date(2020, 1, 1), datetime.datetime(2020, 1, 1), datetime.time(1))

YAML = "[]{}:-&*!|>'\"#%@`,?=<~ \n\t\0a1_x.$"
SNIPPETS = (
    *NASTY[:-4],
    "0x_",
    "!!int abc",
    "!!bool maybe",
    "2020-02-31",
    "1" * 5000,
    "[" * 200,
    "{{" * 200,
    "{a: " * 50,
    "&a [*a]",
    "<<: *a",
    "- - -",
    "---",
    "!foo bar",
    "'\\x'",
    '"\\ud800"',
    ".inf",
    "~",
    "|\n",
    "\t",
    "? {a: b}",
    "matchLabels: 5",
    "\ufeff",
)
"""What a line of YAML or a template may hold."""


def _tables(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    keys = st.sampled_from([*(each for each in NASTY if "\ud83d" not in each), "a", "key"])
    return st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3)


TEXTS = st.sampled_from(NASTY) | st.text(max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.sampled_from([*NUMBERS, *ODD]) | st.integers() | TEXTS, _tables
)
"""What JSON may hold, and a little more."""

TOML = st.recursive(
    st.booleans()
    | st.sampled_from([*NUMBERS, *ODD, *DATES])
    | TEXTS.filter(lambda text: text.isprintable() or "\ud83d" not in text),
    _tables,
)
"""What a table of TOML may hold."""


@st.composite
def spoilt(draw: st.DrawFn, text: str, snippets: tuple[str, ...] = SNIPPETS) -> str:
    """A text with some places changed."""
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        end = min(len(text), at + draw(st.sampled_from([0, 0, 1, 5, 40])))
        text = text[:at] + draw(st.sampled_from(snippets) | st.text(YAML, max_size=8)) + text[end:]
    return text


@st.composite
def altered(
    draw: st.DrawFn, document: Any, values: st.SearchStrategy[Any] = VALUES, times: int = 3
) -> Any:
    """A document with some of its values in the place of others."""
    for _ in range(draw(st.integers(1, times))):
        document = _with(document, draw(st.sampled_from(_places(document))), lambda: draw(values))
    return document


def _places(document: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value in a document."""
    found = [place]
    if isinstance(document, dict):
        keys: Any = document
    elif isinstance(document, list):
        keys = range(len(document))
    else:
        return found
    for key in keys:
        found += _places(document[key], (*place, key))
    return found


def _with(document: Any, place: tuple[Any, ...], value: Callable[[], Any]) -> Any:
    if not place:
        return value()
    copy = document.copy()
    copy[place[0]] = _with(copy[place[0]], place[1:], value)
    return copy
