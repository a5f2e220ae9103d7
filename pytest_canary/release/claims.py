"""What a release has applied in a namespace that is not the run's own: labelled, to be known."""

from __future__ import annotations

import re
from collections.abc import Callable

from pytest_canary.core.errors import CanaryError, ReleaseError

# What `kubectl apply` says of each object.
_APPLIED = re.compile(
    r"^(?P<name>[a-z0-9.-]+/[a-z0-9.:-]+) (?P<how>created|configured|unchanged|serverside-applied)$"
)


class Claims:
    """Labels every object as soon as kubectl tells of it.

    Args:
        label: the label and its value, "pytest-canary/run=1a2b3c".
        note: writes a name down, before the label is there.
    """

    def __init__(self, label: str, note: Callable[[str], None]) -> None:
        self._label = label
        self._note = note
        self._own: set[str] = set()
        self._error: CanaryError | None = None

    def announce(self, name: str) -> None:
        """Write down what is about to be made with the label, as kubectl calls it."""
        self._own.add(name)
        self._note(name)

    def hear(self, line: str, kubectl: Callable[..., str]) -> None:
        """Take a line of what applies the manifests; errors wait for `check`.

        Args:
            line: it.
            kubectl: runs kubectl in the namespace.
        """
        match = _APPLIED.match(line.strip())
        if match is None or match["name"] in self._own:
            return
        name = match["name"]
        if match["how"] in ("configured", "unchanged"):
            self._error = self._error or ReleaseError(
                f"{name} was there before the release, which has applied it all the same; "
                "name another --canary-namespace, as this one is in use"
            )
            return
        self._own.add(name)
        self._note(name)
        try:
            kubectl("label", "--overwrite", name, self._label)
        except CanaryError as error:
            self._error = self._error or error

    def check(self) -> None:
        """Return unless something that is not the run's own was applied, or can't be labelled.

        Raises:
            ReleaseError: with what.
        """
        if self._error:
            raise self._error
