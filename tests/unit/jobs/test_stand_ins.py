"""What stands in for what must not happen: small programs, each recording what it was asked."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes.jobs import commands, one_job, runner
from fakes.repository import commit, git

from pytest_canary.jobs.calls import Call, CallRecord
from pytest_canary.jobs.definition import define
from pytest_canary.jobs.programs import install_programs
from pytest_canary.jobs.results import CommandResult

Do = Callable[..., CommandResult]

# The machine's own, which tell what reaches them.
DOCKER = """#!/bin/sh
if [ "$1 $2" = "image inspect" ]; then [ "$3" = app:2 ]; exit; fi
echo real docker $*
"""
KUBECTL = "#!/bin/sh\necho real kubectl $* with $(cat $KUBECONFIG)\n"
CURL = "#!/bin/sh\necho real $0 $*\n"


@pytest.fixture
def do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Do:
    """Runs a command in a job; the last one of several, which are one each."""
    machine = tmp_path / "machine"
    machine.mkdir()
    for name, text in {"docker": DOCKER, "kubectl": KUBECTL, "curl": CURL}.items():
        (machine / name).write_text(text)
        (machine / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(machine), prepend=":")

    def run(*lines: str, variables: dict[str, str] | None = None, **options: Any) -> CommandResult:
        (tmp_path / "run").mkdir()
        programs = install_programs(tmp_path / "programs", **options)
        env_vars = [{"name": name, "value": value} for name, value in (variables or {}).items()]
        definition = one_job(*lines, env_vars=env_vars)
        return commands(runner(tmp_path / "run", definition, programs=programs).run())[-1]

    return run


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Path:
    """The run's."""
    path = tmp_path / "kubeconfig"
    path.write_text("the run's\n")
    return path


def asked(found: CommandResult) -> list[tuple[str, ...]]:
    return [(each.kind, each.program, *each.arguments) for each in found.calls]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """One with two commits."""
    repository = tmp_path / "repository"
    repository.mkdir()
    git(repository, "init", "--quiet")
    for number in (1, 2):
        (repository / "file").write_text(f"{number}\n")
        commit(repository)
    return repository


def test_checkout_clones_the_commit_and_goes_there(do: Do, repository: Path) -> None:
    sha = git(repository, "rev-parse", "HEAD~")
    found = do(
        "checkout",
        "basename $PWD; cat file; git rev-parse HEAD --abbrev-ref HEAD; "
        "git config remote.origin.url",
        variables={"SEMAPHORE_GIT_SHA": sha},
        repository=repository,
    )
    assert found.output == f"shop\n1\n{sha}\nmaster\nhttps://git.invalid/shop.git\n"


def test_checkout_clones_somebody_elses_repository_too(do: Do, repository: Path) -> None:
    sha = git(repository, "rev-parse", "HEAD")
    given = {"SEMAPHORE_GIT_SHA": sha, "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}
    found = do("checkout", "cat file", variables=given, repository=repository)
    assert found.output == "2\n"


def test_checkout_needs_a_repository(do: Do) -> None:
    found = do("checkout --use-cache")
    assert found.code == 1
    assert "this run has no repository" in found.output
    assert asked(found) == [("stand-in", "checkout", "--use-cache")]


@pytest.mark.parametrize(
    ("command", "kind", "code", "output"),
    [
        ("docker login -u me -p x registry.invalid", "stand-in", 0, "Login Succeeded\n"),
        ("echo x | docker login -u me --password-stdin", "stand-in", 0, "Login Succeeded\n"),
        ("docker pull app:2", "stand-in", 0, "canary: app:2 is in the engine\n"),
        ("docker pull app:1", "stand-in", 1, "app:1 is not in the engine, and nothing is fetched"),
        ("docker push app:2", "stand-in", 0, "canary: app:2 stays in the engine\n"),
        ("docker push app:1", "stand-in", 1, "An image does not exist locally with the tag: app:1"),
        ("docker tag app:2 x/app:2", "allowed", 0, "real docker tag app:2 x/app:2\n"),
        ("docker --config x build .", "allowed", 0, "real docker --config x build .\n"),
        ("docker swarm init", "refused", 127, "of docker, only other commands are allowed"),
    ],
)
def test_docker_reaches_no_registry(
    do: Do, command: str, kind: str, code: int, output: str
) -> None:
    found = do(command)
    assert (found.code, [each.kind for each in found.calls]) == (code, [kind])
    assert output in found.output


@pytest.mark.parametrize(
    "brings",
    [
        "doctl auth init --access-token x; doctl kubernetes cluster kubeconfig save shop",
        "gcloud container clusters get-credentials shop --zone z",
        "aws eks update-kubeconfig --name shop",
    ],
)
def test_the_clouds_cluster_is_the_runs(do: Do, kubeconfig: Path, brings: str) -> None:
    found = do(brings, "kubectl get pods -l a=b", kubeconfig=kubeconfig)
    assert found.output == "real kubectl get pods -l a=b with the run's\n"
    assert asked(found) == [("allowed", "kubectl", "get", "pods", "-l", "a=b")]


def test_kubectl_has_the_runs_kubeconfig_whatever_the_jobs_says(do: Do, kubeconfig: Path) -> None:
    found = do("echo mine >~/mine", "KUBECONFIG=~/mine kubectl get pods", kubeconfig=kubeconfig)
    assert found.output.endswith("with the run's\n")


def test_kubectl_has_no_cluster_where_the_job_has_brought_none(do: Do, kubeconfig: Path) -> None:
    assert do("kubectl get pods", kubeconfig=kubeconfig).output.endswith("get pods with\n")


@pytest.mark.parametrize(
    "option",
    ["--context=prod", "--context prod", "--kubeconfig=/x", "-s https://prod", "--token=x"],
)
def test_kubectl_reaches_no_other_cluster(do: Do, kubeconfig: Path, option: str) -> None:
    found = do(f"kubectl get pods {option}", kubeconfig=kubeconfig)
    assert (found.code, [each.kind for each in found.calls]) == (127, ["refused"])
    assert "the run's own cluster is the only one" in found.output


def test_what_kubectl_hands_to_a_container_is_no_option_of_its_own(do: Do) -> None:
    found = do("kubectl exec -it pod -- tool --context=x -s y")
    assert [each.kind for each in found.calls] == ["allowed"]


@pytest.mark.parametrize(
    ("command", "output"),
    [
        ("aws ecr get-login --no-include-email | awk '{print $6}'", "rehearsed\n"),
        ("aws ecr get-login --no-include-email | bash", "Login Succeeded\n"),
        ("aws ecr get-login-password --region x", "rehearsed\n"),
        ("gcloud auth configure-docker -q; gcloud config set project x", ""),
        ("sem-service start postgres 13", "canary: sem-service start postgres 13: nothing is"),
        ("sem-version node 20", "canary: sem-version node 20: the machine's version stays\n"),
        ("cache restore; cache has_key x || echo none", "none\n"),
        ("cache store x y; cache delete x", ""),
        ("sudo pip install awscli", "canary: pip install awscli: nothing is installed\n"),
        ("sudo -E apt-get update -y", "canary: apt-get update -y: nothing is installed\n"),
        ("sudo -u x A=1 env | grep ^A=", "A=1\n"),
        ("retry -t 2 -s 0 'echo once; false' || echo $?", "once\n[1/2] Execution Failed with"),
        ("retry --times 3 'test -e x || ! touch x'; ls x", "\nx\n"),
    ],
)
def test_the_tools_of_a_job_are_there(do: Do, command: str, output: str) -> None:
    found = do(command)
    assert output in found.output
    assert found.code == 0, found.output
    assert found.refused == ()
    assert found.calls


@pytest.mark.parametrize(
    "command", ["aws s3 rm x", "doctl compute droplet list", "gcloud run deploy", "pip3 download x"]
)
def test_what_a_cloud_is_asked_beside_is_refused(do: Do, command: str) -> None:
    found = do(command)
    assert (found.code, [each.kind for each in found.calls]) == (127, ["refused"])
    assert "nothing stands in for that; allow it, or put" in found.output


def test_a_key_that_is_not_there_opens_nothing(do: Do) -> None:
    found = do("gcloud auth activate-service-account --key-file=gcp-key.json")
    assert found.code == 1
    assert "Unable to read file [gcp-key.json]" in found.output


@pytest.mark.parametrize(
    "command",
    [
        "curl -o ~/bin/tool https://example.invalid/x/tool",
        "cd ~/bin; curl -sSLO https://example.invalid/x/tool",
        "curl https://example.invalid/x --output ~/bin/tool",
        "wget -q -O ~/bin/tool https://example.invalid/x",
        "cd ~/bin; wget https://example.invalid/tool",
    ],
)
def test_what_is_downloaded_is_a_program_that_does_nothing(do: Do, command: str) -> None:
    found = do("mkdir ~/bin", f"{command}; ~/bin/tool -x && cat ~/bin/tool")
    assert found.code == 0, found.output
    assert "was not fetched: this does nothing" in found.output
    assert [each.kind for each in found.calls] == ["stand-in"]


@pytest.mark.parametrize(
    "command",
    [
        "curl -fsSL https://example.invalid/install.sh | bash",
        "wget -qO- https://example.invalid/install.sh | sh",
        "curl -X POST https://hooks.example.invalid/deploy",
    ],
)
def test_what_is_asked_of_the_network_is_refused(do: Do, command: str) -> None:
    found = do(f"{command}; true")
    assert [each.kind for each in found.calls] == ["refused"]
    assert "there is no network" in found.output


def test_what_is_asked_of_this_machine_is_asked(do: Do) -> None:
    found = do("curl -f http://localhost:3000/ready")
    assert found.output.startswith("real ")
    assert [each.kind for each in found.calls] == ["allowed"]


def test_a_file_that_one_job_leaves_is_there_for_another(do: Do) -> None:
    found = do(
        "echo 1 >a; artifact push workflow a -d dir/b",
        "artifact pull workflow dir/b -d c && grep 1 c && ! artifact pull job dir/b",
        "artifact yank workflow dir/b; artifact pull workflow dir/b || echo gone",
    )
    assert found.output.endswith("gone\n")


def test_an_artifact_has_no_name_that_leads_elsewhere(do: Do) -> None:
    assert "a name has no .." in do("artifact push job ../../x").output


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("", []),
        ('{"kind": "refused", "why": "w", "program": "p", "arguments": ["a"]}', []),  # no end yet
        ('no record\n[]\n{}\n{"kind": "x", "program": "p", "arguments": []}\n1\n', []),
        (
            '{"kind": "allowed", "program": "p", "arguments": ["\\u0000"]}\n\xff\n',
            [Call("allowed", "p", ("\0",))],
        ),
    ],
)
def test_a_record_is_read_whatever_a_job_has_made_of_it(
    tmp_path: Path, text: str, calls: list[Call]
) -> None:
    path = tmp_path / "calls.jsonl"
    assert CallRecord(path).new() == []
    path.write_text(text, encoding="latin-1")
    record = CallRecord(path)
    assert record.new() == calls
    assert record.new() == []


def postgres(port: int) -> dict[str, str]:
    """What a run says of its database."""
    return {
        "CANARY_POSTGRES": "postgres:17",
        "CANARY_POSTGRES_PORT": str(port),
        "CANARY_LABEL": "run=1",
    }


@pytest.fixture
def port() -> Iterator[int]:
    """One of this machine's at which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def test_a_service_is_started_from_the_runs_image(do: Do, port: int) -> None:
    found = do("sem-service start postgres 13", engine=postgres(port))
    run = "run --detach --label run=1 --label service=postgres --network host "
    assert run + "--env POSTGRES_HOST_AUTH_METHOD=trust postgres:17 " in found.output
    assert f" postgres -c listen_addresses=127.0.0.1 -c port={port} " in found.output
    assert found.output.endswith(f"canary: sem-service: postgres:17 answers on port {port}\n")
    assert asked(found) == [("stand-in", "sem-service", "start", "postgres", "13")]


def test_a_service_that_does_not_answer_is_told_with_what_it_says(
    do: Do, tmp_path: Path, port: int
) -> None:
    gone = "case $1 in exec) exit 1 ;; logs) echo port in use ;; esac\n"
    (tmp_path / "machine" / "docker").write_text(f"#!/bin/sh\n{gone}")
    (tmp_path / "machine" / "sleep").write_text("#!/bin/sh\n")
    (tmp_path / "machine" / "sleep").chmod(0o755)
    found = do("sem-service start postgres", engine=postgres(port))
    assert found.code == 1
    told = f"postgres:17 does not answer on port {port}; it has said:\nport in use\n"
    assert told in found.output


def test_jobs_that_start_a_service_take_turns(tmp_path: Path, do: Do, port: int) -> None:
    place = tmp_path / "turns"
    lines = ["sem-service start postgres", f"echo in >>{place}; sleep 0.3; echo out >>{place}"]
    jobs = [{"name": name, "commands": lines} for name in "ab"]
    values = {"agent": {"machine": {"type": "e1"}}, "blocks": [{"task": {"jobs": jobs}}]}
    programs = install_programs(tmp_path / "programs", engine=postgres(port))
    (tmp_path / "run").mkdir()
    definition = define(values, dict[str, str]().__getitem__)
    assert runner(tmp_path / "run", definition, programs=programs).run().end.result == "passed"
    assert place.read_text() == "in\nout\n" * 2


@pytest.mark.parametrize(
    ("command", "reached"),
    [
        ("docker image push app:2", "canary: app:2 stays in the engine\n"),
        ("docker image tag app:2 x/app:2", "real docker tag app:2 x/app:2\n"),
        ("docker image ls -q", "real docker images -q\n"),
        ("docker container ls -a", "real docker ps -a --filter label=run=1\n"),
        ("docker ps -q", "real docker ps -q --filter label=run=1\n"),
        ("docker build --push -t app:2 .", "real docker build -t app:2 .\ncanary: app:2 stays in "),
        ("docker buildx build --push --tag=app:2 .", "real docker buildx build --tag=app:2 .\n"),
        ("docker buildx create --use", "the engine's own builder is used\n"),
        ("docker run app:2 x", "real docker run --label run=1 app:2 x\n"),
        ("docker container run app:2", "real docker run --label run=1 app:2\n"),
    ],
)
def test_whatever_docker_is_called_by_nothing_is_pushed(do: Do, command: str, reached: str) -> None:
    found = do(command, engine={"CANARY_LABEL": "run=1"})
    assert found.code == 0
    assert reached in found.output


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("docker image prune -af", "of docker, only other commands are allowed"),
        ("docker buildx bake --push", "of docker buildx, only build is allowed"),
        ("docker buildx imagetools create a b", "of docker buildx, only build is allowed"),
        ("docker build -o type=registry -t a .", "what is built goes nowhere by -o"),
        ("docker build --output=type=image,push=true .", "what is built goes nowhere by --output"),
        ("docker rm -f mine", "container mine is none that this run's jobs have started"),
        ("docker stop -t 5 mine", "container mine is none that this run's jobs have started"),
        ("docker exec -it mine sh", "container mine is none that this run's jobs have started"),
        ("docker container rm mine", "container mine is none that this run's jobs have started"),
        ("docker cp mine:/x .", "container mine is none that this run's jobs have started"),
    ],
)
def test_what_belongs_to_others_is_left_alone(do: Do, command: str, why: str) -> None:
    found = do(command, engine={"CANARY_LABEL": "run=1"})
    assert found.code == 127
    assert why in found.output


def test_a_database_that_is_there_is_not_taken_for_the_runs(do: Do) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = do("sem-service start postgres", engine=postgres(port))
    assert found.code == 1
    assert f"something of this machine's listens on port {port} already" in found.output


def test_what_a_command_in_a_pod_ended_with_is_recorded(do: Do, kubeconfig: Path) -> None:
    found = do("kubectl exec pod -- x || true", kubeconfig=kubeconfig)
    (call,) = found.calls
    assert (found.code, call.code) == (0, 0)
