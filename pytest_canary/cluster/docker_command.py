"""The docker command: what it does better than Docker's API.

It builds with the user's own builder, BuildKit where there is one, of which the API's client knows
nothing; it pulls and pushes with the user's credentials; and it is given up in time where the
engine hangs.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pytest_canary.cluster.container_engine import Image
from pytest_canary.config.build_args import is_dockers_own
from pytest_canary.core.errors import CommandError, ImageError
from pytest_canary.core.processes import Processes

# Seconds for the engine to say whether a container runs.
ASKING = 30.0


def pull(processes: Processes, name: str, timeout: float) -> None:
    """`docker pull`.

    Raises:
        ImageError: no registry has it.
    """
    try:
        processes.run(["docker", "pull", "--quiet", name], timeout=timeout)
    except CommandError as error:
        raise ImageError(
            f"image {name} is not in the engine, and {error.sentence}; "
            "check the name, or pull or build it first",
            error.evidence,
        ) from error


def build(
    processes: Processes,
    context: Path,
    dockerfile: Path,
    args: Mapping[str, str],
    tag: str,
    iidfile: Path,
    timeout: float,
) -> Image:
    """`docker build`; the build arguments' values go through the environment, not argv.

    Only those that the docker command would take for its own stand in argv.

    Raises:
        ImageError: the build failed; with its output.
    """
    # Without --force-rm the classic builder leaves the container of a step that failed.
    argv: list[str | Path] = ["docker", "build", "--force-rm", "-f", dockerfile, "-t", tag]
    argv += ["--iidfile", iidfile]
    environment = dict(os.environ)
    for key, value in args.items():
        if is_dockers_own(key):
            argv += ["--build-arg", f"{key}={value}"]
        else:
            argv += ["--build-arg", key]
            environment[key] = value
    try:
        processes.run([*argv, context], timeout=timeout, env=environment)
    except CommandError as error:
        tail = "\n".join(error.output.splitlines()[-40:])
        raise ImageError(f"the image can't be built: {error.sentence}", tail) from error
    return Image(iidfile.read_text().strip(), tag)


def push(processes: Processes, image: Image, timeout: float) -> None:
    """`docker push`.

    Raises:
        ImageError: the registry refuses it.
    """
    try:
        processes.run(["docker", "push", "--quiet", image.ref], timeout=timeout)
    except CommandError as error:
        raise ImageError(
            f"image {image.ref} can't be pushed: {error.sentence}", error.evidence
        ) from error


def start_time(processes: Processes, container: str) -> str:
    """When a container was last started, in the engine's words.

    Raises:
        CommandError: it does not run, there is none of that name, or the engine does not tell.
    """
    wanted = "{{.State.Status}} {{.State.StartedAt}}"
    argv = ["docker", "container", "inspect", f"--format={wanted}", container]
    status, _, at = processes.read(argv, timeout=ASKING).strip().partition(" ")
    if status != "running":
        raise CommandError(f"container {container} is {status}")
    return at
