"""What ends a session from outside: SIGTERM, SIGHUP and Ctrl-C."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from pytest_canary.plugin.state import SessionOutcome

# Seconds: a second Ctrl-C so soon after the first would end what the first has begun.
AGAIN = 3.0

# Seconds after which one is sent again that came where it must not be heard.
SOON = 0.01

# Of the code that imports: what is raised in it, just as it takes a lock, leaves the lock taken,
# and every thread that imports waits for it for ever (seen in 8 of 37 sessions that were struck as
# they began).
IMPORTING = "<frozen importlib"


class Stopped(KeyboardInterrupt):
    """A signal's: it ends the session as Ctrl-C does, and no `except Exception` keeps it."""

    # pytest shows the whole name.
    __module__ = "canary"


class Signals:
    """Lets SIGTERM and SIGHUP end the session as Ctrl-C does, and Ctrl-C end it once.

    So everything is removed.

    Args:
        outcome: learns what has stopped the session.
        clock: tells seconds, from any beginning.
    """

    def __init__(
        self, outcome: SessionOutcome, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._outcome = outcome
        self._clock = clock
        self._handlers: dict[signal.Signals, Any] = {}
        self._interrupted_at: float | None = None

    def pytest_configure(self) -> None:
        """Catch them; called when this object is registered."""
        if threading.current_thread() is not threading.main_thread():
            return
        for each in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(each) != signal.SIG_IGN:  # as nohup has it
                self._handlers[each] = signal.signal(each, self._stop)
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._handlers[signal.SIGINT] = signal.signal(signal.SIGINT, self._interrupt)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if _comes_later(number, frame):
            return
        outcome = self._outcome
        name = outcome.stopped_by = signal.Signals(number).name
        outcome.stop_code = 128 + number
        # A cleanup that is under way ends as soon as it can; half of one leaves something.
        if not outcome.cleaning:
            raise Stopped(f"{name}; removing what the run made")

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if _comes_later(number, frame):
            return
        outcome, now, before = self._outcome, self._clock(), self._interrupted_at
        if outcome.cleaning:
            # It goes on to its end, as after a signal; but who ended the session sees no success.
            outcome.stopped_by = outcome.stopped_by or "Ctrl-C"
            outcome.stop_code = outcome.stop_code or int(pytest.ExitCode.INTERRUPTED)
        elif before is None or now - before > AGAIN:
            # One that is not heard starts no new wait: who goes on pressing is heard in the end.
            self._interrupted_at = now
            raise KeyboardInterrupt

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self) -> None:
        """Remember who ended the session before its time, and let nobody end its end."""
        self._outcome.stopped_by = self._outcome.stopped_by or "Ctrl-C"
        self._outcome.cleaning = True

    def pytest_unconfigure(self) -> None:
        """Give the process its own handlers back."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)


def _comes_later(number: int, frame: FrameType | None) -> bool:
    """Whether a signal came where nothing may be raised; it is sent again then, a moment later."""
    if frame is None or not frame.f_code.co_filename.startswith(IMPORTING):
        return False
    again = threading.Timer(SOON, os.kill, (os.getpid(), number))
    again.daemon = True
    again.start()
    return True
