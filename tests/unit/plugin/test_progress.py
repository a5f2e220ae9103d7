"""What a stage tells while it waits: on a real terminal, and in a real pipe."""

import os
import pty
import select
from collections.abc import Callable, Iterator

import pytest

from pytest_canary.plugin.progress import PATIENCE, Progress


class Time:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Screen:
    """The reading end of what progress writes to."""

    def __init__(self, reading: int, writing: int) -> None:
        self.reading, self.time = reading, Time()
        self.column = 20
        self.progress = Progress(writing, lambda: self.column, self.time)

    def text(self) -> str:
        found = b""
        while select.select([self.reading], [], [], 0.05)[0]:
            found += os.read(self.reading, 10_000)
        return found.decode().replace("\r\n", "\n")


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Screen]:
    monkeypatch.setenv("COLUMNS", "100")
    screen = Screen(*pty.openpty())
    yield screen
    screen.progress.close()
    os.close(screen.reading)


@pytest.fixture
def log() -> Iterator[Screen]:
    screen = Screen(*os.pipe())
    yield screen
    screen.progress.close()
    os.close(screen.reading)


def after(screen: Screen, seconds: float) -> Callable[[str, str], None]:
    screen.time.now += seconds
    return screen.progress


def test_a_terminal_shows_every_look_behind_the_dots(terminal: Screen) -> None:
    terminal.progress("3/3 of shop-stable", "1/3 ready")
    after(terminal, 4)("3/3 of shop-stable", "2/3 ready")
    first, second = terminal.text().split("\0338")[:2]
    assert "waiting 0 s for 3/3 of shop-stable: 1/3 ready" in first
    assert "waiting 4 s for 3/3 of shop-stable: 2/3 ready" in second
    assert first.startswith("\0337"), "the cursor goes back to where the next dot belongs"
    assert "\n" not in first


def test_what_is_awaited_next_is_counted_anew(terminal: Screen) -> None:
    terminal.progress("one", "x")
    after(terminal, 9)("two", "y")
    assert "waiting 0 s for two: y" in terminal.text()


def test_a_long_text_stays_on_its_line(terminal: Screen) -> None:
    terminal.progress("it", "word " * 100 + "\n  more")
    shown = terminal.text().split("\033[2m")[1].split("\033[0m")[0]
    assert len(shown) == 100 - 20 - 2
    assert "\n" not in shown


def test_a_full_line_is_left_alone(terminal: Screen) -> None:
    terminal.column = 90
    terminal.progress("it", "x")
    assert terminal.text() == ""


def test_a_terminal_is_cleared_once_before_a_dot(terminal: Screen) -> None:
    terminal.progress("it", "x")
    terminal.text()
    assert terminal.progress.clear() is False
    assert terminal.text() == "\033[K"
    terminal.progress.clear()
    assert terminal.text() == ""


def test_a_log_is_spared_what_goes_fast(log: Screen) -> None:
    for _ in range(9):
        after(log, 1)("it", "x")
    assert log.text() == ""
    assert log.progress.clear() is False


def test_a_log_gets_a_line_now_and_then(log: Screen) -> None:
    for second in range(1, 26):
        after(log, 1)("the cluster", f"step {second}")
    assert log.text() == (
        "\n    waiting 10 s for the cluster: step 11\n    waiting 20 s for the cluster: step 21"
    )


def test_one_short_wait_after_the_other_is_no_news_for_a_log(log: Screen) -> None:
    for second in range(30):
        after(log, 1)(f"part {second // 9}", "x")
    assert log.text() == ""


def test_a_log_whose_line_was_broken_says_so_once(log: Screen) -> None:
    log.progress("it", "x")
    after(log, PATIENCE)("it", "x")
    assert log.progress.clear() is True
    assert log.progress.clear() is False


def test_a_dot_is_news_enough_for_a_log(log: Screen) -> None:
    log.progress("it", "x")
    log.time.now += 9
    log.progress.clear()
    after(log, 9)("it", "x")
    assert log.text() == ""


def test_half_an_emoji_is_told_as_python_escapes_it(log: Screen) -> None:
    log.progress("it", "x")
    after(log, PATIENCE)("it", "half \ud83d")
    assert log.text().endswith("for it: half \\ud83d")


def test_a_terminal_that_is_gone_stops_nothing() -> None:
    reading, writing = os.pipe()
    screen = Screen(reading, writing)
    os.close(reading)
    screen.progress("it", "x")
    after(screen, PATIENCE)("it", "x")
    assert screen.progress.clear() is True
    screen.progress.close()
