"""What a stage waits for and last saw: behind the dots on a terminal, now and then in a log."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable

# A log gets a line only where someone might start to wonder.
PATIENCE = 10.0


class Progress:
    """Writes past pytest's capturing, to the terminal that it was started on.

    Args:
        terminal: a file descriptor of its own; closed with `close`.
        column: where the line that pytest has begun stands.
        clock: seconds.
    """

    def __init__(
        self,
        terminal: int,
        column: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._terminal = terminal
        self._column = column
        self._clock = clock
        self._live = os.isatty(terminal)
        self._lock = threading.Lock()
        self._began = self._told = clock()
        self._what = ""
        self._shown = False
        self._broken = False

    def __call__(self, what: str, seen: str) -> None:
        """Tell what is awaited and what was seen."""
        with self._lock:
            now = self._clock()
            if what != self._what:
                self._what, self._began = what, now
            # The seconds first, as the end of a long line is cut off.
            text = f"waiting {now - self._began:.0f} s for {what}: {seen}"
            text = " ".join(text.split())
            if self._live:
                room = self._columns() - self._column() - 2
                if room > 20:
                    # Saved and restored, so that the next dot lands where it belongs.
                    self._write(f"\0337 \033[2m{text[:room]}\033[0m\033[K\0338")
                    self._shown = True
            elif now - max(self._told, self._began) >= PATIENCE:
                self._write(f"\n    {text}")
                self._told = now
                self._broken = True

    def clear(self) -> bool:
        """Take away what stands behind the dots, before pytest writes there.

        Returns:
            Whether pytest's line was broken, and has to be begun again.
        """
        with self._lock:
            self._told = self._clock()
            if self._shown:
                self._write("\033[K")
                self._shown = False
            broken, self._broken = self._broken, False
            return broken

    def close(self) -> None:
        """Give the terminal back."""
        os.close(self._terminal)

    def _columns(self) -> int:
        """The terminal's width; standard output, which shutil asks, is captured by pytest."""
        given = os.environ.get("COLUMNS", "")
        if given.isdigit():
            return int(given)
        try:
            return os.get_terminal_size(self._terminal).columns
        except OSError:  # it went away
            return 80

    def _write(self, text: str) -> None:
        # A closed terminal is no reason to stop a rehearsal.
        with contextlib.suppress(OSError):
            os.write(self._terminal, text.encode(errors="backslashreplace"))
