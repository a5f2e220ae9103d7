"""The one place that runs external commands: with a deadline, its output kept, and no orphan."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO

from pytest_canary.core.errors import CommandError

# Every command that runs, and how one would type it.
_running: dict[subprocess.Popen[bytes], str] = {}
_lock = threading.Lock()


def masked(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret in it replaced by asterisks."""
    # The longest first: one may be a part of another.
    for secret in sorted(secrets, key=len, reverse=True):
        if secret:
            text = text.replace(secret, "********")
    return text


def run(
    argv: Sequence[str | Path],
    *,
    timeout: float,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: Iterable[bytes] = (),
    secrets: Iterable[str] = (),
    heard: Callable[[str], None] | None = None,
) -> str:
    """Run a command to its end and return its standard output, as text.

    The arguments are `run_bytes`'s own.
    """
    out = run_bytes(
        argv, timeout=timeout, env=env, cwd=cwd, stdin=stdin, secrets=secrets, heard=heard
    )
    return masked(out.decode(errors="replace"), secrets)


def run_bytes(
    argv: Sequence[str | Path],
    *,
    timeout: float,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: Iterable[bytes] = (),
    secrets: Iterable[str] = (),
    heard: Callable[[str], None] | None = None,
) -> bytes:
    """Run a command to its end and return its standard output, as it is.

    The command gets a process group of its own, so that Ctrl-C reaches it only through us, and
    nothing that it started is left when it is stopped.

    Args:
        argv: the command; must hold no secret, as everyone on the machine can read it.
        timeout: seconds after which it is killed.
        env: the whole environment; None for this process's own.
        cwd: the folder to run in.
        stdin: what it reads, in chunks.
        secrets: words to mask in the output.
        heard: told every line of its standard output and error as it comes, secrets masked.

    Raises:
        CommandError: it can't be started, exits with another code than 0, or is killed at its
            deadline; with its output so far.
    """
    words = [str(word) for word in argv]
    shown, short = shlex.join(words), name(words)
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            cwd=cwd,
            start_new_session=True,
        )
    except OSError as error:
        raise CommandError(
            f"`{short}` can't be started: {error.strerror}: {error.filename}", command=shown
        ) from error
    assert process.stdin  # noqa: S101 (it is a pipe)
    with _lock:
        _running[process] = shown
    late = threading.Event()

    def stop() -> None:
        late.set()
        kill(process)

    alarm = threading.Timer(timeout, stop)
    alarm.daemon = True
    alarm.start()
    out: list[bytes] = []
    both: list[bytes] = []

    def tell(line: str) -> None:
        if heard:
            heard(masked(line, secrets))

    readers = [
        threading.Thread(target=_read, args=(process.stdout, (out, both), tell), daemon=True),
        threading.Thread(target=_read, args=(process.stderr, (both,), tell), daemon=True),
    ]
    for reader in readers:
        reader.start()
    try:
        # One that ends early breaks the pipe: its exit code and output tell why.
        with contextlib.suppress(BrokenPipeError):
            for chunk in stdin:
                process.stdin.write(chunk)
            process.stdin.close()
        process.wait()
    finally:
        alarm.cancel()
        kill(process)
        # What it left running in the background would hold its output open.
        _kill_group(process)
        with contextlib.suppress(OSError):
            process.stdin.close()
        for reader in readers:
            reader.join(timeout=5)
        with _lock:
            _running.pop(process, None)
    if process.returncode == 0:
        return b"".join(out)
    output = masked(b"".join(both).decode(errors="replace"), secrets)
    if late.is_set():
        ended = f"was stopped at its deadline of {timeout:g} s"
        raise CommandError(f"`{short}` {ended}", output, command=shown)
    code = process.returncode
    ended = (
        f"exited with code {code}" if code >= 0 else f"was ended by {signal.Signals(-code).name}"
    )
    raise CommandError(f"`{short}` {ended}", output, code, command=shown)


def name(words: Sequence[str]) -> str:
    """What to call a command in a sentence: the program and what it was told to do.

    `/usr/bin/kind create cluster --name=x` is `kind create cluster`.
    """
    called = [Path(words[0]).name]
    for word in words[1:3]:
        if word.startswith("-") or "/" in word:
            break
        called.append(word)
    return " ".join(called)


def _read(pipe: IO[bytes], kept: Iterable[list[bytes]], heard: Callable[[str], None]) -> None:
    for line in pipe:
        for lines in kept:
            lines.append(line)
        heard(line.decode(errors="replace").strip())
    pipe.close()


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a command and everything in its process group; nothing happens if it has ended."""
    if process.poll() is None:
        _kill_group(process)
        process.wait()


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    # A group of nobody but the dead can't be signalled: Linux has no such process, macOS forbids.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def kill_all() -> None:
    """Kill every command that still runs, those of other threads included."""
    with _lock:
        left = list(_running)
    for process in left:
        kill(process)


def alive() -> list[str]:
    """The commands that still run."""
    with _lock:
        return [shown for process, shown in _running.items() if process.poll() is None]
