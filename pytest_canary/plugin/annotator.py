"""Tells findings where code is reviewed: in a job's output, and in other tools' formats."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

import pytest

from pytest_canary.annotations import github, writing
from pytest_canary.annotations.notice import Notice, home_of, notices
from pytest_canary.config.manifest_files import yaml_files
from pytest_canary.core.errors import CanaryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_canary.annotations.destinations import Destination
    from pytest_canary.context.workspace import Workspace


class Annotator:
    """Writes at the end of a session what it has found, wherever that is asked for.

    Args:
        workspace: of the walk or the check.
        destinations: where it goes.
        tell: writes a line for a person, as it is.
    """

    def __init__(
        self, workspace: Workspace, destinations: Sequence[Destination], tell: Callable[[str], None]
    ) -> None:
        self._workspace = workspace
        self._destinations = destinations
        self._tell = tell
        self._ran = False

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Learn that something is looked at: a file of no findings says that all is well."""
        self._ran = bool(session.items) and not session.config.option.collectonly
        return (yield)

    def pytest_sessionfinish(self) -> None:
        """Write the files; the walk's own cleanup is over by now."""
        for each in self._destinations:
            if self._ran and each.path:
                try:
                    writing.write(each.format, each.path, self._notices(), self._home())
                except CanaryError as error:
                    self._tell(f"\ncanary: {error}")

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self) -> None:
        """Print GitHub's commands, the only ones that nothing has taken their power from."""
        if self._ran and any(each.path is None for each in self._destinations):
            for command in github.commands(self._notices()):
                self._tell(command)

    def _notices(self) -> list[Notice]:
        return notices(self._workspace.journal, self._workspace.project)

    def _home(self) -> str:
        named = self._workspace.plan.settings.files.deployment
        # Where a folder is meant, one of its files: a folder has no lines.
        file = next(iter(yaml_files(named)), named)
        return home_of(file, self._workspace.project)
