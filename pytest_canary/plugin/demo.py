"""`--canary-demo`: the session that walks the bundled app, wherever it is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_canary.core.errors import SettingsError
from pytest_canary.demo import project
from pytest_canary.plugin.collector import leave_out_unnamed_files
from pytest_canary.plugin.pytest_internals import screen


def prepare(config: pytest.Config) -> Path:
    """Make the demo's project in the current folder, and leave the tests out that are there.

    Raises:
        pytest.UsageError: it can't be made.
    """
    try:
        folder = project.ensure(config.invocation_params.dir)
    except SettingsError as error:
        raise pytest.UsageError(str(error)) from None
    leave_out_unnamed_files(config)
    return folder


class Farewell:
    """Tells at the end what can be done with the demo."""

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, config: pytest.Config) -> None:
        """Where it is, and what to do there."""
        shown = screen(config)
        if shown:
            shown.write_line(
                "",
                ours=f"canary: the demo is yours, in {project.FOLDER}: change something there, and "
                "walk again with pytest --canary-demo",
            )
