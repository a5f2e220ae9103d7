"""Regular expressions in conditions: PCRE at Semaphore, Python's here, which agree on most."""

from __future__ import annotations

import re
import threading
import warnings
from dataclasses import dataclass

from pytest_canary.conditions.errors import ConditionError

# An escape, or a class in brackets: in both a star means something else.
_OPAQUE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)

# What both say of what is no regular expression to either.
_BROKEN = re.compile(
    r": not a regular expression: "
    r"(nothing to repeat|missing \)|unterminated character set|unbalanced parenthesis)"
)

# A star after a plain character where the pattern, or one of its alternatives, ends.
_STAR = re.compile(r"[\w/-]\*(?=\$?(?:\||\)|\Z))")


# The process has one set of filters for warnings: of two threads that change it at a time, the
# second would put back what the first has changed. No warning can be asked for without it.
_FILTERS = threading.Lock()


def compile_pattern(pattern: str, place: str = "") -> re.Pattern[str]:
    r"""The pattern, ready to be searched for; `\w` and `\d` are ASCII's, as in PCRE.

    Raises:
        ConditionError: "pattern": it is none, or Python would read it otherwise than PCRE.
    """
    at = f"{pattern!r} at {place}: " if place else ""
    try:
        with _FILTERS, warnings.catch_warnings():
            # What Python warns of is what it reads otherwise: POSIX classes, sets of sets.
            warnings.simplefilter("error", FutureWarning)
            return re.compile(pattern, re.ASCII)
    except FutureWarning as warning:
        problem = f"{at}Python and Semaphore read it in two ways: {warning}"
        raise ConditionError("pattern", problem) from warning
    except (re.error, ValueError, RecursionError, OverflowError) as error:
        raise ConditionError("pattern", f"{at}not a regular expression: {error}") from error


def expect_pattern(pattern: str, place: str) -> None:
    """Return unless the pattern is none for PCRE either, of which Python knows less than Semaphore.

    Raises:
        ConditionError: "pattern".
    """
    try:
        compile_pattern(pattern, place)
    except ConditionError as error:
        if _BROKEN.search(str(error)):
            raise


@dataclass(frozen=True)
class Star:
    """A star at a pattern's end that reads like a shell's: in `^hotfix*`.

    Attributes:
        letter: what it repeats: "x".
        rest: the pattern without both, which matches no more than it: "^hotfi".
        plain: the pattern without the star: "^hotfix".
    """

    letter: str
    rest: str
    plain: str


def trailing_star(pattern: str) -> Star | None:
    """The first of them; None where there is none."""
    found = _STAR.search(_OPAQUE.sub(lambda each: "\0" * len(each.group()), pattern))
    if found is None:
        return None
    begin, end = pattern[: found.start()], pattern[found.end() :]
    letter = pattern[found.start()]
    return Star(letter, begin + end, begin + letter + end)
