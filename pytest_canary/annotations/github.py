"""GitHub's workflow commands: a line each, which its runner takes from a job's output."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pytest_canary.annotations.notice import Notice
from pytest_canary.core.wording import cut

# A runner shows no more of a message than 4,096 letters.
MESSAGE = 4_000
TITLE = 200


def commands(found: Iterable[Notice]) -> Iterator[str]:
    """`::error file=F,line=N,title=T::MESSAGE` for each."""
    for each in found:
        properties = {"file": each.file, "line": str(each.line or ""), "title": _title(each)}
        given = ",".join(f"{name}={_value(text)}" for name, text in properties.items() if text)
        yield f"::{each.level} {given}::{_message(cut(each.text, MESSAGE))}"


def _title(each: Notice) -> str:
    return cut(f"canary: {each.rule}", TITLE)


def _message(text: str) -> str:
    """A text on one line, as the runner writes it anew: with nothing in it that ends a command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _value(text: str) -> str:
    """A property's, which must not end it, nor begin another one."""
    return _message(text).replace(":", "%3A").replace(",", "%2C")
