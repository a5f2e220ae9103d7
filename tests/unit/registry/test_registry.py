"""The run's registry as jobs, the node and the walk have it: an engine in memory, a TLS server.

Docker's own command is a script that tells what reaches it; the real one is asked in
`tests/acceptance/engine`.
"""

from __future__ import annotations

import json
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from fakes.jobs import one_job, runner
from fakes.registry import OTHER, Bench, job
from fakes.registry import bench as bench
from fakes.tls import DIGEST

from pytest_canary.cluster.container_engine import Image
from pytest_canary.cluster.run import registry_label
from pytest_canary.core.errors import ClusterError, FoundError, ImageError, WaitTimeoutError
from pytest_canary.jobs.asks import Asks
from pytest_canary.jobs.programs import install_programs
from pytest_canary.registry.client import Login


def test_it_is_the_runs_before_it_is_there(bench: Bench) -> None:
    registry = bench.start()
    assert bench.run.record.registry
    (server,) = bench.engine.serving
    assert server.label == registry_label(bench.run.id)
    assert server.name == f"canary-{bench.run.id}-registry"
    # Everyone who may use the engine can read these.
    assert registry.login.password not in str(server.environment)
    (accounts,) = [text for path, text in server.files.items() if path.endswith("htpasswd")]
    users = [line.partition(":$2b$04$")[0] for line in accounts.splitlines()]
    assert users == [f"canary-{bench.run.id}", "AWS", "ada"]
    assert registry.login.password not in accounts


def test_nobody_is_let_in_without_a_name_or_a_password(bench: Bench) -> None:
    bench.start(logins=[Login("", "x"), Login("bea", "")])
    (accounts,) = [t for p, t in bench.engine.serving[0].files.items() if p.endswith("htpasswd")]
    assert len(accounts.splitlines()) == 2


def test_a_container_that_ends_is_told_with_its_last_words(bench: Bench) -> None:
    bench.engine.silent = "container it is exited"
    with pytest.raises(ClusterError) as failure:
        bench.start()
    assert failure.value.sentence == (
        "the run's registry does not serve: container it is exited; see that the setting "
        "registry.image names a registry"
    )
    assert failure.value.evidence == "it has nothing to serve"
    assert bench.run.record.registry, "it is removed all the same"


def test_a_registry_that_does_not_answer_is_waited_for_and_told(bench: Bench) -> None:
    bench.engine.serves = False
    with pytest.raises(WaitTimeoutError, match=r"waited 60 s for the run's registry to answer"):
        bench.start()


def test_a_job_pushes_by_the_name_that_its_pipeline_has(bench: Bench) -> None:
    registry = bench.start()
    address, part = f"127.0.0.1:{registry.client.port}", f"canary-{bench.run.id}"
    bench.answer("docker.io/ada/shop/manifests/w-1", 200)
    results = job(
        bench,
        registry,
        "echo enigma-of-ada | docker login -u ada --password-stdin",
        "docker push ada/shop:w-1",
        "docker pull ada/shop:w-1",
    )
    assert [each.code for each in results] == [0, 0, 0]
    place = f"{address}/{part}/docker.io/ada/shop:w-1"
    # What it has pushed, it has of the registry, whatever the engine has.
    assert bench.said[1:] == [
        f"tag ada/shop:w-1 {place}",
        f"push {place}",
        f"pull {place}",
        f"tag {place} ada/shop:w-1",
    ]
    assert "refers to repository [docker.io/ada/shop]" in results[1].output
    assert registry.findings() == []
    assert [(each.what, each.name) for each in registry.attempts()] == [
        ("login", "docker.io"),
        ("push", "docker.io/ada/shop:w-1"),
        ("pull", "docker.io/ada/shop:w-1"),
    ]


def test_who_runs_the_jobs_is_told_of_a_push_that_came_through_and_of_no_other(
    bench: Bench,
) -> None:
    registry = bench.start()
    folder = bench.folder / "programs"
    programs = install_programs(folder)
    registry.offer(folder)
    asks, told, over = Asks(folder), [], threading.Event()

    def answer() -> None:
        while not over.wait(0.02):
            for ask in asks.new():
                told.append((ask.kind, *ask.arguments))
                ask.answer()

    (bench.folder / "run").mkdir()
    definition = one_job(
        "docker push ada/shop:w-1 || docker login -u ada -p enigma-of-ada",
        "docker push ada/shop:w-1",
    )
    answering = threading.Thread(target=answer)
    answering.start()
    try:
        runner(bench.folder / "run", definition, programs=programs).run()
    finally:
        over.set()
        answering.join()
    assert told == [("push", "ada/shop:w-1")]


@pytest.mark.parametrize(
    ("command", "host", "user"),
    [
        ("docker login -u ada -p enigma-of-ada", "docker.io", "ada"),
        ("docker login --username=ada --password=enigma-of-ada gcr.io", "gcr.io", "ada"),
        ("docker login -uada -penigma-of-ada https://index.docker.io/v1/", "docker.io", "ada"),
        ("docker login https://Gcr.io:5000/shop -u ada -p enigma-of-ada", "gcr.io-5000", "ada"),
    ],
)
def test_a_login_is_understood_in_each_of_dockers_ways(
    bench: Bench, command: str, host: str, user: str
) -> None:
    assert [each.code for each in job(bench, bench.start(), command)] == [0]
    (said,) = bench.said
    config, *words = said.split()
    assert Path(config).name == host
    assert words[:4] == ["login", "-u", user, "--password-stdin"]
    assert words[-1] == "<enigma-of-ada"


def test_a_login_that_is_refused_fails_the_job_and_is_found(bench: Bench) -> None:
    registry = bench.start()
    (result,) = job(bench, registry, "docker login -u ada -p wrong")
    assert result.code == 1
    (found,) = registry.findings()
    assert found.code == "RegistryLoginRefused"
    assert found.sentence == (
        "the login to docker.io is refused: user and password are not those of the registry"
    )
    assert found.evidence == "docker.io: 401 Unauthorized"


def test_a_login_to_one_host_is_none_to_another_and_a_logout_ends_it(bench: Bench) -> None:
    registry = bench.start()
    results = job(
        bench,
        registry,
        "docker login -u ada -p enigma-of-ada",
        "docker push gcr.io/shop:1 || true",
        "docker logout",
        "docker push ada/shop:1",
    )
    assert [each.code for each in results] == [0, 0, 0, 1]
    assert [each.sentence for each in registry.findings()] == [
        "the push of gcr.io/shop:1 is refused: the job has not logged in to gcr.io",
        "the push of docker.io/ada/shop:1 is refused: the job has not logged in to docker.io",
    ]


@pytest.mark.parametrize(
    ("login", "host"),
    [
        ("gcloud auth configure-docker -q", "eu.gcr.io"),
        ("gcloud auth configure-docker", "europe-docker.pkg.dev"),
        ("doctl registry login", "registry.digitalocean.com"),
    ],
)
def test_a_cloud_logs_in_to_its_own_registry(bench: Bench, login: str, host: str) -> None:
    registry = bench.start()
    results = job(bench, registry, login, f"docker push {host}/shop:1", "docker push ada/shop:1")
    assert [each.code for each in results] == [0, 0, 1]


def test_the_password_that_a_cloud_hands_out_is_the_runs(bench: Bench) -> None:
    registry = bench.start()
    results = job(bench, registry, "aws ecr get-login | bash")
    assert bench.said == [
        f"{bench.folder}/job-0/1-1/home/.docker/canary/registry.invalid login -u AWS "
        f"--password-stdin 127.0.0.1:{registry.client.port} <{registry.login.password}"
    ]
    assert registry.login.password not in results[0].output


def test_what_others_build_on_is_taken_from_the_engine(bench: Bench) -> None:
    registry = bench.start()
    (result,) = job(bench, registry, "docker pull python:3")
    assert (result.code, result.output) == (0, "canary: python:3 is in the engine\n")
    (result,) = job(bench, registry, "docker pull ada/shop:latest")
    assert result.code == 1
    (found,) = registry.findings()
    assert found.code == "RegistryLoginMissing"


def test_a_tag_that_moves_after_the_push_is_found(bench: Bench) -> None:
    registry = bench.start()
    bench.answer("docker.io/ada/shop/manifests/w-1", 200)
    job(bench, registry, "docker login -u ada -p enigma-of-ada", "docker push ada/shop:w-1")
    assert registry.findings() == []
    for pushed in (bench.run.folder / "registry" / "attempts").glob("*"):
        pushed.write_text(pushed.read_text().replace(DIGEST, OTHER))
    (found,) = registry.findings()
    assert found.code == "TagMoved"
    assert found.seen == f"pushed {OTHER}, now {DIGEST}"
    status = {"name": "shop", "imageID": f"docker.io/ada/shop@{DIGEST}"}
    pod = {
        "metadata": {"name": "shop-1"},
        "spec": {"containers": [{"name": "shop", "image": "ada/shop:w-1"}]},
        "status": {"containerStatuses": [status]},
    }
    assert [each.code for each in registry.find_moved([pod])] == ["TagMoved"]


def test_a_node_looks_for_every_host_in_the_registry_and_for_what_is_pushed_under_its_name(
    bench: Bench,
) -> None:
    registry = bench.start(hosts=["docker.io"])
    bench.answer("gcr.io/shop/manifests/1", 200)
    registry.tell("node")
    written = (bench.folder / "written").read_text()
    part = f"canary-{bench.run.id}"
    assert f".svc:5000/v2/{part}/nowhere" in written
    assert f".svc:5000/v2/{part}/docker.io" in written
    assert "gcr.io" not in written
    assert bench.said[-1].endswith(f" sh 172.18.0.9 {part}-registry.svc")
    job(bench, registry, "docker login -u ada -p enigma-of-ada gcr.io", "docker push gcr.io/shop:1")
    assert f'.svc:5000/v2/{part}/gcr.io"' in (bench.folder / "written").read_text()
    assert bench.said[-1].endswith(" sh /etc/containerd/certs.d/gcr.io")


def test_what_is_live_is_published_and_known_by_its_digest(bench: Bench) -> None:
    registry = bench.start()
    registry.tell("node")
    bench.answer("gcr.io/shop/manifests/1", 200, {"layers": []})
    assert registry.publish(Image("sha256:0", "shop:live"), "gcr.io/shop:1") == DIGEST
    place = f"127.0.0.1:{registry.client.port}/canary-{bench.run.id}/gcr.io/shop:1"
    assert bench.engine.tagged == [place]
    assert f"push --quiet {place}" in bench.said
    assert any(each.endswith("/etc/containerd/certs.d/gcr.io hosts.toml") for each in bench.said)
    assert registry.digest("gcr.io/shop:1") == DIGEST
    (bench.folder / "refuses").write_text("no space left on device")
    with pytest.raises(ImageError) as failure:
        registry.publish(Image("sha256:0", "shop:live"), "gcr.io/shop:2")
    assert failure.value.sentence == (
        "gcr.io/shop:2 can't be pushed to the run's registry: `docker` exited with code 1"
    )
    assert "no space left on device" in failure.value.evidence


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({"manifests/1": (404, {}), "tags/list": (200, {"tags": ["2"]})}, "ImageGone"),
        ({"tags/list": (404, {"errors": [{"code": "NAME_UNKNOWN"}]})}, "RepositoryMissing"),
        ({"manifests/1": (401, {})}, "RegistryLoginRefused"),
        ({"manifests/1": (503, {})}, "RegistryUnreachable"),
        ({"manifests/1": (200, {"config": {"digest": OTHER}})}, "ImageGone"),
    ],
)
def test_an_image_that_is_not_there_any_more_is_found(
    bench: Bench, answers: dict[str, tuple[int, Any]], code: str
) -> None:
    registry = bench.start()
    for path, (status, content) in answers.items():
        bench.answer(f"docker.io/ada/shop/{path}", status, content)
    with pytest.raises(FoundError) as failure:
        registry.digest("ada/shop:1")
    assert failure.value.findings[0].code == code


def test_a_pull_secret_has_the_runs_login(bench: Bench) -> None:
    registry = bench.start(hosts=["gcr.io"])
    made = registry.pull_secret("registry")
    assert json.loads(made["stringData"][".dockerconfigjson"]) == {
        "auths": {"gcr.io": {"username": registry.login.user, "password": registry.login.password}}
    }


def test_only_its_user_reads_what_it_writes(bench: Bench) -> None:
    bench.start()
    assert stat.S_IMODE(bench.run.folder.stat().st_mode) == 0o700
