"""Examples of the repository, copied to where a test may change them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from fakes.folders import ROOT


def copied(name: str, folder: Path) -> Path:
    """An example of the bundled addressbook, with the app beside it, in a folder of the test's."""
    project = folder / "example"
    shutil.copytree(ROOT / "examples" / name, project)
    shutil.copytree(ROOT / "app", folder / "app")
    for settings in project.glob("*.toml"):
        settings.write_text(settings.read_text().replace("../../app", "../app"))
    return project


def checked(project: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """`pytest --canary-check` in a project."""
    argv = [sys.executable, "-m", "pytest", "--canary-check", "-p", "no:cacheprovider", *more]
    return subprocess.run(argv, cwd=project, capture_output=True, text=True, check=False)
