"""What an update without a canary asks of the settings."""

from __future__ import annotations

from pytest_canary.config.settings import Settings
from pytest_canary.core.errors import SettingsError

NO_CANARY = "there is no canary, as replicas.canary is 0: the baseline is updated as a whole"
"""Why what is about a canary is not walked."""


def expect_update(settings: Settings) -> None:
    """Return where the settings say all that a walk without a canary needs.

    Raises:
        SettingsError: a command would need a pod of the candidate's before there is one.
    """
    commands, way = settings.commands, settings.migration.way
    if settings.database.image == "none":
        return
    what = ""
    if way == "exec" and commands.migrate:
        what = "commands.migrate"
        fix = (
            "let a Job, a hook of the chart's, an init container or the app itself migrate, and "
            "say so by migration.by; or set commands.migrate = [] where nothing does"
        )
    elif way == "job" and commands.ping:
        what, fix = "commands.ping", "take it out"
    if what:
        raise SettingsError(
            f"{settings.source}: replicas.canary = 0: {what} is run in a pod of the candidate, and "
            f"without a canary there is none before the update; {fix}"
        )
