"""Secrets in the forms that tools make of them, and what gets at a terminal or a CI.

Without the product's own lists, which are what is tested.
"""

import base64
import json
import re
import shlex
import traceback
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

# What may stand before a secret in a text that is encoded as a whole.
BEFORE = ("", "a", "ab")

# A clipboard, a cleared screen, text turned round, and three kinds of CI's commands.
HOSTILE = (
    "\x1b]52;c;cm0gLXJmIC8=\x07\x1b[2J\x1b[H86 passed \u202eno\n"
    "::stop-commands::x\n  ::error file=a::b\n##vso[task.setvariable variable=A]b\n##[group]c"
)
HARM = re.compile("[\x1b\x07\u202e]|^ *::|##(?:vso)?\\[", re.MULTILINE)


def on_screen(error: BaseException) -> str:
    """What a script's reader sees of an error that nobody has caught."""
    return "".join(traceback.format_exception(error))


def forms(secret: str) -> Iterator[str]:
    """A secret alone, as something may tell it."""
    yield secret
    yield from (line for line in secret.splitlines() if len(line) > 8)
    yield base64.b64encode(secret.encode()).decode()
    yield quote(secret)
    yield quote(secret, safe="")
    yield shlex.quote(secret)
    yield repr(secret.encode())[2:-1]
    yield secret.replace("\n", "\r\n")
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]


def encoded(secret: str) -> Iterator[str]:
    """A longer text in base64, with a secret in it."""
    for before in BEFORE:
        yield base64.b64encode(f"{before}{secret}z".encode()).decode()


def leaks(secrets: Iterable[str], shown: Mapping[str, str]) -> list[str]:
    """Where a secret has come out, and in which form; and where something does harm.

    Args:
        secrets: what nobody is to read.
        shown: texts, each by where it was found.
    """
    told = [form for each in secrets for form in forms(each)]
    # The ends of what is encoded are shared with its neighbours.
    told += [text[4:-4] for each in secrets for text in encoded(each)]
    # What is left of one where a text was cut; but a key's first and last line are no secrets.
    told += [part for each in secrets for part in (each[:8], each[-8:]) if "-----" not in part]
    return [
        *(f"{where}: {form}" for where in shown for form in told if form in shown[where]),
        *(f"{where}: {harm!r}" for where in shown for harm in HARM.findall(shown[where])),
    ]
