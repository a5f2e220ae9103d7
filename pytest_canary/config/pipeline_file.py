"""The pipeline of Semaphore's that is looked at: named by the option, or else by the settings."""

from __future__ import annotations

from pathlib import Path

from pytest_canary.config.options import Options
from pytest_canary.config.settings import Settings
from pytest_canary.core.errors import SettingsError
from pytest_canary.core.wording import cut

# Letters that are shown of a name.
SHOWN = 200


def find_pipeline(settings: Settings, options: Options) -> Path | None:
    """The file; None where nobody names one, be there a `.semaphore/semaphore.yml` or not.

    Raises:
        SettingsError: there is no such file.
    """
    if options.pipeline is None:
        return settings.root / settings.pipeline.file if settings.pipeline.file else None
    # What a shell completes is relative to where one stands; a CI's line, to the root.
    paths = [folder / options.pipeline for folder in (Path.cwd(), settings.root)]
    found = next((path for path in paths if _is_file(path)), None)
    if found is None:
        shown = cut(options.pipeline, SHOWN)
        raise SettingsError(f"--canary-pipeline: there is no file {shown} in {settings.root}")
    return found


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False  # a name that no file system takes
