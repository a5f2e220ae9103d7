"""What ends a session from outside: SIGTERM, SIGHUP and Ctrl-C."""

from __future__ import annotations

import signal
import threading
from typing import Any

import pytest

from pytest_canary.plugin.state import Outcome


class Signals:
    """Lets SIGTERM and SIGHUP end the session as Ctrl-C does, so that everything is removed.

    Args:
        outcome: learns what has stopped the session.
    """

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome
        self._handlers: dict[signal.Signals, Any] = {}

    def pytest_configure(self) -> None:
        """Catch them; called when this object is registered."""
        if threading.current_thread() is not threading.main_thread():
            return
        for each in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(each) != signal.SIG_IGN:  # as nohup has it
                self._handlers[each] = signal.signal(each, self._stop)

    def _stop(self, number: int, _: object) -> None:
        outcome = self._outcome
        name = outcome.stopped_by = signal.Signals(number).name
        outcome.stop_code = 128 + number
        # A cleanup that is under way ends as soon as it can; half of one leaves something.
        if not outcome.cleaning:
            pytest.exit(f"canary: {name}; removing what the run made", returncode=outcome.stop_code)

    def pytest_keyboard_interrupt(self) -> None:
        """Remember who ended the session before its time, for the report."""
        self._outcome.stopped_by = self._outcome.stopped_by or "Ctrl-C"

    def pytest_unconfigure(self) -> None:
        """Give the process its own handlers back."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
