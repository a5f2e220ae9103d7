"""What ends a session from outside, and that the process gets its own handlers back."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from functools import partial

import pytest

from pytest_canary.plugin.signals import Signals
from pytest_canary.plugin.state import SessionOutcome

CAUGHT = (signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = {each: signal.signal(each, signal.SIG_DFL) for each in CAUGHT}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_the_session_and_is_remembered(number: signal.Signals, code: int) -> None:
    outcome = SessionOutcome()
    caught = Signals(outcome)
    caught.pytest_configure()
    with pytest.raises(KeyboardInterrupt) as end, contextlib.suppress(Exception):
        signal.raise_signal(number)
    assert end.exconly() == f"canary.Stopped: {number.name}; removing what the run made"
    assert outcome.exit_code(pytest.ExitCode.INTERRUPTED) == code
    caught.pytest_keyboard_interrupt()  # pytest calls this for either
    assert outcome.stopped_by == number.name
    caught.pytest_unconfigure()
    assert [signal.getsignal(each) for each in CAUGHT] == [signal.SIG_DFL] * 2


@pytest.mark.parametrize(
    ("numbers", "name", "code"),
    [
        ([signal.SIGTERM], "SIGTERM", 143),
        ([signal.SIGINT], "Ctrl-C", pytest.ExitCode.INTERRUPTED),
        ([signal.SIGTERM, signal.SIGINT], "SIGTERM", 143),
    ],
)
def test_a_signal_during_the_cleanup_waits_for_its_end(
    numbers: list[signal.Signals], name: str, code: int
) -> None:
    outcome = SessionOutcome(cleaning=True)
    caught = Signals(outcome)
    caught.pytest_configure()
    for number in numbers:
        signal.raise_signal(number)
    caught.pytest_unconfigure()
    assert outcome.stopped_by == name
    assert outcome.exit_code(pytest.ExitCode.OK) == code


def test_ctrl_c_ends_the_session_once() -> None:
    outcome = SessionOutcome()
    caught = Signals(outcome)
    caught.pytest_configure()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)  # while the first unwinds
    caught.pytest_keyboard_interrupt()
    assert outcome.stopped_by == "Ctrl-C"
    signal.raise_signal(signal.SIGINT)  # while everything is removed
    caught.pytest_unconfigure()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_that_somebody_has_swallowed_may_be_repeated_however_fast() -> None:
    pressed = [0.0, 2.0, 4.0, 6.0, 8.0]
    heard, times = [], iter(pressed)
    caught = Signals(SessionOutcome(), lambda: next(times))
    caught.pytest_configure()
    for at in pressed:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            heard.append(at)
    caught.pytest_unconfigure()
    assert heard == [0.0, 4.0, 8.0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_comes_in_the_midst_of_an_import_is_heard_a_moment_later(
    number: signal.Signals,
) -> None:
    """Raised there, it would leave a lock taken that every thread waits for as it imports."""
    caught = Signals(SessionOutcome())
    ended: list[bool] = []
    caught.pytest_configure()
    importing = compile(
        "strike()\nended.append(True)", "<frozen importlib._bootstrap>", mode="exec"
    )

    def import_and_wait() -> None:
        exec(importing, {"strike": partial(signal.raise_signal, number), "ended": ended})
        time.sleep(10)

    with pytest.raises(KeyboardInterrupt):
        import_and_wait()
    assert ended == [True]
    caught.pytest_unconfigure()


def test_what_the_process_ignores_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    caught = Signals(SessionOutcome())
    caught.pytest_configure()
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    assert signal.getsignal(signal.SIGTERM) != signal.SIG_DFL
    caught.pytest_unconfigure()


def test_another_thread_leaves_signals_alone() -> None:
    caught = Signals(SessionOutcome())
    thread = threading.Thread(target=caught.pytest_configure)
    thread.start()
    thread.join()
    assert [signal.getsignal(each) for each in CAUGHT] == [signal.SIG_DFL] * 2
