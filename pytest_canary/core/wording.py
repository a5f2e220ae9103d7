"""Words for a person: the nearest right one, numbers of things, long texts."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Sequence

# More words than these are no hint.
FEW = 5

# Lines of a long list that are shown; whoever wants all has the report.
LINES = 20


def nearest(wrong: str, right: Iterable[str]) -> str:
    """The right word that comes nearest to a wrong one; empty where none is near."""
    return next(iter(difflib.get_close_matches(wrong, list(right), 1)), "")


def did_you_mean(wrong: str, right: Iterable[str], otherwise: str = "") -> str:
    """A question for the nearest right word: "did you mean image?".

    Args:
        wrong: what stands there.
        right: what may.
        otherwise: what to say where nothing is near.
    """
    near = nearest(wrong, right)
    return f"did you mean {near}?" if near else otherwise


def suggestion(wrong: str, right: Sequence[str], otherwise: str) -> str:
    """What to write instead: the nearest right word, else the few that there are.

    Args:
        wrong: what stands there.
        right: what may.
        otherwise: what to do where nothing may, or too much to list.
    """
    words = list(dict.fromkeys(right))
    few = f"write {' or '.join(words)}" if 0 < len(words) < FEW else otherwise
    return did_you_mean(wrong, right, few)


def plural(number: int, noun: str) -> str:
    """A number of things: "1 stage", "4,212 requests"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def size(value: int) -> str:
    """Bytes in the unit that suits them: "812 B", "1.4 MB"."""
    if value < 1000:
        return f"{value} B"
    power = min(int(math.log(value, 1000)), 4)
    if round(value / 1000**power, 1) >= 1000 and power < 4:
        power += 1
    return f"{value / 1000**power:.1f} {('', 'kB', 'MB', 'GB', 'TB')[power]}"


def cut(text: str, most: int) -> str:
    """A text's beginning: so many letters, and dots where there are more.

    By the dots, `Redactor` knows what is left of a secret that was cut.
    """
    return text if len(text) <= most else f"{text[:most]}…"


def last_line(text: str) -> str:
    """The last line that says something; empty where none does."""
    return next((each.strip() for each in reversed(text.splitlines()) if each.strip()), "")


def steady(text: str) -> str:
    """What of a text stays from run to run: a word with a digit in it becomes "#".

    Such words are numbers, durations, and the names of pods.
    """
    return re.sub(r"\S*\d\S*", "#", text)


def encodable(text: str) -> str:
    """A text that every file can hold: half an emoji, which is no Unicode, as Python escapes it.

    JSON may have one, such as an app's that cuts a text after so many letters.
    """
    return text.encode(errors="backslashreplace").decode()


def times(number: int) -> str:
    """How often: "not at all", "once", "3 times"."""
    return {0: "not at all", 1: "once"}.get(number, f"{number} times")


def first_lines(lines: Sequence[str]) -> str:
    """The first 20 lines of a list, and how many more there are."""
    more = [f"… and {len(lines) - LINES:,} more"] if len(lines) > LINES else []
    return "\n".join([*lines[:LINES], *more])
