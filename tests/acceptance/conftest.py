"""What the acceptance tests share: the engine, the bundled releases, projects to rehearse.

`make acceptance` sets the variables that name the node image and the base images.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
from acceptance.homes import forget, sessions, sweep
from acceptance.lanes import Lanes, faults_left, open_lanes
from acceptance.projects import KUBECONFIG, Ailing, Project, addressbook_settings, needed, nodes
from acceptance.quiet import Quiet, taking_part
from acceptance.tables import write_lines
from acceptance.under_way import Seen, write
from fakes.folders import FIXTURES, ROOT


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is marked `first` comes first."""
    items.sort(key=lambda item: item.get_closest_marker("first") is None)


@pytest.fixture(scope="session", autouse=True)
def quiet(request: pytest.FixtureRequest) -> Iterator[Quiet]:
    """This session's part in when tests that compare latencies may begin."""
    with taking_part(sessions(), lambda line: write_lines(request.config, [line])) as part:
        yield part


@pytest.fixture(autouse=True)
def _alone(request: pytest.FixtureRequest, quiet: Quiet) -> None:
    if request.node.get_closest_marker("alone"):
        quiet.begin()


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    """The container engine."""
    try:
        client = docker.from_env()
        client.ping()
    except docker.errors.DockerException as error:
        pytest.fail(f"no container engine answers: {error}")
    yield client
    client.close()


@pytest.fixture(scope="session")
def homes() -> Iterator[Path]:
    """Where the projects' users have their homes; what killed sessions left there goes first."""
    sweep()
    folder = sessions() / str(os.getpid())
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    forget(folder)


@pytest.fixture(scope="session")
def new_project(
    tmp_path_factory: pytest.TempPathFactory, homes: Path, engine: docker.DockerClient
) -> Iterator[Callable[[str], Project]]:
    """Make a project's folder, with a home and a kubeconfig of its own; reap it in the end."""
    made: list[Project] = []

    def make(name: str) -> Project:
        root = tmp_path_factory.mktemp(name)
        home = homes / root.name
        home.mkdir()
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
            rm=True,
            buildargs={**base, "RELEASE": release},
            tag=f"addressbook:{release}",
        )
    return {"1": "addressbook:1", "2": "addressbook:2"}


@pytest.fixture(scope="session")
def ailing(releases: dict[str, str], engine: docker.DockerClient) -> Iterator[Ailing]:
    """Builds a release with an ailment, unless it was built, and names its image.

    fixtures/canaries/ says what ails it.
    """
    made: set[str] = set()

    def build(release: str, ailment: str) -> str:
        name = f"{releases[release]}-{ailment}"
        if name not in made:
            arguments = {"CANDIDATE": releases[release], "AILMENT": ailment}
            folder = str(FIXTURES / "canaries")
            engine.images.build(path=folder, rm=True, buildargs=arguments, tag=name)
            made.add(name)
        return name

    yield build
    for name in made:
        engine.images.remove(name)


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


@pytest.fixture(scope="session")
def shared(addressbook_project: Callable[[str], Project]) -> Project:
    """A project whose runs share a cluster, which is there.

    Each run has a namespace of its own in it, and there is one at a time. What proves that a
    cluster is made and removed has a project of its own.
    """
    project = addressbook_project("shared")
    (project.root / "test_release.py").unlink()
    made = project.pytest("--canary", "--canary-reuse", "--canary-until=cluster")
    assert made.code == 0
    return project


@pytest.fixture(scope="session")
def benches(
    shared: Project,
    releases: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
    quiet: Quiet,
) -> Iterator[Lanes]:
    """Where the faults are rehearsed that -k has left, until the last of them is told.

    They wait for kubelets most of the time. Whoever compares no latencies goes on beside them.
    """
    chosen = faults_left(request.session)
    number = 1 if all(fault.has_traffic for fault in chosen) else 3
    # Before the first begins, as others are under way once one of them needs quiet.
    if any(fault.has_traffic for fault in chosen):
        quiet.begin()
    lanes = open_lanes(shared, tmp_path_factory.mktemp("faults"), releases, chosen, number)
    yield lanes
    lanes.close()


@pytest.fixture(scope="session")
def seen(request: pytest.FixtureRequest) -> Iterator[Seen]:
    """What came of trouble under way, of which the table is made in the end."""
    found: Seen = {}
    yield found
    write(found, [item.name for item in request.session.items])
