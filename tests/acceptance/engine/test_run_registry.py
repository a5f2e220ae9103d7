"""The run's registry, for real: jobs log in, push and pull with docker's own command."""

from __future__ import annotations

import io
import tarfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest
from acceptance.projects import needed
from docker.models.containers import Container
from fakes.jobs import commands, one_job, runner

from pytest_canary.cluster.container_engine import Image
from pytest_canary.cluster.engine import Engine
from pytest_canary.cluster.leftovers import Inventory
from pytest_canary.cluster.reaping import reap
from pytest_canary.cluster.run import Run, registry_label
from pytest_canary.cluster.teardown import tear_down
from pytest_canary.core.errors import CanaryError, ClusterError, FoundError, ImageError
from pytest_canary.core.findings import Finding
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Waiter
from pytest_canary.jobs.environment import Secret
from pytest_canary.jobs.programs import install_programs
from pytest_canary.jobs.results import CommandResult
from pytest_canary.registry.client import Client, Login
from pytest_canary.registry.registry import Registry

ADA = Login("ada", "m0123456789abcdef01234567")
SECRET = Secret({"DOCKER_USERNAME": ADA.user, "DOCKER_PASSWORD": ADA.password})
LOGIN = 'echo "$DOCKER_PASSWORD" | docker login -u "$DOCKER_USERNAME" --password-stdin'


@dataclass
class Bench:
    """A run with a registry, an image to push, and jobs that push it."""

    client: docker.DockerClient
    engine: Engine
    run: Run
    registry: Registry
    folder: Path
    made: set[str]

    @property
    def server(self) -> Container:
        """The registry's container."""
        (name,) = self.engine.labelled_containers(registry_label(self.run.id))
        return self.client.containers.get(name)

    def image(self, name: str, text: str = "one") -> Image:
        """An image of a few bytes that has a name."""
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            entry = tarfile.TarInfo("what")
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
        repository, _, tag = name.rpartition(":")
        found = self.client.api.import_image_from_data(
            archive.getvalue(), repository=repository, tag=tag
        )
        assert found
        self.made.add(name)
        known = self.engine.find(name)
        assert known
        return known

    def job(self, *lines: str) -> list[CommandResult]:
        """What came of a job's commands, which has the secret."""
        folder = self.folder / uuid.uuid4().hex
        (folder / "run").mkdir(parents=True)
        programs = install_programs(folder / "programs")
        self.registry.offer(folder / "programs")
        definition = one_job(*lines, secrets=[{"name": "dockerhub"}])
        secrets = {"dockerhub": SECRET}
        made = runner(folder / "run", definition, programs=programs, secrets=secrets)
        return commands(made.run())

    def found(self, *lines: str) -> list[Finding]:
        """What is found of a job alone."""
        before = self.registry.findings()
        assert self.job(*lines)[-1].code != 0
        return [each for each in self.registry.findings() if each not in before]


@pytest.fixture(scope="module", autouse=True)
def _state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The runs' records are the tests' own."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


def begun(asked: Engine) -> Run:
    """A run that works with the engine."""
    run = Run.start(Path("/somewhere/shop"))
    run.note(engine=asked.id, endpoint=asked.endpoint)
    return run


@pytest.fixture(scope="module")
def start(
    engine: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Bench]]:
    """Starts a registry that belongs to a run of its own."""
    benches: list[Bench] = []

    def make() -> Bench:
        asked = Engine()
        run = begun(asked)
        registry = Registry.start(
            run,
            asked,
            Processes(),
            Waiter(),
            image=needed("REGISTRY_IMAGE"),
            logins=[ADA],
        )
        made = Bench(engine, asked, run, registry, tmp_path_factory.mktemp("jobs"), set())
        benches.append(made)
        return made

    yield make
    for bench in benches:
        for name in bench.made:
            bench.engine.untag(name)
        with suppress(CanaryError):
            tear_down(bench.run, bench.engine, Processes())


@pytest.fixture(scope="module")
def bench(start: Callable[[], Bench]) -> Bench:
    """One that several tests share, each with repositories of its own."""
    return start()


def test_a_job_logs_in_pushes_and_pulls_by_the_names_that_its_pipeline_has(bench: Bench) -> None:
    image = bench.image("ada/shop:w-1")
    results = bench.job(
        LOGIN,
        "docker push ada/shop:w-1",
        "docker rmi ada/shop:w-1",
        "docker pull ada/shop:w-1",
    )
    assert [each.code for each in results] == [0, 0, 0, 0]
    assert "Login Succeeded" in results[0].output
    assert "The push refers to repository [docker.io/ada/shop]" in results[1].output
    back = bench.engine.find("ada/shop:w-1")
    assert back
    assert back.id == image.id
    assert bench.registry.findings() == []
    digest = bench.registry.digest("ada/shop:w-1")
    assert f"w-1: digest: {digest}" in results[1].output
    assert bench.registry.digest(f"ada/shop@{digest}") == digest


def test_a_wrong_password_is_found(bench: Bench) -> None:
    (found,) = bench.found('echo "$DOCKRE_PASSWORD" | docker login -u ada --password-stdin')
    assert found.code == "RegistryLoginRefused"
    assert found.evidence == "Error: Cannot perform an interactive login from a non TTY device"
    (found,) = bench.found("docker login -u ada -p wrong registry.invalid:5000")
    assert found.sentence == (
        "the login to registry.invalid:5000 is refused: user and password are not those of the "
        "registry"
    )


def test_each_host_wants_a_login_of_its_own(bench: Bench) -> None:
    bench.image("registry.invalid/shop:1")
    (found,) = bench.found(LOGIN, "docker push registry.invalid/shop:1")
    assert found.code == "RegistryLoginMissing"
    assert found.sentence == (
        "the push of registry.invalid/shop:1 is refused: the job has not logged in to "
        "registry.invalid"
    )


def test_a_cloud_logs_in_to_its_own_registry(bench: Bench) -> None:
    bench.image("gcr.io/shop/app:1")
    bench.image("ecr.invalid/shop:1")
    results = bench.job(
        "gcloud auth configure-docker -q",
        "docker push gcr.io/shop/app:1",
        "export ECR_REGISTRY=ecr.invalid",
        "aws ecr get-login --no-include-email | bash",
        "docker push ecr.invalid/shop:1",
    )
    assert [each.code for each in results] == [0] * 5
    assert bench.registry.login.password not in results[3].output


def test_a_tag_that_somebody_else_has_moved_is_found(bench: Bench) -> None:
    bench.image("ada/moving:w-1")
    assert [each.code for each in bench.job(LOGIN, "docker push ada/moving:w-1")] == [0, 0]
    before = bench.registry.findings()
    theirs = bench.image("somebodys:1", "two")
    bench.registry.publish(theirs, "ada/moving:w-1")
    (found,) = [each for each in bench.registry.findings() if each not in before]
    assert found.code == "TagMoved"
    assert found.sentence.startswith("tag w-1 of docker.io/ada/moving has moved: sha256:")


def test_what_was_never_pushed_is_found(bench: Bench) -> None:
    with pytest.raises(FoundError) as failure:
        bench.registry.digest("ada/never:1")
    assert failure.value.findings[0].code == "RepositoryMissing"
    assert bench.job(LOGIN, "docker pull ada/never:latest || echo none")[-1].output.endswith(
        "none\n"
    )


def test_the_last_good_image_is_there_or_it_is_found(bench: Bench) -> None:
    image = bench.image("live:1")
    digest = bench.registry.publish(image, "ada/live:1")
    assert bench.registry.digest("ada/live:1") == digest
    bench.registry.publish(bench.image("live:2", "two"), "ada/live:2")
    place = f"{bench.run.record.registry_part}/docker.io/ada/live"
    assert bench.registry.client.delete(place, digest).status == 202
    with pytest.raises(FoundError) as failure:
        bench.registry.digest("ada/live:1")
    assert failure.value.sentence == (
        "there is no docker.io/ada/live:1 any more: its repository has 2"
    )


def test_an_image_is_only_there_with_all_of_its_parts(bench: Bench) -> None:
    bench.registry.publish(bench.image("broken:1", "broken"), "ada/broken:1")
    inside = bench.server
    root = "/var/lib/registry/docker/registry/v2"
    repository = f"{bench.run.record.registry_part}/docker.io/ada/broken"
    listed = inside.exec_run(["ls", f"{root}/repositories/{repository}/_layers/sha256"])
    assert isinstance(listed.output, bytes)
    # Its configuration or its only layer.
    part = listed.output.decode().split()[0]
    path = f"{root}/blobs/sha256/{part[:2]}/{part}"
    assert inside.exec_run(["rm", "-r", path]).exit_code == 0
    with pytest.raises(FoundError) as failure:
        bench.registry.digest("ada/broken:1")
    assert failure.value.sentence == (
        "docker.io/ada/broken:1 is there by name alone: 1 part of it is not"
    )


def test_nobody_gets_in_without_its_login_or_without_its_certificate(bench: Bench) -> None:
    registry = bench.registry.client
    assert registry.ping().status == 200
    assert Client(registry.port, registry.certificate).ping().codes == ("UNAUTHORIZED",)
    wrong = Login(ADA.user, "wrong")
    assert Client(registry.port, registry.certificate, wrong).ping().status == 401


def test_a_registry_that_is_gone_is_found_and_leaves_nothing(start: Callable[[], Bench]) -> None:
    bench = start()
    name = bench.image("ada/shop:w-2").ref
    assert [each.code for each in bench.job(LOGIN, f"docker push {name}")] == [0, 0]
    inventory = Inventory(bench.run, bench.engine, Processes())
    before = inventory.take()
    assert before.containers == (f"canary-{bench.run.id}-registry",)
    assert any("/docker.io/ada/shop:w-2" in each for each in before.images)
    server = bench.server
    (volume,) = [str(each["Name"]) for each in server.attrs["Mounts"]]
    server.stop(timeout=0)

    codes = [each.code for each in bench.found(LOGIN)]
    codes += [each.code for each in bench.found(f"docker push {name}")]
    assert codes == ["RegistryUnreachable", "RegistryUnreachable"]
    with pytest.raises(FoundError) as failure:
        bench.registry.digest(name)
    assert failure.value.findings[0].code == "RegistryUnreachable"

    # As one whose process was killed.
    bench.run.release()
    told: list[str] = []
    assert reap(bench.engine, kept=False, tell=told.append) == 1
    after = inventory.take()
    assert (after.containers, after.images) == ((), ())
    assert volume not in bench.engine.volumes()
    assert not bench.run.folder.exists()
    kept = bench.client.images.get(name)
    assert kept.attrs["RepoTags"] == [name]
    assert not kept.attrs["RepoDigests"]


def test_an_image_that_is_no_registry_is_told(engine: docker.DockerClient) -> None:
    asked = Engine()
    run = begun(asked)

    def told(image: str) -> CanaryError:
        with pytest.raises(CanaryError) as failure:
            Registry.start(run, asked, Processes(), Waiter(), image=image)
        return failure.value

    try:
        none = told("registry.invalid/none")
        assert isinstance(none, ImageError)
        assert none.sentence.startswith("image registry.invalid/none is not in the engine, and ")
        python = told(needed("PYTHON_IMAGE"))
        assert isinstance(python, ClusterError)
        assert python.sentence == (
            f"the run's registry does not serve: container canary-{run.id}-registry is exited; "
            "see that the setting registry.image names a registry"
        )
    finally:
        tear_down(run, asked, Processes())
    assert asked.labelled_containers(registry_label(run.id)) == {}
