"""What a reaper finds of runs: real folders, real locks and processes that are really killed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.runs import PROJECT, Other, Started, found, reusable

from pytest_canary.cluster.run import Run, find_abandoned
from pytest_canary.core.waiting import Seen, Waiter

pytestmark = pytest.mark.usefixtures("state")


@pytest.fixture
def other(state: Path) -> Iterator[Other]:
    made = Other()
    yield made
    made.kill()


def left() -> Run:
    """The one run that a reaper finds."""
    (run,) = find_abandoned(kept=False, spare=pytest.fail)
    return run


def test_a_killed_processs_run_is_found_with_everything_that_it_made(other: Other) -> None:
    assert found() == [], "it lives"
    other.kill()
    run = left()
    record = run.record
    assert (record.run, record.project) == (other.run, str(PROJECT))
    assert (record.cluster, record.images) == ("canary-x", ["shop:1"])
    run.remove()
    assert found() == []


def test_a_living_processs_run_is_not_touched(other: Other, state: Path) -> None:
    assert found(kept=True) == []
    assert (state / other.run / "record.json").exists()


def test_an_abandoned_run_is_one_reapers_alone(other: Other) -> None:
    other.kill()
    for run in find_abandoned(kept=False, spare=pytest.fail):
        assert found() == []
        run.release()
    assert found() == [other.run]


def test_a_run_that_was_kept_is_found_only_where_asked_for(started: Started) -> None:
    run = started()
    run.note(kept=True)
    run.release()
    assert found() == []
    assert found(kept=True) == [run.record.run]


def test_a_folder_that_was_never_finished_is_removed(state: Path) -> None:
    for name in (".abc123-4567", "def456"):  # it died early, or when nothing was left
        (state / name).mkdir(parents=True)
        os.utime(state / name, (0, 0))
    assert found() == []
    assert list(state.iterdir()) == []


def test_a_run_that_died_before_it_had_a_name_leaves_nothing_though_it_was_to_be_kept(
    started: Started, state: Path
) -> None:
    run = started(how=reusable)
    run.release()
    unnamed = run.folder.rename(state / f".{run.id}-4567")
    assert found() == []
    assert unnamed.exists(), "it may be just starting"
    os.utime(unnamed, (0, 0))
    assert found() == []
    assert list(state.iterdir()) == []


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (b"", "Expecting value"),
        (b'{"run": "de', "Unterminated string"),
        (b"\xff", "can't decode byte"),
        (b"{}", "missing 2 required positional arguments"),
        (None, "Is a directory"),
    ],
    ids=["empty", "cut off", "no text", "another's", "no file"],
)
def test_a_record_that_can_not_be_read_is_kept_and_told(
    started: Started, state: Path, written: bytes | None, why: str
) -> None:
    run = started()
    path = run.folder / "record.json"
    path.unlink()
    if written is None:
        path.mkdir()
    else:
        path.write_bytes(written)
    run.release()
    told: list[str] = []
    assert list(find_abandoned(kept=True, spare=told.append)) == []
    (sentence,) = told
    assert sentence.startswith(f"the record of run {run.id}, {path}, can't be read (")
    assert why in sentence
    assert sentence.endswith(
        f"), so what it made is unknown and stays; see whether there is a cluster canary-{run.id}, "
        f"and delete {run.folder}"
    )
    assert path.exists()


def test_what_another_machines_run_made_is_kept_and_told(started: Started) -> None:
    run = started()
    run.note(host="build-7", boot="another")
    assert found(kept=True) == [], "it may well run there"
    run.release()
    kept = (
        f"run {run.id} of {PROJECT} was made on build-7, and what it made stays: "
        f"`pytest --canary-reap` there removes it; delete {run.folder} where that machine is gone"
    )
    assert found(spared=[kept]) == []
    assert run.folder.is_dir()


def test_a_container_of_another_name_on_the_same_machine_is_no_other_machine(
    started: Started,
) -> None:
    run = started()
    run.note(host="f00ba4")
    run.release()
    assert found() == [run.id]


def test_a_run_that_is_just_starting_is_left_alone(state: Path) -> None:
    (state / ".abc123").mkdir(parents=True)
    assert found(kept=True) == []
    assert (state / ".abc123").is_dir()


def test_a_run_of_another_version_of_this_package_is_found_too(started: Started) -> None:
    run = started()
    path = run.folder / "record.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"cluster": "c", "news": 1}))
    run.release()
    same = left()
    assert same.record.cluster == "c"
    same.release()


def test_a_stray_file_is_no_run(state: Path) -> None:
    state.mkdir(parents=True)
    (state / "notes.txt").write_text("mine")
    assert found(kept=True) == []
    assert (state / "notes.txt").exists()


def test_there_is_nothing_abandoned_before_the_first_run() -> None:
    assert found(kept=True) == []


def test_a_reaper_does_not_come_between_the_folder_and_its_lock(
    started: Started, state: Path
) -> None:
    (state / "reuse-000000").mkdir(parents=True)
    assert found() == []
    run = started(how=reusable)
    assert [each.name for each in state.iterdir()] == [run.id], "it never was there without one"
    assert json.loads((run.folder / "record.json").read_text())["kept"]


MAKER = """
from pathlib import Path
from pytest_canary.cluster.run import Run
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Seen, Waiter
run = Run.start(Path("/somewhere/shop"))
Processes(holding=run.work).run(
    ["sh", "-c", "echo $$; sleep 60"], timeout=60, heard=lambda pid: print(pid, flush=True)
)
"""


def test_a_command_that_outlives_its_killed_run_is_known(state: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", MAKER], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        group = int(process.stdout.readline())
        process.kill()
    run = left()
    assert run.at_work
    os.killpg(group, signal.SIGKILL)
    Waiter().until("the command to end", lambda: Seen("", not run.at_work, None), timeout=10)
    run.remove()


def test_a_lock_does_not_go_on_to_a_child(started: Started) -> None:
    run = started()
    child = subprocess.Popen(["sleep", "30"])
    try:
        run.release()
        assert found() == [run.record.run]
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
