"""Git, asked in a project's folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from pytest_canary.core.errors import CommandError
from pytest_canary.core.processes import Processes

# What a git hook's environment says of the repository that it was started for: the folder says it.
HOOKS = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_SHALLOW_FILE",
    "GIT_PREFIX",
)

# Its messages are read, so they are asked for in English; nobody is there to type a password, and
# nothing is written into the repository by the way.
ALWAYS = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}

# What would run programs of the user's, for the length of one command.
QUIET = ("-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false")


def git(
    root: Path,
    *words: str,
    processes: Processes | None = None,
    timeout: float = 60,
    variables: Mapping[str, str] | None = None,
) -> str:
    """Run git in a folder and return its output.

    Args:
        root: the folder.
        words: what follows `git -C FOLDER`; of a user's own, only behind `--end-of-options`.
        processes: the run's; None for some of its own.
        timeout: seconds after which it is killed.
        variables: its environment beside the usual one.

    Raises:
        CommandError: it is missing, failed or took too long.
    """
    said = git_bytes(root, *words, processes=processes, timeout=timeout, variables=variables)
    return said.decode(errors="replace")


def git_bytes(
    root: Path,
    *words: str,
    processes: Processes | None = None,
    timeout: float = 60,
    variables: Mapping[str, str] | None = None,
    stdin: Iterable[bytes] = (),
) -> bytes:
    """The same, its output as it is; `stdin` is what git reads."""
    usual = {key: value for key, value in os.environ.items() if key not in HOOKS}
    return (processes or Processes()).run_bytes(
        ["git", "-C", root, *words],
        timeout=timeout,
        env=usual | ALWAYS | dict(variables or {}),
        stdin=stdin,
    )


def complaint(error: CommandError) -> str:
    """What went wrong, in git's own words where it had any: "`git` …: fatal: …"."""
    said = [line for line in error.output.splitlines() if line.startswith(("fatal:", "error:"))]
    return f"{error.sentence}: {said[-1]}" if said else error.sentence
