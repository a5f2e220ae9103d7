"""A release's transitions that come to no good end."""

from __future__ import annotations

from pytest_canary.context.context import Context
from pytest_canary.core.errors import FoundError
from pytest_canary.release.transitions import OwnTransitions
from pytest_canary.rendering.version import Version


class _Found(OwnTransitions):
    """The harness's own, of which one finds something."""

    def __init__(self, context: Context, found: FoundError) -> None:
        super().__init__(context.release, context.database, lambda: context.candidate)
        self._error = found


class NoCanary(_Found):
    """There is no canary in the end."""

    def canary(self, version: Version) -> None:
        raise self._error


class NotPassed(_Found):
    """What has migrated fails after that."""

    def expect_passed(self) -> None:
        raise self._error
