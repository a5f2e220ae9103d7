#!/usr/bin/env python3
"""Runs a command in the time that everything else leaves: `behind.py make unit`.

Linux shares its processors out among sessions first (sched_autogroup), and only within one of them
does nice count. So the command gets a session of its own, with the least weight that there is. One
processor is left to everything else, which is so never late by the moment that it takes to make way
for it. And as it no longer hears a terminal's Ctrl-C, each signal is passed on to it; SIGKILL alone
leaves it behind.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

AUTOGROUP = Path("/proc/self/autogroup")

PASSED_ON = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)


def take_the_least_weight() -> None:
    """For the command's own process, before it is the command's."""
    os.nice(19)
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        ours = sorted(os.sched_getaffinity(0))
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, ours[1:] or ours)
    # The kernel lets users other than root do so once in a tenth of a second.
    for _ in range(10 if os.access(AUTOGROUP, os.W_OK) else 0):
        try:
            AUTOGROUP.write_text("19")
            break
        except OSError:
            time.sleep(0.2)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)


def main(command: list[str]) -> int:
    """Run it.

    Returns:
        Its exit code; where a signal has ended it, this process is ended by the same.
    """
    # None is lost that comes before there is somebody to pass it on to.
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
    child = subprocess.Popen(command, start_new_session=True, preexec_fn=take_the_least_weight)

    def pass_on(number: int, _: object) -> None:
        # It may have ended by now.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, number)

    for number in PASSED_ON:
        # What nohup has let this process ignore, the command ignores too.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, pass_on)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    status = child.wait()
    if status < 0:
        if -status in PASSED_ON:
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
