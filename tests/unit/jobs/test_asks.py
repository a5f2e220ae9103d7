"""What stand-ins ask of who runs the jobs: each waits for its answer, and goes on as it says."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes.jobs import commands, one_job, runner
from fakes.traffic import until

from pytest_canary.jobs.asks import Ask, Asks
from pytest_canary.jobs.programs import install_programs
from pytest_canary.jobs.results import CommandResult

DOCKER = "#!/bin/sh\necho real docker $*\n"
KUBECTL = "#!/bin/sh\necho real kubectl $*\n"

Do = Callable[..., tuple[list[Ask], CommandResult]]


@pytest.fixture
def do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Do:
    """Runs a command in a job, and answers what it asks; what was asked, and what came of it."""
    machine = tmp_path / "machine"
    machine.mkdir()
    for name, text in {"docker": DOCKER, "kubectl": KUBECTL}.items():
        (machine / name).write_text(text)
        (machine / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(machine), prepend=":")

    def run(command: str, code: int = 0, text: str = "") -> tuple[list[Ask], CommandResult]:
        import threading

        (tmp_path / "run").mkdir()
        programs = install_programs(tmp_path / "programs")
        asks = Asks(tmp_path / "programs")
        job = runner(tmp_path / "run", one_job(command), programs=programs)
        done: list[CommandResult] = []
        thread = threading.Thread(target=lambda: done.extend(commands(job.run())))
        thread.start()
        asked: list[Ask] = []

        def answered() -> bool:
            for each in asks.new():
                asked.append(each)
                each.answer(code, text)
            return bool(done)

        until(answered)
        thread.join()
        return asked, done[-1]

    return run


@pytest.mark.parametrize(
    ("command", "kind", "arguments"),
    [
        ("docker push a/b:1", "push", ("a/b:1",)),
        ("docker build -t a:1 --tag=b:2 --tag c:3 .", "names", ("a:1", "b:2", "c:3")),
        ("docker tag a:1 'b c:2'", "names", ("b c:2",)),
        (
            "kubectl -n x exec -it pod -- ls -l",
            "kubectl",
            ("-n", "x", "exec", "-it", "pod", "--", "ls", "-l"),
        ),
        ("kubectl delete deployment/a", "kubectl", ("delete", "deployment/a")),
    ],
)
def test_what_matters_is_asked_before_it_is_done(
    do: Do, command: str, kind: str, arguments: tuple[str, ...]
) -> None:
    (asked, *more), done = do(command)
    assert (asked.kind, asked.arguments) == (kind, arguments)
    # A command in a pod is told again once it has ended.
    again = [("ended", arguments)] if "exec" in arguments else []
    assert [(each.kind, each.arguments) for each in more] == again
    assert done.code == 0


@pytest.mark.parametrize("command", ["kubectl get pods", "docker ps", "docker build ."])
def test_what_changes_nothing_is_done_at_once(do: Do, command: str) -> None:
    asked, done = do(command)
    assert [each.arguments for each in asked if each.arguments] == []
    assert done.code == 0
    assert done.output.startswith("real ")


def test_the_answer_is_printed_and_its_code_ends_the_program(do: Do) -> None:
    _, done = do("docker push a:1", 1, "canary: the node\nis full")
    assert (done.code, done.output) == (1, "canary: the node is full\n")


def test_who_is_gone_needs_no_answer(tmp_path: Path) -> None:
    (tmp_path / "programs").mkdir()
    Ask("push", ("a:1",), tmp_path / "programs" / "gone.answer").answer()
    assert list(Asks(tmp_path / "programs").new()) == []


def test_who_goes_while_it_is_answered_needs_no_answer(tmp_path: Path) -> None:
    pipe = tmp_path / "going.answer"
    os.mkfifo(pipe)
    asking = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    class Parting(str):
        """Whose reader goes once the pipe is open, and nothing is written to it yet."""

        def split(self, *_: object) -> list[str]:
            os.close(asking)
            return [str(self)]

    Ask("push", ("a:1",), pipe).answer(1, Parting("canary: this pipeline is stopped"))
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(asking)
