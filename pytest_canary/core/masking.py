"""The doors' one keeper: what a person is shown holds no secret, and no command."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import NoReturn

from pytest_canary.core.harmless import harmless
from pytest_canary.core.secret_forms import forms
from pytest_canary.core.secret_variables import USERINFO

MASK = "********"

# Where somebody has cut a text; so many letters of a secret tell it there, and blanks hide it not.
_CUT = re.compile(r"…|\.\.\.")
_TELLING = 4
_BLANKS = 8

# A URL whose password may not be told from its host yet; nobody waits for the end of a longer one.
_URL_BEGUN = re.compile(r":(?:/(?:/[^\s/]*)?)?\Z")
_LONGEST_URL = 1_000

# Lines that base64 was broken into.
_WRAPPED = re.compile(
    r"(?<![A-Za-z0-9+/_-])(?:[A-Za-z0-9+/_-]{60,76}\r?\n[ \t]*)+[A-Za-z0-9+/_=-]+"
)


class Redactor:
    """Takes secrets out of texts, in whatever form they stand there.

    A secret is known raw, in base64 (alone or anywhere in a longer text that was encoded as a
    whole), percent-encoded, as an escape in JSON, HTML or YAML, quoted for a shell, and line by
    line; what is left of one where a text was cut, by the dots there; and what nobody has told, by
    the URL that it stands in. There is no way to print one: not even what debuggers and tracebacks
    ask shows any.

    Args:
        secrets: what nobody may read; an empty one is none.
    """

    __slots__ = ("__adding", "__all", "__forms", "__secrets")

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self.__secrets: frozenset[str] = frozenset()
        self.__forms: tuple[str, ...] = ()
        self.__all = ""
        self.__adding = threading.Lock()
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """Take these out of every text too, from now on; from any thread."""
        with self.__adding:
            known = self.__secrets | set(filter(None, secrets))
            if known != self.__secrets:
                found = {form for secret in known for form in forms(secret)}
                self.__secrets, self.__forms = known, tuple(sorted(found, key=len, reverse=True))
                self.__all = "\0".join(self.__forms)

    def redact(self, text: str) -> str:
        """The text as a person may be shown it: without secrets, and harmless."""
        masked = self.mask(text)
        safe = harmless(masked)
        # A colour may have stood in a secret, or a line end of Windows'.
        return masked if safe == masked else self.mask(safe)

    def mask(self, text: str) -> str:
        """The text with asterisks for every secret; for two that overlap, once."""
        parts, end = [], 0
        for begin, after in self._spans(text):
            parts += [text[end:begin], MASK]
            end = after
        return "".join([*parts, text[end:]]) if end else text

    def stream(self, write: Callable[[str], None]) -> RedactedStream:
        """For a text that comes in pieces, between two of which a secret may be cut."""
        return RedactedStream(self, write)

    def settled_length(self, text: str) -> int:
        """How much of a text's beginning stays as it is, whatever follows.

        What follows may make a secret of the text's end.
        """
        settled = len(text)
        for form in self.__forms:
            at = text.find(form[0], max(0, len(text) - len(form) + 1))
            while 0 <= at < settled:
                if form.startswith(text[at:]):
                    settled = at
                at = text.find(form[0], at + 1)
        begun = _URL_BEGUN.search(text, max(0, settled - _LONGEST_URL), settled)
        if begun:
            settled = begun.start()
        for begin, after in self._spans(text):
            if begin < settled < after:
                return begin
        return settled

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where secrets begin and end, in order, with those that overlap made one."""
        found = [*self._unknown(text)]
        # Without a secret there is nothing to be found, however long it is searched for.
        if self.__forms:
            found += [*self._wrapped_spans(text), *self._stumps(text)]
        for form in self.__forms:
            size = len(form)
            at = text.find(form)
            while at >= 0:
                found.append((at, at + size))
                # The last one that overlaps with this one, so that "aaaa…" takes no step a letter.
                again = text.rfind(form, at + 1, at + 2 * size - 1)
                at = again if again >= 0 else text.find(form, at + size)
        found = [(at, after) for at, after in found if at < after]
        if not found:
            return
        begin, end = min(found)
        for at, after in sorted(found):
            if at >= end:
                yield begin, end
                begin = at
            end = max(end, after)
        yield begin, end

    def _unknown(self, text: str) -> Iterator[tuple[int, int]]:
        """The passwords in URLs, whoever has made them up."""
        for found in USERINFO.finditer(text):
            yield found.span(1)

    def _wrapped_spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Blocks of base64 that hold a secret, which their line ends may have broken."""
        for found in _WRAPPED.finditer(text):
            whole = "".join(found[0].split())
            if any(form in whole for form in self.__forms):
                yield found.span()

    def _stumps(self, text: str) -> Iterator[tuple[int, int]]:
        """What is left of secrets beside the dots that tell of a cut."""
        sides = [
            (_before(text, cut.start()), _after(text, cut.end())) for cut in _CUT.finditer(text)
        ]
        size = _TELLING
        ends = {text[at - size : at] for at, _ in sides if at >= size}
        begins = {text[at : at + size] for _, at in sides}
        ends, begins = ({each for each in known if each in self.__all} for known in (ends, begins))
        for at, after in sides:
            if text[max(0, at - size) : at] in ends:
                heads = (_head(form, text, at) for form in self.__forms)
                yield at - max(heads, default=0), at
            if text[after : after + size] in begins:
                tails = (_tail(form, text, after) for form in self.__forms)
                yield after, after + max(tails, default=0)

    def __repr__(self) -> str:
        return MASK

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("secrets are not to be stored")


class RedactedStream:
    """Hands a text on as it comes, without the secrets in it; who shows it makes it harmless.

    It keeps back an end that may be the beginning of a secret, until more comes or `close`.

    Args:
        redactor: knows the secrets.
        write: told each piece.
    """

    def __init__(self, redactor: Redactor, write: Callable[[str], None]) -> None:
        self._redactor = redactor
        self._write = write
        self._rest = ""

    def write(self, text: str) -> None:
        """Hear more of it."""
        text = self._rest + text
        settled = self._redactor.settled_length(text)
        self._rest = text[settled:]
        if settled:
            self._write(self._redactor.mask(text[:settled]))

    def close(self) -> None:
        """Hand on what was kept back: nothing follows."""
        rest, self._rest = self._rest, ""
        if rest:
            self._write(self._redactor.mask(rest))


def _before(text: str, at: int) -> int:
    """Where the text ends that stands before a place, but for a few blanks."""
    return at - len(text[max(0, at - _BLANKS) : at]) + len(text[max(0, at - _BLANKS) : at].rstrip())


def _after(text: str, at: int) -> int:
    """Where the text begins that stands behind a place, but for a few blanks."""
    blanks = text[at : at + _BLANKS]
    return at + len(blanks) - len(blanks.lstrip())


def _head(form: str, text: str, at: int) -> int:
    """How many of a form's first letters a text ends with at a place; 0 for too few to tell."""
    sizes = range(min(len(form) - 1, at), _TELLING - 1, -1)
    return next((size for size in sizes if text.endswith(form[:size], 0, at)), 0)


def _tail(form: str, text: str, at: int) -> int:
    """How many of a form's last letters a text begins with at a place; 0 for too few to tell."""
    sizes = range(len(form) - 1, _TELLING - 1, -1)
    return next((size for size in sizes if text.startswith(form[-size:], at)), 0)
