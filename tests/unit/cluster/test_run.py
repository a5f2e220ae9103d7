"""Who owns a run: real folders, real locks and a process that is really killed."""

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_canary.cluster.run import Record, Run, abandoned, state_folder
from pytest_canary.core.errors import ClusterError

Started = Callable[..., Run]
PROJECT = Path("/somewhere/shop")

OTHER = """
import sys
from pathlib import Path
from pytest_canary.cluster.run import Run
run = Run.{start}(Path({project!r}))
run.made(cluster="canary-x", images=["shop:1"])
print(run.record.run, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "pytest-canary" / "runs"


@pytest.fixture
def started() -> Iterator[Callable[..., Run]]:
    """Starts runs of this process, and lets go of them in the end."""
    runs = []

    def start(project: Path = PROJECT, *, how: Callable[[Path], Run] = Run.start) -> Run:
        runs.append(how(project))
        return runs[-1]

    yield start
    for run in runs:
        run.release()


class Other:
    """A run of another process."""

    def __init__(self, start: str = "start") -> None:
        script = OTHER.format(start=start, project=str(PROJECT))
        self.process = subprocess.Popen(
            [sys.executable, "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        self.run = self.process.stdout.readline().strip()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()


@pytest.fixture
def other() -> Iterator[Other]:
    made = Other()
    yield made
    made.kill()


def found(*, kept: bool = False) -> list[str]:
    names = []
    for run in abandoned(kept=kept):
        names.append(run.record.run)
        run.release()
    return names


def test_a_runs_folder_is_its_users_alone(started: Started, state: Path) -> None:
    run = started()
    assert run.folder == state / run.record.run
    assert state_folder() == state
    assert stat.S_IMODE(run.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(started(how=Run.reusable).folder.stat().st_mode) == 0o700


def test_a_run_is_six_hexadecimal_digits_and_no_other_runs(started: Started) -> None:
    runs = [started() for _ in range(5)]
    names = {run.record.run for run in runs}
    assert len(names) == 5
    assert all(len(name) == 6 and int(name, 16) >= 0 for name in names)


def test_what_a_run_makes_is_on_disk_before_it_is_made(started: Started) -> None:
    run = started()
    run.made(cluster="canary-x", network=True)
    written = json.loads((run.folder / "record.json").read_text())
    assert (written["cluster"], written["network"]) == ("canary-x", True)
    assert written["project"] == str(PROJECT)


def test_a_killed_processs_run_is_found_with_everything_that_it_made(other: Other) -> None:
    assert found() == [], "it lives"
    other.kill()
    (run,) = list(abandoned(kept=False))
    assert run.record == Record(other.run, str(PROJECT), cluster="canary-x", images=["shop:1"])
    run.remove()
    assert found() == []


def test_a_living_processs_run_is_not_touched(other: Other, state: Path) -> None:
    assert found(kept=True) == []
    assert (state / other.run / "record.json").exists()


def test_an_abandoned_run_is_one_reapers_alone(other: Other) -> None:
    other.kill()
    for run in abandoned(kept=False):
        assert found() == []
        run.release()
    assert found() == [other.run]


def test_a_run_that_was_kept_is_found_only_where_asked_for(started: Started) -> None:
    run = started()
    run.made(kept=True)
    run.release()
    assert found() == []
    assert found(kept=True) == [run.record.run]


def test_a_run_that_is_removed_leaves_nothing(started: Started, state: Path) -> None:
    run = started()
    run.remove()
    assert list(state.iterdir()) == []


def test_a_folder_that_was_never_finished_is_removed(state: Path) -> None:
    (state / ".abc123").mkdir(parents=True)
    os.utime(state / ".abc123", (0, 0))
    (state / "def456").mkdir()
    (state / "def456" / "record.json").write_text('{"run": "de')
    assert found() == []
    assert list(state.iterdir()) == []


def test_a_run_that_is_just_starting_is_left_alone(state: Path) -> None:
    (state / ".abc123").mkdir(parents=True)
    assert found(kept=True) == []
    assert (state / ".abc123").is_dir()


def test_a_run_of_another_version_of_this_package_is_found_too(started: Started) -> None:
    run = started()
    path = run.folder / "record.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"cluster": "c", "news": 1}))
    run.release()
    (same,) = list(abandoned(kept=False))
    assert same.record.cluster == "c"
    same.release()


def test_a_stray_file_is_no_run(state: Path) -> None:
    state.mkdir(parents=True)
    (state / "notes.txt").write_text("mine")
    assert found(kept=True) == []
    assert (state / "notes.txt").exists()


def test_there_is_nothing_abandoned_before_the_first_run() -> None:
    assert found(kept=True) == []


def test_a_projects_runs_share_its_cluster_one_after_the_other(started: Started) -> None:
    first = started(how=Run.reusable)
    first.made(cluster="canary-x")
    assert first.record.kept, "it outlives its run"
    first.release()
    second = started(how=Run.reusable)
    assert second.record == first.record
    assert started(Path("/somewhere/else"), how=Run.reusable).record.run != second.record.run


def test_a_projects_cluster_is_refused_while_another_run_is_in_it(started: Started) -> None:
    other = Other("reusable")
    try:
        with pytest.raises(ClusterError) as refused:
            started(how=Run.reusable)
        assert refused.value.sentence == (
            f"another run walks in this project's cluster canary-{other.run}; "
            "wait for it, or leave --canary-reuse out"
        )
    finally:
        other.kill()
    assert started(how=Run.reusable).record.cluster == "canary-x"


def test_without_xdg_the_state_is_in_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_folder() == tmp_path / ".local" / "state" / "pytest-canary" / "runs"


def test_a_lock_does_not_go_on_to_a_child(started: Started) -> None:
    run = started()
    child = subprocess.Popen(["sleep", "30"])
    try:
        run.release()
        assert found() == [run.record.run]
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
