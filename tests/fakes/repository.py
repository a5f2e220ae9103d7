"""A project in a real git repository, whoever's machine it is on."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from fakes.folders import ROOT

FILES = ("Dockerfile", "apply.sh", "manifests/deployment.yml", "manifests/service.yml")
"""The addressbook's layout."""

# No configuration of the machine's; submodules may be cloned from folders, as the tests' own are.
OWN = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_COUNT": "2",
    "GIT_CONFIG_KEY_0": "protocol.file.allow",
    "GIT_CONFIG_VALUE_0": "always",
    "GIT_CONFIG_KEY_1": "init.defaultBranch",
    "GIT_CONFIG_VALUE_1": "main",
    "GIT_TEMPLATE_DIR": "",
    "GIT_AUTHOR_NAME": "someone",
    "GIT_AUTHOR_EMAIL": "someone@example.invalid",
    "GIT_COMMITTER_NAME": "someone",
    "GIT_COMMITTER_EMAIL": "someone@example.invalid",
}


@pytest.fixture(autouse=True)
def own_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git as on no machine in particular; and nothing above tmp_path is a repository."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for name, value in OWN.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with the addressbook's layout, not in git yet."""
    return lay_out(tmp_path / "project")


@pytest.fixture
def tagged(tmp_path: Path, history: Path) -> Path:
    """A project with v1.3 and v1.4 before HEAD, and v2.0 on it."""
    return shutil.copytree(history, tmp_path / "project")


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `tagged` is a copy of."""
    folder = lay_out(tmp_path_factory.mktemp("history") / "project")
    into_git(folder, "v1.3")
    commit(folder, "v1.4")
    commit(folder)
    commit(folder, "v2.0")
    return folder


def lay_out(project: Path) -> Path:
    """Make a project's files."""
    for name in FILES:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("{}\n")
    return project


def git(folder: Path, *words: str) -> str:
    """Run git in a folder; what it says ends with the test."""
    usual = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    done = subprocess.run(
        ["git", "-C", folder, *words], check=True, capture_output=True, text=True, env=usual | OWN
    )
    return done.stdout.strip()


def commit(folder: Path, *tags: str) -> str:
    """Commit what is there, and tag it; returns the commit's ID."""
    git(folder, "add", "-A")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", "x")
    for tag in tags:
        git(folder, "tag", tag)
    return git(folder, "rev-parse", "HEAD")


def into_git(folder: Path, *tags: str) -> str:
    """Make a folder a repository, commit what is there, and tag it; returns the commit's ID."""
    git(folder, "init", "--quiet")
    return commit(folder, *tags)


def manifests_of_two_versions(project: Path) -> Path:
    """The bundled app's manifests in git, tagged v1, and in a newer version since."""
    shutil.copytree(ROOT / "manifests", project / "manifests")
    shutil.copy(ROOT / "apply.sh", project)
    (project / "Dockerfile").touch()
    into_git(project, "v1")
    with (project / "manifests" / "deployment.yml").open("a") as template:
        template.write("# Nothing but this has changed.\n")
    return project
