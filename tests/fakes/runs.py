"""Runs of this process and of others, and what a reaper finds of them."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from pytest_canary.cluster.run import Run, find_abandoned

Started = Callable[..., Run]
PROJECT = Path("/somewhere/shop")

OTHER = """
import sys
from pathlib import Path
from pytest_canary.cluster.run import Run
run = Run.{start}(Path({project!r}){engine})
run.note(cluster="canary-x", images=["shop:1"])
print(run.record.run, flush=True)
sys.stdin.read()
"""


class Other:
    """A run of another process."""

    def __init__(self, start: str = "start") -> None:
        engine = ", 'engine-1'" if start == "reusable" else ""
        script = OTHER.format(start=start, project=str(PROJECT), engine=engine)
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


def reusable(project: Path) -> Run:
    """The run of this process in the cluster that a project's runs share."""
    return Run.reusable(project, "engine-1")


def found(*, kept: bool = False, spared: list[str] | None = None) -> list[str]:
    """The runs that a reaper finds; it must be told which others it is to leave alone."""
    told: list[str] = []
    names = []
    for run in find_abandoned(kept=kept, spare=told.append):
        names.append(run.record.run)
        run.release()
    assert told == (spared or [])
    return names
