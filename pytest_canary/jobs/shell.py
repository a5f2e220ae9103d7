"""One bash on a terminal, to which commands are given one after the other, as the agent does.

https://github.com/semaphoreci/agent, `pkg/shell`: each command is a file that is sourced, so that
`cd`, `export` and functions stay for the next one, and neither `set -e` nor `pipefail` holds. A
command that calls `exit`, or that `set -e` ends, closes the shell.

The files that a login shell reads are the machine's own, so that they are left out. A command that
sends the shell's own output elsewhere, `exec >file`, never comes to its end, there as here.
"""

from __future__ import annotations

import re
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pytest_canary.core import locks
from pytest_canary.core.errors import CommandError
from pytest_canary.core.processes import Processes
from pytest_canary.core.terminals import Terminal
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.jobs.order import Reason

# Seconds for bash to begin, and at most between two looks whether it is to be stopped.
BEGINNING, LOOK = 60.0, 0.1

# Bytes of what bash said instead of beginning.
SHOWN = 500

Take = Callable[[bytes], None]


@dataclass(frozen=True)
class Ended:
    """How a command has ended.

    Attributes:
        code: its exit code; 1 where it has none, as the agent has it.
        closed: whether it closed the shell, so that nothing more can be run.
        cut_off: why it was stopped; empty where it was not.
        status: the shell's own exit code, where it is closed.
    """

    code: int
    closed: bool = False
    cut_off: Reason = ""
    status: int = 0


class Shell:
    """A shell that has begun; for one thread."""

    def __init__(
        self, terminal: Terminal, process: subprocess.Popen[bytes], command_file: Path
    ) -> None:
        self._terminal = terminal
        self._process = process
        self._file = command_file
        command_file.touch(mode=0o600)  # what is exported comes this way too
        self._closed = False

    def begin(self) -> None:
        """Silence it, and go home.

        Raises:
            CommandError: it has ended instead.
            WaitTimeoutError: it does neither.
        """
        mark = secrets.token_hex(8)
        self._terminal.write(
            f"export PS1= PS2=; stty -echo; cd ~; unset HISTFILE; printf '\\001{mark}\\n'\n"
        )
        seen = b""

        def look() -> Seen[None]:
            nonlocal seen
            over = self._process.poll() is not None
            seen += self._terminal.read(LOOK)
            said = seen[-SHOWN:].decode(errors="replace").strip()
            begun = f"\x01{mark}".encode() in seen
            if over and not begun:
                raise CommandError(f"bash ended with code {self._process.returncode}", said)
            return Seen(said or "nothing", begun, None)

        Waiter().until("bash to begin", look, timeout=BEGINNING, change=lambda _: None)

    def run(self, command: str, take: Take, why_stop: Callable[[], Reason]) -> Ended:
        """Run a command to its end.

        Args:
            command: what to source.
            take: told what it shows, and in the end nothing, for its end.
            why_stop: why it is to be stopped now; empty while it may go on.
        """
        mark = secrets.token_hex(8)
        self._file.write_text(command, errors="surrogateescape")
        self._terminal.write(
            f"printf '\\001{mark} start\\n'; source '{self._file}'; AGENT_CMD_RESULT=$?; "
            f"printf '\\001{mark} end %s\\n' \"$AGENT_CMD_RESULT\"; (exit $AGENT_CMD_RESULT)\n"
        )
        try:
            return self._follow(_Marks(mark, take), why_stop)
        finally:
            take(b"")

    def _follow(self, marks: _Marks, why_stop: Callable[[], Reason]) -> Ended:
        while True:
            # Looked at first, so that what it showed last is read.
            over = self._closed or self._process.poll() is not None
            shown = self._terminal.read(0 if over else LOOK)
            code = marks.look(shown)
            if code is not None:
                return Ended(code)
            if over and not shown:
                self._closed = True
                marks.close()
                return Ended(1, closed=True, status=self._process.wait())
            why = why_stop()
            if why:
                marks.close()
                return Ended(1, cut_off=why)


class _Marks:
    """Finds what a command shows between the marks before and behind it."""

    def __init__(self, mark: str, take: Take) -> None:
        self._start = re.compile(rb"\x01%b start\r?\n" % mark.encode())
        self._end = re.compile(rb"\x01%b end (\d+)\r?\n" % mark.encode())
        self._longest = len(mark) + len("\x01 end 255\r\n")
        self._take = take
        self._started = False
        self._rest = b""

    def look(self, shown: bytes) -> int | None:
        """Hear more, and hand it on; the command's exit code where it has ended."""
        self._rest += shown
        if not self._started:
            start = self._start.search(self._rest)
            if not start:
                return None
            self._started, self._rest = True, self._rest[start.end() :]
        end = self._end.search(self._rest)
        # An end that may be a part of the mark is kept, until more comes.
        begun = self._rest.rfind(b"\x01", -self._longest)
        until = end.start() if end else begun if begun >= 0 else len(self._rest)
        if until:
            self._take(self._rest[:until])
        self._rest = self._rest[until:]
        return int(end[1]) if end else None

    def close(self) -> None:
        """Hand on what was kept: nothing follows."""
        if self._started and self._rest:
            self._take(self._rest)


@contextmanager
def open_shell(
    processes: Processes, environment: Mapping[str, str], folder: Path, home: Path
) -> Iterator[Shell]:
    """A shell; in the end, it and everything that it has started is ended.

    Args:
        processes: those of the run.
        environment: all that it finds.
        folder: for what it needs itself: the lock that all of its processes hold, the command.
        home: where it begins.

    Raises:
        CommandError: there is no bash, or it ends at once.
        WaitTimeoutError: it does not begin.
    """
    bash = shutil.which("bash")
    if not bash:
        raise CommandError("there is no bash, which runs the jobs; install it")
    lock = folder / "lock"
    argv = [bash, "--noprofile", "--noediting", "--login"]
    part = processes.part(holding=lock)
    try:
        with part.on_terminal(argv, environment, home) as (terminal, process):
            shell = Shell(terminal, process, folder / "command")
            shell.begin()
            yield shell
    finally:
        locks.end_holders(lock)
