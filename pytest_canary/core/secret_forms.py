"""Every way in which a secret may stand in a text."""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

# Letters from which on a line of a secret, or an encoding of one, is told from any other text.
SHORTEST = 6

# What percent-encoders leave as it is: all but letters and digits encoded, paths, and JavaScript's
# two functions.
SAFE = ("", "/", "!'()*", ";,/?:@&=+$!'()*#")

# Go's JSON, and so Kubernetes', escapes what HTML has a meaning for.
GO = str.maketrans({"<": r"\u003c", ">": r"\u003e", "&": r"\u0026"})


def forms(secret: str) -> Iterator[str]:
    """The secret as it is, line by line, encoded and escaped."""
    parts = [part.strip() for part in (secret, *secret.splitlines())]
    for each in {secret, *(part for part in parts if len(part) >= SHORTEST)}:
        yield from (form for form in _encoded_forms(each) if len(form) >= SHORTEST)
        yield from _escaped_forms(each)


def _encoded_forms(text: str) -> Iterator[str]:
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


def _escaped_forms(text: str) -> Iterator[str]:
    yield text
    for ascii_only in (True, False):
        escaped = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        for once in (escaped, escaped.translate(GO), escaped.replace("/", r"\/")):
            yield once
            yield json.dumps(once, ensure_ascii=ascii_only)[1:-1]  # JSON in a text of JSON's
    for shown in (repr(text)[1:-1], repr(text.encode(errors="surrogateescape"))[2:-1]):
        yield shown
        yield shown.replace("\\'", "'")
        yield re.sub(r"(?<!\\)'", r"\'", shown)
    yield html.escape(text)
    yield html.escape(text, quote=False)
    yield text.replace("'", "''")  # YAML and SQL
    # A shell's quotes: shlex's, those of Go and ksh, double ones, and none at all.
    yield shlex.quote(text).removeprefix("'").removesuffix("'")
    yield text.replace("'", r"'\''")
    yield re.sub(r'([$`"\\])', r"\\\1", text)
    yield re.sub(r"([^\w@%+=:,./-])", r"\\\1", text)
