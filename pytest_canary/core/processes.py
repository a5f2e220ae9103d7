"""The one place that runs external commands: with a deadline, its output kept, and no orphan."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from pathlib import Path
from typing import Any, TypedDict, Unpack

from pytest_canary.core import locks
from pytest_canary.core.disclosure import Disclosure
from pytest_canary.core.errors import CommandError
from pytest_canary.core.masking import Redactor
from pytest_canary.core.measuring import Measure, measure_nothing
from pytest_canary.core.pipes import WHOLE, Lines, Taker, Transcript, Whole, read
from pytest_canary.core.starting import start_patiently
from pytest_canary.core.terminals import Terminal
from pytest_canary.core.wording import size


class Setup(TypedDict, total=False):
    """How a command is run, where it is not as usual.

    Attributes:
        env: the whole environment; None for this process's own.
        cwd: the folder to run in.
        stdin: what it reads, in chunks.
        heard: told every line of its standard output and error as it comes, secrets masked.
        disclosure: looks for secrets in what it prints.
    """

    env: Mapping[str, str] | None
    cwd: Path | None
    stdin: Iterable[bytes]
    heard: Callable[[str], None] | None
    disclosure: Disclosure


class Processes:
    """The commands of one run: those of another in the same process are not touched.

    Args:
        redactor: takes the secrets out of what they print.
        among: those that these are a part of: they know of these too, and kill them as well.
        holding: a lock that each of them, and what it starts, shares for as long as it runs, so
            that it is known to be at work even when this process has been killed; beside those of
            what they are a part of.
        measure: measures each of them.
    """

    def __init__(
        self,
        redactor: Redactor | None = None,
        among: Processes | None = None,
        holding: Path | None = None,
        measure: Measure = measure_nothing,
    ) -> None:
        self.redactor = redactor or Redactor()
        self._measure = measure
        self._among = among
        self._holding: tuple[Path, ...] = (
            *(among._holding if among else ()),
            *([holding] if holding else []),
        )
        # Every command that runs, and how one would type it.
        self._running: dict[subprocess.Popen[bytes], str] = {}
        self._lock = threading.Lock()

    def part(self, holding: Path | None = None) -> Processes:
        """A part of these, to be killed without the others; or whose commands hold a lock."""
        return Processes(self.redactor, self, holding, self._measure)

    def run(self, argv: Sequence[str | Path], *, timeout: float, **setup: Unpack[Setup]) -> str:
        """Run a command to its end and return its standard output, for a person: secrets masked.

        Of a long one, head and tail. The arguments and errors are `run_bytes`'s own.
        """
        out = Transcript(self.redactor)
        self._run(argv, timeout, out.of_pipe(), setup)
        return out.text

    def read(self, argv: Sequence[str | Path], *, timeout: float, **setup: Unpack[Setup]) -> str:
        """Run a command to its end and return its standard output, for a program: text as it is.

        What a secret is taken for may be a name in it. The arguments and errors are `run_bytes`'s
        own.
        """
        return self.run_bytes(argv, timeout=timeout, **setup).decode(errors="replace")

    def run_bytes(
        self, argv: Sequence[str | Path], *, timeout: float, **setup: Unpack[Setup]
    ) -> bytes:
        """Run a command to its end and return its standard output, as it is and whole.

        The command gets a process group of its own, so that Ctrl-C reaches it only through us, and
        nothing that it started is left when it is stopped.

        Args:
            argv: the command; must hold no secret, as everyone on the machine can read it.
            timeout: seconds after which it is killed.
            setup: what it reads, where it runs, and who is told what it prints.

        Raises:
            CommandError: it can't be started, exits with another code than 0, or is killed at its
                deadline; with its output so far, secrets masked. Or it prints more than a program
                is to hold.
        """
        out = Whole()
        self._run(argv, timeout, out.take, setup)
        if out.too_long:
            words = [str(word) for word in argv]
            raise CommandError(
                f"`{name(words)}` has printed {size(out.size)}, and no more than {size(WHOLE)} of "
                "its output can be held",
                command=self.redactor.redact(shlex.join(words)),
            )
        return bytes(out.content)

    def _run(self, argv: Sequence[str | Path], timeout: float, out: Taker, setup: Setup) -> None:
        """Run a command to its end, and hand its standard output on as it comes."""
        words = [str(word) for word in argv]
        with self._measure("command", name(words)):
            self._run_words(words, timeout, out, setup)

    def _run_words(self, words: list[str], timeout: float, out: Taker, setup: Setup) -> None:
        shown, short = self.redactor.redact(shlex.join(words)), name(words)
        process = self._begin(words, setup, shown, short)
        assert process.stdin  # noqa: S101 (it is a pipe)
        late = threading.Event()

        def stop() -> None:
            late.set()
            _kill(process)

        # A timer can't wait for longer, and would end at once.
        alarm = threading.Timer(min(timeout, threading.TIMEOUT_MAX), stop)
        alarm.daemon = True
        alarm.start()
        both, errors = Transcript(self.redactor), Transcript(self.redactor)
        readers = [
            threading.Thread(target=read, args=(pipe, self._takers(both, more, setup)), daemon=True)
            for pipe, more in ((process.stdout, [out]), (process.stderr, [errors.of_pipe()]))
        ]
        for reader in readers:
            reader.start()
        try:
            # One that ends early breaks the pipe: its exit code and output tell why.
            with contextlib.suppress(BrokenPipeError):
                for chunk in setup.get("stdin", ()):
                    process.stdin.write(chunk)
                process.stdin.close()
            process.wait()
        finally:
            alarm.cancel()
            _kill(process)
            # What it left running in the background would hold its output open.
            _kill_group(process)
            with contextlib.suppress(OSError):
                process.stdin.close()
            for reader in readers:
                reader.join(timeout=5)
            self._leave(process)
        if process.returncode == 0:
            return
        output = both.text
        if late.is_set():
            ended = f"was stopped at its deadline of {timeout:g} s"
            raise CommandError(f"`{short}` {ended}", output, command=shown, stderr=errors.text)
        raise CommandError(
            f"`{short}` {_describe_end(process.returncode)}",
            output,
            process.returncode,
            command=shown,
            stderr=errors.text,
        )

    def _takers(self, both: Transcript, more: Sequence[Taker], setup: Setup) -> list[Taker]:
        """Who is told what comes through one pipe."""
        heard, disclosure = setup.get("heard"), setup.get("disclosure")
        listening = [Lines(self.redactor, heard).take] if heard else []
        watching = [disclosure.of_pipe()] if disclosure else []
        return [*more, both.of_pipe(), *listening, *watching]

    def _begin(
        self, words: list[str], setup: Setup, shown: str, short: str
    ) -> subprocess.Popen[bytes]:
        """Start a command that is known from then on."""
        try:
            process = start_patiently(lambda: self._start(words, setup))
        except OSError as error:
            raise CommandError(
                f"`{short}` can't be started: {error.strerror}: {error.filename}", command=shown
            ) from error
        except ValueError as error:  # a NUL in a word or a variable
            raise CommandError(f"`{short}` can't be started: {error}", command=shown) from error
        self._enter(process, shown)
        return process

    def _start(self, words: list[str], setup: Setup) -> subprocess.Popen[bytes]:
        with contextlib.ExitStack() as until_started:
            passed = [
                until_started.enter_context(locks.share(each)).fileno() for each in self._holding
            ]
            return subprocess.Popen(
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=setup.get("env"),
                cwd=setup.get("cwd"),
                start_new_session=True,
                pass_fds=passed,
            )

    @contextlib.contextmanager
    def on_terminal(
        self, argv: Sequence[str | Path], env: Mapping[str, str], cwd: Path
    ) -> Iterator[tuple[Terminal, subprocess.Popen[bytes]]]:
        """Run a command on a terminal of its own, for a program that talks with it.

        In the end the terminal is hung up, and the command and its process group are killed. A
        shell with job control gives each of its pipelines a group of its own: who runs one ends
        them by the lock that they hold.

        Args:
            argv: the command; must hold no secret.
            env: the whole environment.
            cwd: the folder to run in.

        Raises:
            CommandError: it can't be started.
        """
        words = [str(word) for word in argv]
        shown = self.redactor.redact(shlex.join(words))
        terminal = Terminal()
        try:
            setup: Setup = {"env": env, "cwd": cwd}
            process = self._begin(terminal.argv(words), setup, shown, name(words))
            for pipe in (process.stdin, process.stdout, process.stderr):
                assert pipe  # noqa: S101 (it has the terminal in the place of each)
                pipe.close()
            try:
                yield terminal, process
            finally:
                _kill(process)
                _kill_group(process)
                self._leave(process)
        finally:
            terminal.close()

    def kill_all(self) -> None:
        """Kill every command that still runs, those of other threads and of parts included."""
        with self._lock:
            left = list(self._running)
        for process in left:
            _kill(process)

    def kill_until_done(self, work: Future[Any]) -> None:
        """Kill them until the work that runs them is done: it may only be about to start one."""
        while not work.done():
            self.kill_all()
            wait([work], timeout=0.1)

    def alive(self) -> list[str]:
        """The commands that still run, those of parts included."""
        with self._lock:
            return [shown for process, shown in self._running.items() if process.poll() is None]

    def _enter(self, process: subprocess.Popen[bytes], shown: str) -> None:
        with self._lock:
            self._running[process] = shown
        if self._among:
            self._among._enter(process, shown)

    def _leave(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._running.pop(process, None)
        if self._among:
            self._among._leave(process)


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


def _describe_end(code: int) -> str:
    if code >= 0:
        return f"exited with code {code}"
    return f"was ended by {signal.Signals(-code).name}"


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a command and everything in its process group; nothing happens if it has ended."""
    if process.poll() is None:
        _kill_group(process)
        process.wait()


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    # A group of nobody but the dead can't be signalled: Linux has no such process, macOS forbids.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
