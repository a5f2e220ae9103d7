"""Sessions of pytest that are struck in the midst of a stage, by `acceptance.striking`."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType

from acceptance.projects import Project, Walked
from fakes.folders import TESTS
from fakes.signals import heed_signals


def walk_struck(
    project: Project,
    way: str,
    stage: str,
    beside: Path,
    *options: str,
    act: Callable[[], None] = lambda: None,
    within: Callable[..., list[str]] = lambda *words: [*words],
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Walked:
    """Walk to the end.

    Args:
        project: where.
        way: how the session is struck.
        stage: in which stage.
        beside: what the strike writes, where it writes anything.
        options: of pytest's.
        act: called as soon as that is there.
        within: makes the command one that runs elsewhere.
        environment: beside the project's.
    """
    beside.unlink(missing_ok=True)
    with subprocess.Popen(
        within(*project.command("-p", "acceptance.striking", "--canary", *options)),
        cwd=project.root,
        env=project.environment
        | {
            "PYTHONPATH": str(TESTS),
            "STRIKE": way,
            "STRIKE_AT": stage,
            "STRIKE_BESIDE": str(beside),
        }
        | dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=heed_signals,
    ) as walking:
        try:
            with ThreadPoolExecutor(1) as pool:
                text = pool.submit(walking.communicate, timeout=600)
                while not beside.exists() and not text.done():
                    time.sleep(0.1)
                if beside.exists():
                    act()
                output, _ = text.result()
                walked = Walked(walking.wait(), output.decode())
        finally:
            walking.kill()
    print(walked.text)
    return walked
