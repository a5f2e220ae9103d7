"""Patterns are read by several threads of one process."""

import threading
import warnings
from collections.abc import Callable

from pytest_canary.conditions.patterns import compile_pattern


class Pattern(str):
    """One that tells when it is being read, and may take long."""

    __slots__ = ("read",)
    read: Callable[[], object]

    def __new__(cls, text: str, read: Callable[[], object]) -> "Pattern":
        made = super().__new__(cls, text)
        made.read = read
        return made

    def __hash__(self) -> int:
        self.read()
        return super().__hash__()

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other)


def test_threads_that_read_patterns_leave_the_process_its_filters_for_warnings() -> None:
    first, second, done = threading.Event(), threading.Event(), threading.Event()

    def read_first() -> None:
        first.set()
        second.wait(0.5)

    def read_second() -> None:
        second.set()
        done.wait(0.5)

    with warnings.catch_warnings():
        before = [*warnings.filters]
        other = threading.Thread(target=lambda: compile_pattern(Pattern("^b$", read_second)))

        def begin() -> None:
            if not first.is_set():
                other.start()
            read_first()

        compile_pattern(Pattern("^a$", begin))
        done.set()
        other.join()
        assert [*warnings.filters] == before
