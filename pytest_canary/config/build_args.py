"""Build arguments whose names mean something outside of the build too."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pytest_canary.core.secret_variables import secrets_of

# Those of proxies mean the same to the docker command and to the build, and may hold a password;
# Docker leaves them out of the history.
_PROXY = re.compile(r"(HTTP|HTTPS|FTP|NO|ALL)_PROXY$", re.IGNORECASE)

# The environment of the docker command and what it starts.
_DOCKERS_OWN = re.compile(
    r"(PATH|HOME|USER|TMPDIR|GODEBUG|NO_COLOR)$|(DOCKER|BUILDX|BUILDKIT|COMPOSE|XDG|SSH|SSL|LD|OTEL)_"
)


def is_dockers_own(name: str) -> bool:
    """Whether the docker command itself reads a variable of that name."""
    return bool(_DOCKERS_OWN.match(name))


def secret_names(args: Mapping[str, str]) -> list[str]:
    """The names of those whose values look like secrets."""
    return [name for name, value in args.items() if secrets_of({name: value})]


def notes(args: Mapping[str, str]) -> list[str]:
    """What a person should know of them, a sentence each."""
    return [
        f"build-arg {name} looks like a secret: in the last build stage, it stays in the image's "
        "history, for whoever has the image"
        for name in secret_names(args)
        if not _PROXY.match(name)
    ]
