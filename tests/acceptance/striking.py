"""A pytest plugin that strikes a session in the midst of a stage: `-p acceptance.striking`.

$STRIKE says how, and $STRIKE_AT in which stage: half a second after the stage began, so that its
transition is under way.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

# Seconds.
INTO_THE_STAGE = 0.5
UNTIL_AGAIN = 1.0


def kill(number: int) -> None:
    """What `kill` does to this process."""
    os.kill(os.getpid(), number)


def kill_twice() -> None:
    """Ctrl-C, and again in the midst of what that has begun."""
    kill(signal.SIGINT)
    threading.Timer(UNTIL_AGAIN, kill, [signal.SIGINT]).start()


def fill_disk() -> None:
    """Leave no byte where the run's folder and its report are."""
    with contextlib.suppress(OSError), Path(os.environ["STRIKE_DISK"], "full").open("wb") as file:
        while True:
            file.write(b"0" * 4096)
            file.flush()


def walk_too() -> None:
    """Let a second run walk in the same project, and write down what came of it."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *sys.argv[1:]],
        env=os.environ | {"STRIKE": "", "STRIKE_AT": ""},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    Path(os.environ["STRIKE_BESIDE"]).write_text(f"{done.returncode}\n{done.stdout.decode()}")


def tell() -> None:
    """Tell the test that has begun this session; it does the rest."""
    Path(os.environ["STRIKE_BESIDE"]).touch()


LATER: dict[str, Callable[[], None]] = {
    "SIGHUP": lambda: kill(signal.SIGHUP),
    "SIGINT": lambda: kill(signal.SIGINT),
    "SIGINT twice": kill_twice,
    "SIGKILL": lambda: kill(signal.SIGKILL),
    "SIGTERM": lambda: kill(signal.SIGTERM),
    "a second run beside it": walk_too,
    "by the test": tell,
}


def is_struck(item: pytest.Item) -> bool:
    """Whether a test is the first of the stage that is struck."""
    stage = item.nodeid.partition("::")[0].removeprefix("canary/")
    return stage == os.environ["STRIKE_AT"] and not item.config.stash.get(STRUCK, False)


STRUCK: pytest.StashKey[bool] = pytest.StashKey()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, None, None]:
    """Strike."""
    if is_struck(item):
        item.config.stash[STRUCK] = True
        strike = os.environ["STRIKE"]
        if strike == "full disk":
            fill_disk()
        elif strike in LATER:
            threading.Timer(INTO_THE_STAGE, LATER[strike]).start()
        elif strike == "a failure with -x":
            raise AssertionError("struck")
        elif strike == "an exception in a hook":
            raise_in(item.config)
    yield


def raise_in(config: pytest.Config) -> None:
    """Let another plugin's hooks fail from here on."""

    class Broken:
        def pytest_runtest_logfinish(self) -> None:
            raise OSError(28, "No space left on device")

        def pytest_sessionfinish(self) -> None:
            raise OSError(28, "No space left on device")

    config.pluginmanager.register(Broken(), "broken")
