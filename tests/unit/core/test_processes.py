"""Commands, run for real: nothing hangs, nothing is left, nothing secret is told."""

import os
import shlex
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fakes.commands import PYTHON, eventually, lives, needs_proc, sh

from pytest_canary.core import locks, processes
from pytest_canary.core.errors import CommandError
from pytest_canary.core.measuring import Kind
from pytest_canary.core.processes import Processes


def test_each_command_is_measured_those_of_parts_too_and_those_that_fail() -> None:
    measured: list[tuple[str, str]] = []

    @contextmanager
    def measure(kind: Kind, name: str) -> Iterator[None]:
        measured.append((kind, name))
        yield

    measuring = Processes(measure=measure)
    measuring.part().run(["echo", "apply"], timeout=20)
    with pytest.raises(CommandError):
        measuring.read(["false"], timeout=20)
    assert measured == [("command", "echo apply"), ("command", "false")]


def test_a_commands_standard_output_is_returned_and_its_error_is_not() -> None:
    assert sh("echo out; echo err >&2") == "out\n"


def test_bytes_are_returned_as_they_are() -> None:
    argv = [PYTHON, "-c", r"import sys; sys.stdout.buffer.write(b'\xff\x00\n')"]
    assert Processes().run_bytes(argv, timeout=20) == b"\xff\x00\n"
    assert Processes().run(argv, timeout=20) == "\ufffd\x00\n"


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


def test_both_outputs_of_a_command_that_fails_are_kept_in_order(tmp_path: Path) -> None:
    """It says one thing after the other, each when the last one was heard."""

    def heard(word: str) -> str:
        return f"until [ -e {tmp_path}/{word} ]; do sleep 0.02; done"

    script = f"echo one; {heard('one')}; echo two >&2; {heard('two')}; echo three; exit 1"
    with pytest.raises(CommandError) as failed:
        sh(script, heard=lambda line: (tmp_path / line).touch())
    assert failed.value.output == "one\ntwo\nthree\n"
    sentence, command, *lines = str(failed.value).splitlines()
    assert sentence == "`sh` exited with code 1"
    assert command.startswith("    $ sh -c 'echo one; ")
    assert lines == ["    one", "    two", "    three"]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo it says no >&2; sleep 0.2; echo done; exit 1", "it says no"),
        ("echo one; echo two; echo; exit 1", "two"),
        ("exit 3", "`sh` exited with code 3"),
    ],
    ids=["standard error first", "output alone", "nothing"],
)
def test_the_last_words_are_those_of_standard_error(script: str, words: str) -> None:
    with pytest.raises(CommandError) as failure:
        sh(script)
    assert failure.value.last_words == words


def test_a_command_that_does_not_exist_says_so() -> None:
    with pytest.raises(CommandError) as failed:
        Processes().run(["no-such-program", "--version"], timeout=5)
    assert failed.value.sentence == (
        "`no-such-program` can't be started: No such file or directory: no-such-program"
    )
    assert failed.value.code is None


def test_a_script_that_is_not_executable_says_so(tmp_path: Path) -> None:
    script = tmp_path / "apply.sh"
    script.write_text("#!/bin/sh\n")
    with pytest.raises(CommandError, match=f"can't be started: Permission denied: {script}"):
        Processes().run([script], timeout=5)


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=f"No such file or directory: {tmp_path}/gone"):
        Processes().run(["true"], timeout=5, cwd=tmp_path / "gone")


def test_a_command_runs_where_and_with_what_it_is_told(tmp_path: Path) -> None:
    argv = ["/bin/sh", "-c", 'pwd; echo "$WORD ${HOME-none}"']
    out = Processes().run(argv, timeout=20, cwd=tmp_path, env={"WORD": "hello"})
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
    with pytest.raises(CommandError) as failed:
        sh(f"echo began; (sleep 60 & echo $! >{pids}; wait); sleep 60", timeout=3)
    assert "was stopped at its deadline of 3 s" in failed.value.sentence
    assert failed.value.code is None
    assert failed.value.output == "began\n"
    assert eventually(lambda: not lives(int(pids.read_text())))


@needs_proc
def test_what_a_command_leaves_in_the_background_ends_with_it(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    # It would come to its deadline, were the background's output waited for.
    assert sh(f"sleep 600 & echo $! >{pids}; echo done", timeout=60) == "done\n"
    assert eventually(lambda: not lives(int(pids.read_text())))


def test_a_nul_in_a_word_or_a_variable_is_told() -> None:
    with pytest.raises(CommandError, match="`true` can't be started: embedded null byte"):
        Processes().run(["true", "-a\0b"], timeout=5)
    with pytest.raises(CommandError, match="`true` can't be started: embedded null byte"):
        Processes().run(["true"], timeout=5, env={"X": "a\0b"})


def test_a_deadline_that_no_timer_can_wait_for_is_one_all_the_same() -> None:
    assert sh("sleep 0.1; echo done", timeout=1e12) == "done\n"


class Sleeper:
    """A command that runs until it is killed, in a thread of its own."""

    def __init__(self, by: Processes, seconds: int = 61) -> None:
        self.by, self.seconds = by, seconds
        self.error: CommandError | None = None
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            sh(f"sleep {self.seconds}", by=self.by)
        except CommandError as error:
            self.error = error

    @property
    def code(self) -> int | None:
        """How it ended, once it has."""
        self.thread.join(60)
        assert self.error
        return self.error.code


def test_every_running_command_is_known_and_can_be_killed() -> None:
    ours = Processes()
    sleepers = [Sleeper(ours) for _ in range(3)]
    assert eventually(lambda: len(ours.alive()) == 3)
    assert set(ours.alive()) == {"sh -c 'sleep 61'"}
    ours.kill_all()
    assert [each.code for each in sleepers] == [-signal.SIGKILL] * 3
    assert ours.alive() == []


def test_one_runs_commands_survive_anothers_end() -> None:
    ours, theirs = Processes(), Processes()
    mine, other = Sleeper(ours), Sleeper(theirs)
    assert eventually(lambda: len(ours.alive()) == len(theirs.alive()) == 1)
    ours.kill_all()
    assert mine.code == -signal.SIGKILL
    assert (ours.alive(), theirs.alive()) == ([], ["sh -c 'sleep 61'"])
    theirs.kill_all()
    assert other.code == -signal.SIGKILL


def test_a_part_is_killed_without_the_others_and_with_them() -> None:
    ours = Processes()
    part = ours.part()
    first, second = Sleeper(ours, 61), Sleeper(part, 62)
    assert eventually(lambda: len(ours.alive()) == 2)
    assert part.alive() == ["sh -c 'sleep 62'"]
    part.kill_all()
    assert second.code == -signal.SIGKILL
    assert ours.alive() == ["sh -c 'sleep 61'"]
    third = Sleeper(part, 63)
    assert eventually(lambda: len(ours.alive()) == 2)
    ours.kill_all()
    assert [first.code, third.code] == [-signal.SIGKILL] * 2
    assert (ours.alive(), part.alive()) == ([], [])


def test_ctrl_c_reaches_a_command_only_through_us() -> None:
    argv = [PYTHON, "-c", "import os; print(os.getpgid(0))"]
    assert int(Processes().run(argv, timeout=20)) != os.getpgid(0)


def test_what_a_command_starts_holds_a_lock_and_other_commands_do_not(tmp_path: Path) -> None:
    ours, lock = Processes(), tmp_path / "work"
    makers, seen = ours.part(holding=lock), list[str]()
    # The command itself has ended, and what it has started still makes something.
    script = f"(sleep 60 & echo $! >{tmp_path}/pid) && echo started && sleep 60"
    maker = threading.Thread(target=lambda: eventually_fails(script, makers, seen))
    maker.start()
    assert eventually(lambda: seen == ["started"])
    os.kill(int((tmp_path / "pid").read_text()), 0)
    assert locks.is_held(lock)
    assert sh("true", by=ours) == ""
    ours.kill_all()
    maker.join()
    assert eventually(lambda: not locks.is_held(lock))
    other = Sleeper(ours)
    assert eventually(lambda: ours.alive() == ["sh -c 'sleep 61'"])
    assert not locks.is_held(lock)
    ours.kill_all()
    assert other.code == -signal.SIGKILL


def eventually_fails(script: str, by: Processes, heard: list[str]) -> None:
    with pytest.raises(CommandError, match="SIGKILL"):
        sh(script, by=by, heard=heard.append)


def test_a_lock_that_can_not_be_had_is_told(tmp_path: Path) -> None:
    gone = tmp_path / "gone" / "work"
    with pytest.raises(CommandError, match=f"can't be started: No such file or directory: {gone}"):
        sh("true", by=Processes(holding=gone))


def test_a_part_of_commands_that_hold_a_lock_holds_it_too(tmp_path: Path) -> None:
    whole, own = tmp_path / "whole", tmp_path / "own"
    part = Processes().part(holding=whole).part(holding=own)
    held: list[bool] = []
    part.run(
        ["sh", "-c", "echo; sleep 0.3"],
        timeout=20,
        heard=lambda _: held.extend([locks.is_held(whole), locks.is_held(own)]),
    )
    assert held == [True, True]
    assert not locks.is_held(whole)
