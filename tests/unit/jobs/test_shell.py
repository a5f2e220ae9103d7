"""One shell runs a job's commands, as Semaphore's agent does: a real bash on a real terminal."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fakes.jobs import commands, one_job, outputs, runner

from pytest_canary.core import locks
from pytest_canary.core.masking import Redactor
from pytest_canary.core.measuring import Kind
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.jobs.order import End


def test_what_one_command_does_to_the_shell_stays_for_the_next(tmp_path: Path) -> None:
    definition = one_job(
        "mkdir there; cd there",
        'export A=1; b=2; say() { echo "said $A $b"; }',
        "basename $PWD; say",
        "false || echo $?; false | true",
        'echo "$-" | grep -c e; true',
    )
    result = runner(tmp_path, definition).run()
    assert result.end == End("passed")
    assert outputs(result) == ["", "", "there\nsaid 1 2\n", "1\n", "0\n"]


def test_a_shell_is_a_persons_but_for_what_a_person_types(tmp_path: Path) -> None:
    definition = one_job("alias say='echo alias'; true !x", 'say "b!c !! !x"; stty echo', "echo 3")
    assert outputs(runner(tmp_path, definition).run()) == ["", "alias b!c !! !x\n", "3\n"]


def test_a_command_has_a_terminal_and_nobody_at_it(tmp_path: Path) -> None:
    result = runner(tmp_path, one_job("test -t 0 && test -t 1 && test -t 2 && tty")).run()
    assert result.end.result == "passed"
    assert outputs(result)[0].startswith("/dev/")


def test_the_first_command_that_fails_ends_the_commands(tmp_path: Path) -> None:
    result = runner(tmp_path, one_job("echo 1", "echo 2; (exit 7)", "echo 3")).run()
    assert result.end == End("failed", "test")
    assert [(each.code, each.output) for each in commands(result)] == [(0, "1\n"), (7, "2\n")]


def test_a_command_of_several_lines_is_one(tmp_path: Path) -> None:
    result = runner(
        tmp_path, one_job("if true; then\n  echo 'it''s'\nfi\ncat <<E\nö $((1+1))\nE")
    ).run()
    assert outputs(result) == ["its\nö 2\n"]


@pytest.mark.parametrize("command", ["exit 0", "set -e; false", "kill -9 $$"])
def test_a_command_that_closes_the_shell_fails_and_nothing_follows(
    tmp_path: Path, command: str
) -> None:
    epilogue = {"always": {"commands": ["touch ~/epilogue"]}}
    result = runner(tmp_path, one_job(f"echo before; {command}", "echo 2", epilogue=epilogue)).run()
    assert result.end == End("failed", "test")
    assert [(each.output, each.code, each.closed) for each in commands(result)] == [
        ("before\n", 1, True)
    ]
    assert [*tmp_path.rglob("epilogue")] == []


@pytest.mark.parametrize(
    ("asked", "end"),
    [
        ("passed", End("passed")),
        ("failed", End("failed", "test")),
        ("", End("stopped", "user")),
    ],
)
def test_a_command_ends_its_job_by_130_with_what_it_says(
    tmp_path: Path, asked: str, end: End
) -> None:
    epilogue = {"always": {"commands": ["echo epilogue"]}}
    definition = one_job(
        f"export SEMAPHORE_JOB_RESULT={asked}; (exit 130)", "echo 2", epilogue=epilogue
    )
    result = runner(tmp_path, definition).run()
    assert result.end == end
    assert outputs(result) == [""]


def test_nothing_that_a_job_has_started_is_left(tmp_path: Path) -> None:
    definition = one_job(
        "sleep 60 & echo $! >~/job",
        "setsid sh -c 'echo $$ >~/daemon; exec sleep 60' & until test -s ~/daemon; do :; done",
    )
    assert runner(tmp_path, definition).run().end.result == "passed"
    home = tmp_path / "1-1" / "home"
    for name in ("job", "daemon"):
        words = Path(f"/proc/{int((home / name).read_text())}/cmdline")
        assert not words.exists() or words.read_bytes() == b"", "dead, if not yet forgotten"
    assert not locks.is_held(tmp_path / "1-1" / "lock")


def test_a_job_that_is_stopped_says_why_and_what_it_printed(tmp_path: Path) -> None:
    processes = Processes()
    lines: list[str] = []
    running = runner(
        tmp_path,
        one_job("echo begun; sleep 60", epilogue={"always": {"commands": ["echo no"]}}),
        processes=processes,
        heard=lambda _, line: lines.append(line),
    )
    results = []
    thread = threading.Thread(target=lambda: results.append(running.run()))
    thread.start()
    Waiter().until("a line", lambda: Seen("", lines == ["begun"], None), timeout=60)
    assert len(processes.alive()) == 1
    running.stop()
    thread.join()
    assert processes.alive() == []
    assert results[0].end == End("stopped", "user")
    [command] = commands(results[0])
    assert (command.output, command.code, command.cut_off) == ("begun\n", 1, "user")


def test_a_job_ends_where_the_run_kills_its_commands(tmp_path: Path) -> None:
    processes = Processes()
    running = runner(
        tmp_path,
        one_job("echo begun; sleep 60"),
        processes=processes,
        heard=lambda _, line: processes.kill_all(),
    )
    assert running.run().end == End("failed", "test")
    assert not locks.is_held(tmp_path / "1-1" / "lock")


def test_what_is_printed_is_masked_and_kept(tmp_path: Path) -> None:
    lines: list[tuple[str, str]] = []
    result = runner(
        tmp_path,
        one_job("p=hunter; echo ${p}2go", "head -c 1200000 /dev/zero | tr '\\0' x; echo end"),
        processes=Processes(Redactor(["hunter2go"])),
        heard=lambda job, line: lines.append((job, line)),
    ).run()
    assert outputs(result)[0] == "********\n"
    assert len(outputs(result)[1]) < 1_100_000
    assert outputs(result)[1].endswith("xend\n")
    assert "left out" in outputs(result)[1]
    assert lines[0] == ("job", "********")
    log = result.blocks[0].jobs[0].log
    assert log
    assert log.read_text().startswith("$ p=hunter; echo ${p}2go\n********\n$ head -c 1200000")


def test_each_command_is_measured_by_its_beginning(tmp_path: Path) -> None:
    measured: list[tuple[str, str]] = []

    @contextmanager
    def measure(kind: Kind, name: str) -> Iterator[None]:
        yield
        measured.append((kind, name))

    lines = ("echo hunter2go", f"echo {'x' * 90}; false")
    own = Processes(Redactor(["hunter2go"]))
    runner(tmp_path, one_job(*lines), processes=own, measure=measure).run()
    assert measured == [("command", "echo ********"), ("command", f"echo {'x' * 55}…")]


def test_what_looks_like_the_end_of_a_command_is_its_output(tmp_path: Path) -> None:
    result = runner(
        tmp_path, one_job(r"printf '\001abc end 1\n'; echo more", "printf '\\001'")
    ).run()
    assert result.end.result == "passed"
    assert outputs(result) == ["␁abc end 1\nmore\n", "␁"]
