"""Secrets: which values are some, and how each of their forms is taken out of a text."""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NoReturn
from urllib.parse import quote, quote_plus

MASK = "********"

# Letters from which on a value may be a secret, and a line or an encoding is told from any other.
SHORTEST = 6

# What percent-encoders leave as it is: all but letters and digits encoded, paths, and JavaScript's
# two functions.
SAFE = ("", "/", "!'()*", ";,/?:@&=+$!'()*#")

# Go's JSON, and so Kubernetes', escapes what HTML has a meaning for.
GO = str.maketrans({"<": r"\u003c", ">": r"\u003e", "&": r"\u0026"})


def secrets_of(variables: Mapping[str, str]) -> list[str]:
    """The values that no screen, log or report may show, by their variables' names.

    A shorter one, such as "3600" or "true", is none, and is in every text.
    """
    return [
        value
        for key, value in variables.items()
        if re.search("PASSWORD|SECRET|TOKEN|KEY", key.upper()) and len(value) >= SHORTEST
    ]


class Redactor:
    """Takes secrets out of texts, in whatever form they stand there.

    A secret is known raw, in base64 (alone or anywhere in a longer text that was encoded as a
    whole), percent-encoded, as an escape in JSON, HTML or YAML, quoted for a shell, and line by
    line. There is no way to print one: not even what debuggers and tracebacks ask shows any.

    Args:
        secrets: what nobody may read; an empty one is none.
    """

    __slots__ = ("__forms", "__secrets")

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self.__secrets: frozenset[str] = frozenset()
        self.__forms: tuple[str, ...] = ()
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """Take these out of every text too, from now on; from any thread."""
        known = self.__secrets | set(filter(None, secrets))
        if known != self.__secrets:
            found = {form for secret in known for form in _forms(secret)}
            self.__secrets, self.__forms = known, tuple(sorted(found, key=len, reverse=True))

    def redact(self, text: str) -> str:
        """The text with asterisks for every secret; for two that overlap, once."""
        parts, end = [], 0
        for begin, after in self._spans(text):
            parts += [text[end:begin], MASK]
            end = after
        return "".join([*parts, text[end:]]) if end else text

    def stream(self, write: Callable[[str], None]) -> RedactedStream:
        """For a text that comes in pieces, between two of which a secret may be cut."""
        return RedactedStream(self, write)

    def settled(self, text: str) -> int:
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
        for begin, after in self._spans(text):
            if begin < settled < after:
                return begin
        return settled

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where secrets begin and end, in order, with those that overlap made one."""
        found = []
        for form in self.__forms:
            size = len(form)
            at = text.find(form)
            while at >= 0:
                found.append((at, at + size))
                # The last one that overlaps with this one, so that "aaaa…" takes no step a letter.
                again = text.rfind(form, at + 1, at + 2 * size - 1)
                at = again if again >= 0 else text.find(form, at + size)
        if not found:
            return
        begin, end = min(found)
        for at, after in sorted(found):
            if at >= end:
                yield begin, end
                begin = at
            end = max(end, after)
        yield begin, end

    def __repr__(self) -> str:
        return MASK

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("secrets are not to be stored")


class RedactedStream:
    """Hands a text on as it comes, without the secrets in it.

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
        settled = self._redactor.settled(text)
        self._rest = text[settled:]
        if settled:
            self._write(self._redactor.redact(text[:settled]))

    def close(self) -> None:
        """Hand on what was kept back: nothing follows."""
        rest, self._rest = self._rest, ""
        if rest:
            self._write(self._redactor.redact(rest))


def _forms(secret: str) -> Iterator[str]:
    """Every way in which a secret may stand in a text."""
    parts = [part.strip() for part in (secret, *secret.splitlines())]
    for each in {secret, *(part for part in parts if len(part) >= SHORTEST)}:
        yield from (form for form in _encoded(each) if len(form) >= SHORTEST)
        yield from _escaped(each)


def _encoded(text: str) -> Iterator[str]:
    data = text.encode(errors="surrogateescape")
    for alphabet in (b"+/", b"-_"):
        alone = base64.b64encode(data, alphabet).decode()
        yield alone
        yield alone.rstrip("=")
        for offset in range(3):
            # Of the letters that the text before and after has a part in, none is known.
            whole = base64.b64encode(b"\0" * offset + data, alphabet).decode()
            yield whole[(8 * offset + 5) // 6 : 8 * (offset + len(data)) // 6]
    for safe in SAFE:
        for encode in (quote, quote_plus):
            encoded = encode(text, safe, errors="surrogateescape")
            yield encoded
            yield re.sub("%..", lambda code: code[0].lower(), encoded)


def _escaped(text: str) -> Iterator[str]:
    yield text
    for ascii_only in (True, False):
        escaped = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        for once in (escaped, escaped.translate(GO), escaped.replace("/", r"\/")):
            yield once
            yield json.dumps(once, ensure_ascii=ascii_only)[1:-1]  # JSON in a text of JSON's
    yield repr(text)[1:-1]
    yield html.escape(text)
    yield html.escape(text, quote=False)
    yield text.replace("'", "''")  # YAML and SQL
    # A shell's quotes: shlex's, those of Go and ksh, double ones, and none at all.
    yield shlex.quote(text).removeprefix("'").removesuffix("'")
    yield text.replace("'", r"'\''")
    yield re.sub(r'([$`"\\])', r"\\\1", text)
    yield re.sub(r"([^\w@%+=:,./-])", r"\\\1", text)
