"""What the acceptance tests share: the engine, the bundled releases, projects to rehearse.

`make acceptance` sets the variables that name the node image and the base images.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator

import docker
import pytest
from acceptance.projects import KUBECONFIG, ROOT, Project, addressbook_settings, needed, nodes


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    """The container engine."""
    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture(scope="session")
def new_project(
    tmp_path_factory: pytest.TempPathFactory, engine: docker.DockerClient
) -> Iterator[Callable[[str], Project]]:
    """Make a project's folder, with a home and a kubeconfig of its own; reap it in the end."""
    made: list[Project] = []

    def make(name: str) -> Project:
        root = tmp_path_factory.mktemp(name)
        home = tmp_path_factory.mktemp(f"{name}-home")
        (home / "kubeconfig").write_text(KUBECONFIG)
        project = Project(
            root,
            {
                **{k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")},
                "XDG_STATE_HOME": str(home / "state"),
                "KUBECONFIG": str(home / "kubeconfig"),
                "COLUMNS": "120",
            },
            nodes(engine),
        )
        made.append(project)
        return project

    yield make
    for project in made:
        if project.runs:
            project.pytest("--canary-reap")


@pytest.fixture(scope="session")
def releases(engine: docker.DockerClient) -> dict[str, str]:
    """The bundled addressbook's two releases, as images of the engine."""
    base = {"BASE": needed("PYTHON_IMAGE")}
    for release in ("1", "2"):
        engine.images.build(
            path=str(ROOT / "app"),
            buildargs={**base, "RELEASE": release},
            tag=f"addressbook:{release}",
        )
    return {"1": "addressbook:1", "2": "addressbook:2"}


@pytest.fixture(scope="session")
def addressbook_project(new_project: Callable[[str], Project]) -> Callable[[str], Project]:
    """Make a copy of the bundled project, on the images that this machine has."""

    def make(name: str) -> Project:
        project = new_project(name)
        for folder in ("app", "manifests"):
            shutil.copytree(ROOT / folder, project.root / folder)
        shutil.copy(ROOT / "apply.sh", project.root)
        shutil.copy(ROOT / "examples" / "test_release.py", project.root)
        project.write("canary.toml", addressbook_settings())
        return project

    return make
