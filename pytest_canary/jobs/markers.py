"""What a job's secrets hold: values that are nobody's, by which it is known where they come out.

A variable is looked for where its name says that it is secret, as everywhere else: a user's name in
a secret stands in image names too. Of a file, what a JSON document says is secret, and else each
line's last word, where it is long and no address.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator

from pytest_canary.core.secret_variables import secrets_of
from pytest_canary.jobs.environment import Secret

# Letters from which on a word of a file may be a key.
LONG = 16


def mark_secret(variables: Iterable[str] = (), files: Iterable[str] = ()) -> Secret:
    """A secret with a value of its own for each variable and file.

    A value is of lower-case letters and digits, so that it may stand in an image's name, a URL and
    a shell's command as it is.
    """
    return Secret(
        {name: f"m{secrets.token_hex(12)}" for name in variables},
        {path: f"m{secrets.token_hex(12)}\n" for path in files},
    )


def words_to_watch(known: Iterable[Secret]) -> dict[str, str]:
    """What is to come out nowhere, by names that `Disclosure` takes for a secret's.

    Two secrets may have one variable: each value has a name of its own.
    """
    found: dict[str, str] = {}
    for secret in known:
        values = [
            (name, value)
            for name, whole in secret.variables.items()
            for value in secrets_of({name: whole})
        ]
        values += [
            (f"the file {path}", word)
            for path, content in secret.files.items()
            for word in _words(content)
        ]
        for name, value in values:
            found[f"secret {name} ({len(found)})"] = value
    return found


def plain_names(names: Iterable[str]) -> tuple[str, ...]:
    """What was watched, as a person is told it: a variable's or file's name, once."""
    called = (name.removeprefix("secret ").rsplit(" (", 1)[0] for name in names)
    return tuple(dict.fromkeys(called))


def _words(content: str) -> Iterator[str]:
    if content.lstrip().startswith("{"):
        yield from secrets_of({"": content})
        return
    for line in content.splitlines():
        word = line.split()[-1] if line.split() else ""
        if len(word) >= LONG and "://" not in word:
            yield word
