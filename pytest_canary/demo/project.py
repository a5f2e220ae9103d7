"""Makes the demo's folder: the bundled files, as a git repository in which a release is tagged."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from pytest_canary.config.git import QUIET, git
from pytest_canary.core.errors import CommandError, SettingsError

FOLDER = "canary-demo"

SETTINGS = Path(__file__).with_name("canary.toml")

# What the wheel has beside the settings, and a clone at its top.
BUNDLED = ("app", "manifests", "apply.sh")
PLACES = (Path(__file__).with_name("bundled"), Path(__file__).parents[2])

# The bundled Dockerfile says by this which release it builds.
LIVE, NEXT = "ARG RELEASE=1", "ARG RELEASE=2"

# Nobody's identity, signature or hook of this machine is needed for a commit of ours.
ITSELF = (
    *QUIET,
    "-c",
    "user.name=pytest-canary",
    "-c",
    "user.email=demo@pytest-canary.invalid",
    "-c",
    "commit.gpgSign=false",
    "-c",
    "tag.gpgSign=false",
)


def ensure(parent: Path) -> Path:
    """The demo's folder in another one: made where it is not there, else left as it is.

    Raises:
        SettingsError: something else is called so, or it can't be made.
    """
    folder = parent / FOLDER
    if os.path.lexists(folder):
        if _is_ours(folder):
            return folder
        raise SettingsError(
            f"--canary-demo: {FOLDER} is there already, and is not the demo's; "
            "remove it, or stand in another folder"
        )
    try:
        _make(folder)
    except CommandError as error:
        raise SettingsError(
            f"--canary-demo: the demo is a git repository, and {error.sentence}; "
            "see that git can be run"
        ) from error
    except OSError as error:
        raise SettingsError(
            f"--canary-demo: {FOLDER} can't be made in {parent}: {error.strerror}; "
            "stand in a folder that can be written to"
        ) from error
    return folder


def _is_ours(folder: Path) -> bool:
    """Whether a folder is the demo's, by the first line of its settings; whatever follows it."""
    try:
        begins = (folder / SETTINGS.name).read_text(errors="replace").partition("\n")[0]
    except OSError:
        return False
    return not folder.is_symlink() and begins == SETTINGS.read_text().partition("\n")[0]


def _make(folder: Path) -> None:
    """Make all of it under another name first, so that there is never half of it."""
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{FOLDER}-") as made:
        project = Path(made) / FOLDER
        project.mkdir()
        source = bundle()
        for name in BUNDLED:
            _copy(source / name, project / name)
        shutil.copy(SETTINGS, project / SETTINGS.name)
        dockerfile = project / "app" / "Dockerfile"
        text = dockerfile.read_text()
        git(project, *QUIET, "-c", "init.defaultBranch=master", "init", "--quiet")
        for release, told in ((text.replace(NEXT, LIVE), "Release 1"), (text, "Release 2")):
            dockerfile.write_text(release)
            git(project, *ITSELF, "add", "--all")
            git(project, *ITSELF, "commit", "--quiet", "--no-verify", f"--message={told}")
            if told == "Release 1":
                git(project, *ITSELF, "tag", "v1")
        project.rename(folder)


def _copy(source: Path, target: Path) -> None:
    """Copy a file or a folder, without what Python has compiled in it."""
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)
        # A wheel's files can't be run everywhere.
        target.chmod(0o755)


def bundle(places: Iterable[Path] = PLACES) -> Path:
    """The folder that has the bundled files: the installed package's, or the clone it is run from.

    Args:
        places: where they may be.

    Raises:
        SettingsError: neither has them.
    """
    for place in places:
        if all((place / name).exists() for name in BUNDLED):
            return place
    raise SettingsError(
        f"--canary-demo: this pytest-canary was installed without {', '.join(BUNDLED)}; "
        "install its wheel"
    )
