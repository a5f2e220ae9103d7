"""Commands, run for real: nothing hangs, nothing is left, nothing secret is told."""

import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_canary.core import processes
from pytest_canary.core.errors import CommandError

PYTHON = sys.executable


def sh(script: str, timeout: float = 20, **options: Any) -> str:
    return processes.run(["sh", "-c", script], timeout=timeout, **options)


def eventually(holds: Callable[[], bool], seconds: float = 5) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.02)
    return False


def lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


def test_a_commands_standard_output_is_returned_and_its_error_is_not() -> None:
    assert sh("echo out; echo err >&2") == "out\n"


def test_bytes_are_returned_as_they_are() -> None:
    argv = [PYTHON, "-c", r"import sys; sys.stdout.buffer.write(b'\xff\x00\n')"]
    assert processes.run_bytes(argv, timeout=20) == b"\xff\x00\n"
    assert processes.run(argv, timeout=20) == "\ufffd\x00\n"


@pytest.mark.parametrize(
    ("script", "code", "sentence"),
    [
        ("exit 3", 3, "`sh` exited with code 3"),
        ("kill -TERM $$", -15, "`sh` was ended by SIGTERM"),
        ("kill -KILL $$", -9, "`sh` was ended by SIGKILL"),
    ],
)
def test_a_command_that_fails_says_how(script: str, code: int, sentence: str) -> None:
    with pytest.raises(CommandError) as failed:
        sh(script)
    assert (failed.value.sentence, failed.value.code) == (sentence, code)
    assert failed.value.evidence == f"$ sh -c {shlex.quote(script)}"


def test_both_outputs_of_a_command_that_fails_are_kept_in_order() -> None:
    with pytest.raises(CommandError) as failed:
        sh("echo one; sleep 0.2; echo two >&2; sleep 0.2; echo three; exit 1")
    assert failed.value.output == "one\ntwo\nthree\n"
    sentence, command, *lines = str(failed.value).splitlines()
    assert sentence == "`sh` exited with code 1"
    assert command.startswith("    $ sh -c 'echo one; ")
    assert lines == ["    one", "    two", "    three"]


def test_a_command_that_does_not_exist_says_so() -> None:
    with pytest.raises(CommandError) as failed:
        processes.run(["no-such-program", "--version"], timeout=5)
    assert failed.value.sentence == (
        "`no-such-program` can't be started: No such file or directory: no-such-program"
    )
    assert failed.value.code is None


def test_a_script_that_is_not_executable_says_so(tmp_path: Path) -> None:
    script = tmp_path / "apply.sh"
    script.write_text("#!/bin/sh\n")
    with pytest.raises(CommandError, match=f"can't be started: Permission denied: {script}"):
        processes.run([script], timeout=5)


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=f"No such file or directory: {tmp_path}/gone"):
        processes.run(["true"], timeout=5, cwd=tmp_path / "gone")


def test_a_command_runs_where_and_with_what_it_is_told(tmp_path: Path) -> None:
    argv = ["/bin/sh", "-c", 'pwd; echo "$WORD ${HOME-none}"']
    out = processes.run(argv, timeout=20, cwd=tmp_path, env={"WORD": "hello"})
    assert out == f"{tmp_path.resolve()}\nhello none\n"


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["/opt/bin/kind", "create", "cluster", "--name=x"], "kind create cluster"),
        (["docker", "exec", "-i", "node", "ctr"], "docker exec"),
        (["./apply.sh", "manifests/deployment.yml", "shop-canary", "1"], "apply.sh"),
        (["git", "-C", "/x", "describe"], "git"),
        (["true"], "true"),
    ],
)
def test_a_sentence_names_the_program_and_what_it_was_told_to_do(
    words: list[str], name: str
) -> None:
    assert processes.name(words) == name


@needs_proc
def test_a_deadline_kills_the_command_and_what_it_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    began = time.monotonic()
    with pytest.raises(CommandError) as failed:
        sh(f"echo began; (sleep 60 & echo $! >{pids}; wait); sleep 60", timeout=0.5)
    assert time.monotonic() - began < 5
    assert "was stopped at its deadline of 0.5 s" in failed.value.sentence
    assert failed.value.code is None
    assert failed.value.output == "began\n"
    assert eventually(lambda: not lives(int(pids.read_text())))


@needs_proc
def test_what_a_command_leaves_in_the_background_ends_with_it(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    began = time.monotonic()
    assert sh(f"sleep 60 & echo $! >{pids}; echo done") == "done\n"
    assert time.monotonic() - began < 4, "it waited for the background to close its output"
    assert eventually(lambda: not lives(int(pids.read_text())))


def test_a_secret_is_masked_wherever_it_comes_out() -> None:
    script, secret = 'echo "password $P"; echo "again $P" >&2; exit 1', "pa.55*word"
    heard: list[str] = []
    with pytest.raises(CommandError) as failed:
        sh(script, env={"P": secret, **os.environ}, secrets=[secret], heard=heard.append)
    assert failed.value.output.splitlines() == ["password ********", "again ********"] or (
        failed.value.output.splitlines() == ["again ********", "password ********"]
    )
    assert sorted(heard) == ["again ********", "password ********"]
    assert sh('echo "$P"', env={"P": secret, **os.environ}, secrets=[secret]) == "********\n"


def test_a_secret_that_is_a_part_of_another_does_not_uncover_it() -> None:
    assert processes.masked("abcdef and abc", ["abc", "abcdef", ""]) == "******** and ********"


def test_every_line_is_heard_as_it_is_written() -> None:
    heard: list[tuple[str, float]] = []
    sh(
        "echo ' one '; sleep 0.4; echo two >&2",
        heard=lambda line: heard.append((line, time.monotonic())),
    )
    assert [line for line, _ in heard] == ["one", "two"]
    assert heard[1][1] - heard[0][1] > 0.2


def test_standard_input_comes_in_chunks() -> None:
    chunks = (bytes([n]) * 70_000 for n in range(20))
    argv = [PYTHON, "-c", "import sys; print(len(sys.stdin.buffer.read()))"]
    assert processes.run(argv, timeout=20, stdin=chunks) == "1400000\n"


def test_without_standard_input_a_command_reads_the_end() -> None:
    assert sh("cat; echo end") == "end\n"


def test_a_command_that_ends_before_its_input_tells_why() -> None:
    with pytest.raises(CommandError) as failed:
        sh("echo no room >&2; exit 4", stdin=(b"x" * 100_000 for _ in range(50)))
    assert (failed.value.code, failed.value.output) == (4, "no room\n")


def test_a_command_that_reads_nothing_is_stopped_at_its_deadline_too() -> None:
    with pytest.raises(CommandError, match=r"was stopped at its deadline of 0\.4 s"):
        sh("sleep 60", timeout=0.4, stdin=(b"x" * 100_000 for _ in range(50)))


def test_an_input_that_breaks_stops_the_command() -> None:
    def broken() -> Iterator[bytes]:
        yield b"x"
        raise ValueError("the engine went away")

    with pytest.raises(ValueError, match="the engine went away"):
        sh("cat >/dev/null; sleep 60", stdin=broken())
    assert processes.alive() == []


def test_every_running_command_is_known_and_can_be_killed() -> None:
    failures: list[CommandError] = []

    def long() -> None:
        try:
            sh("sleep 61")
        except CommandError as error:
            failures.append(error)

    threads = [threading.Thread(target=long) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert eventually(lambda: len(processes.alive()) == 3)
    assert set(processes.alive()) == {"sh -c 'sleep 61'"}
    processes.kill_all()
    for thread in threads:
        thread.join(5)
    assert processes.alive() == []
    assert [error.code for error in failures] == [-signal.SIGKILL] * 3


def test_ctrl_c_reaches_a_command_only_through_us() -> None:
    argv = [PYTHON, "-c", "import os; print(os.getpgid(0))"]
    assert int(processes.run(argv, timeout=20)) != os.getpgid(0)
