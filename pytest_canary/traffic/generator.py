"""The thread that sends the traffic: each request at its time, whatever became of the others."""

from __future__ import annotations

import asyncio
import resource
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pytest_canary.api.writes import Writes
from pytest_canary.core.errors import TrafficError
from pytest_canary.traffic.exchange import Kind
from pytest_canary.traffic.ledger import LIMIT, Ledger
from pytest_canary.traffic.sender import Prepared, Sender

# Seconds between looks whether to stop.
LOOK = 0.1


@dataclass(frozen=True)
class Bounds:
    """Where the generator stops to wait for an app, or a machine, that can't keep up.

    Attributes:
        crowd: requests that await their answers at a time: a Service that hangs for the 10 s of
            deadlines.request has 500 at 50 a second. Each target has an equal part of them, so
            that one that hangs keeps nothing back from another.
        too_late: seconds after its time at which a request is no longer sent: a process that was
            held up would send all that it missed in one burst, a load that nobody asked for.
        grace: seconds beyond a request's deadline in which it has surely ended, and then the
            thread.
    """

    crowd: int = 512
    too_late: float = 1.0
    grace: float = 5.0


BOUNDS = Bounds()


class Generator:
    """Sends what the ledger's schedule says; enters it in the ledger, and writes in the journal.

    It is a daemon, so it never keeps Python from ending.

    Args:
        base_urls: where requests go, one a target of the schedule, without a path.
        sender: the client.
        ledger: tells the schedule.
        writes: the journal.
        bounds: what it keeps to.

    Attributes:
        failure: why it broke off; None where it did not.
        cpu: seconds of processor time that its thread has taken, the kernel's part included.
        rate: turns of the schedule a second; any thread may set it, and the generator keeps to it
            from its next look on.
    """

    def __init__(
        self,
        base_urls: Sequence[str],
        sender: Sender,
        ledger: Ledger,
        writes: Writes,
        bounds: Bounds = BOUNDS,
    ) -> None:
        self.failure: BaseException | None = None
        self.cpu = 0.0
        self.began: float | None = None
        self._base_urls = tuple(base_urls)
        self._sender = sender
        self._ledger = ledger
        self._writes = writes
        self._schedule = ledger.schedule
        self.rate = self._schedule.pace.rate
        room = crowd(resource.getrlimit(resource.RLIMIT_NOFILE)[0], bounds.crowd)
        self._bounds = replace(bounds, crowd=max(1, room // len(self._base_urls)))
        self._ended: float | None = None
        self._ready, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="canary-traffic", daemon=True)

    @property
    def started(self) -> bool:
        """Whether it was started."""
        return self._thread.ident is not None

    @property
    def over(self) -> bool:
        """Whether it was told to stop."""
        return self._stopping.is_set()

    def start(self) -> None:
        """Start sending, and return when the first request is due or `failure` is set."""
        if not self.started:
            self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Send no more; return when every request has its answer, or its deadline has passed."""
        self._stopping.set()
        if not self.started:
            return
        self._thread.join(self._sender.deadline + 2 * self._bounds.grace)
        if self._thread.is_alive():
            self.failure = self.failure or TrafficError(
                "its thread did not end when it was told to"
            )

    def now(self) -> float:
        """Seconds since the first request was due; 0 before."""
        return time.monotonic() - self.began if self.began is not None else 0.0

    @property
    def wall(self) -> float:
        """Seconds for which it ran, up to now or to its end."""
        if self._ended is None or self.began is None:
            return self.now()
        return self._ended - self.began

    def _run(self) -> None:
        try:
            asyncio.run(self._drive())
        except BaseException as error:  # whatever it is, it must not look like silence
            self.failure = error
        finally:
            self._ended = time.monotonic()
            self._ready.set()

    async def _drive(self) -> None:
        requests = (self._schedule.read, self._schedule.write)
        prepared = [[Prepared.of(url, each) for each in requests] for url in self._base_urls]
        pending: list[set[asyncio.Task[None]]] = [set() for _ in self._base_urls]
        async with self._sender as sender:
            self._ledger.began_at, self.began = time.time(), time.monotonic()
            self._ready.set()
            try:
                while not self._stopping.is_set() and not self.failure:
                    self._keep_to_rate()
                    number = len(self._ledger)
                    target = self._schedule.target(number)
                    waiting = pending[target]
                    wait = self._schedule.due(number) - self.now()
                    if wait > 0:
                        await asyncio.sleep(min(wait, LOOK))
                    elif kind := why_unsent(number, -wait, len(waiting), self._bounds):
                        self._ledger.open(kind)
                    else:
                        self._ledger.open()
                        what = prepared[target][self._schedule.is_write(number)]
                        task = asyncio.create_task(self._send(sender, number, what))
                        waiting.add(task)
                        task.add_done_callback(waiting.discard)
                    self.cpu = time.thread_time()
            finally:
                await self._finish(set().union(*pending))
                self.cpu = time.thread_time()
        if self.failure:
            raise self.failure

    def _keep_to_rate(self) -> None:
        """Change the pace where another rate is wanted.

        Here, where nothing that is due later is under way.
        """
        rate, pace = self.rate, self._schedule.pace
        if rate != pace.rate:
            pace.change(self.now(), rate)

    async def _send(self, sender: Sender, number: int, prepared: Prepared) -> None:
        due = self._schedule.due(number)
        try:
            self._ledger.note_sent(number, self.now() - due)
            outcome = await sender.send(prepared, self._schedule.unique(number))
            self._ledger.close(number, outcome, self.now() - due)
            if self._schedule.is_write(number):
                self._ledger.exchange(number).enter(self._writes)
        except Exception as error:
            self.failure = error

    async def _finish(self, pending: set[asyncio.Task[None]]) -> None:
        """Wait for what is in flight; each request has its own deadline."""
        if not pending:
            return
        _, left = await asyncio.wait(pending, timeout=self._sender.deadline + self._bounds.grace)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)
            raise TrafficError(f"{len(left):,} requests did not end at their deadline")


def crowd(descriptors: int, most: int) -> int:
    """How many requests may await their answers, where a process may open so many files."""
    # The kernel says -1 for no limit.
    return most if descriptors < 0 else min(most, max(1, descriptors // 2))


def why_unsent(number: int, lag: float, pending: int, bounds: Bounds) -> Kind | None:
    """Why a request that is due is not sent; None where it is.

    Args:
        number: its place in the schedule.
        lag: seconds by which it is late.
        pending: requests to its target that await their answers.
        bounds: how late a request may be, and how many may await theirs.

    Raises:
        TrafficError: there is no room left to remember it.
    """
    if number >= LIMIT:
        raise TrafficError(f"{LIMIT:,} requests are as many as it remembers; lower traffic.rate")
    if lag > bounds.too_late:
        return Kind.LATE
    return Kind.CROWDED if pending >= bounds.crowd else None
