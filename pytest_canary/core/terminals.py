"""A terminal that is nobody's: what runs on it takes it for a person's."""

from __future__ import annotations

import contextlib
import os
import pty
import select
from collections.abc import Sequence

from pytest_canary.core.pipes import CHUNK


class Terminal:
    """A pseudo-terminal, from the side where a person would sit; for one thread.

    It must be closed, once, which hangs it up: the command on it gets SIGHUP.
    """

    def __init__(self) -> None:
        self._ours, self._theirs = pty.openpty()
        self._name = os.ttyname(self._theirs)

    def argv(self, words: Sequence[str]) -> list[str]:
        """The command on this terminal; it must be the first of a session, whose terminal it is.

        A session gets the first terminal that its leader opens.
        """
        return ["/bin/sh", "-c", 'exec "$@" <>"$0" >&0 2>&1', self._name, *words]

    def write(self, text: str) -> None:
        """Type a text; where nobody is there any more to read it, nothing happens."""
        with contextlib.suppress(OSError):
            os.write(self._ours, text.encode())

    def read(self, timeout: float) -> bytes:
        """What has been shown since; empty where nothing comes within these seconds."""
        # There is no end, as this side keeps the other one open: who reads looks whether the
        # command still runs.
        ready = select.select([self._ours], [], [], timeout)[0]
        return os.read(self._ours, CHUNK) if ready else b""

    def close(self) -> None:
        """Hang up."""
        for side in (self._theirs, self._ours):
            os.close(side)
