"""Which renderer makes the objects of a project's files."""

from __future__ import annotations

from pathlib import Path

from pytest_canary.config.settings import Files
from pytest_canary.rendering.apply_script import ApplyScript
from pytest_canary.rendering.renderer import Renderer


def renderer_of(files: Files, root: Path) -> Renderer:
    """The renderer that files are meant for.

    Args:
        files: the project's, or those of another of its revisions.
        root: the folder that paths are told from.
    """
    return ApplyScript(files.deployment, files.service, files.apply, root)
