"""Many new connections, some at a time: who answers them."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import repeat
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from pytest_canary.core.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_canary.api.answers import Answer
    from pytest_canary.api.client import Api
    from pytest_canary.config.api_settings import Request

Result = TypeVar("Result")

# Connections at a time: beside the app, two cores are busy with these.
AT_A_TIME = 4


def sample(api: Api, connections: int, tolerated: float = 0.0) -> Counter[str]:
    """How many of so many new connections each version answered.

    Args:
        api: is asked.
        connections: how many are made.
        tolerated: the share of them that may fail, of 1; those are not among the answers.

    Raises:
        ApiError: more failed, or were not answered as promised; the last of them.
    """
    return Counter(each_answer(api, api.version_of, connections, tolerated))


def each_answer(
    api: Api, tell: Callable[[Answer], Result], connections: int, tolerated: float = 0.0
) -> Iterator[Result]:
    """What the answers over so many new connections tell, one by one, as they come.

    Args:
        api: is asked.
        tell: reads it from an answer that is as promised; one that has nothing to tell, and
            raises an ApiError, has failed.
        connections: how many are made.
        tolerated: the share of them that may fail, of 1; those tell nothing.

    Raises:
        ApiError: more failed; the last of them.
    """
    # Not api.bounded-read, which the traffic asks for: few others ask the app for this one.
    read = api.settings.read
    failed = 0
    for made, answer in enumerate(_answers(api, read, connections), 1):
        try:
            told = tell(api.expected(read, answer()))
        except ApiError as error:
            failed += 1
            if failed > tolerated * connections:
                of = f"; {failed} of {made} connections failed" if failed > 1 else ""
                raise ApiError(f"{error.sentence}{of}", error.evidence) from error
        else:
            yield told


def _answers(api: Api, request: Request, times: int) -> Iterator[Callable[[], Answer]]:
    """Answers as they come, or why none did; no more are asked for than their reader follows."""
    asking = _Asking(api, request)
    if not api.is_direct:
        # One at a time needs no other thread: the way there and back is as long as an answer's.
        yield from repeat(asking.ask, times)
        return
    came: SimpleQueue[Future[Answer]] = SimpleQueue()
    with ThreadPoolExecutor(AT_A_TIME, "connections") as pool:
        for asked in range(times + AT_A_TIME):
            if asked >= AT_A_TIME:
                yield came.get().result
            if asked < times:
                pool.submit(asking.ask).add_done_callback(came.put)


class _Asking:
    """Sends one request again and again, from several threads.

    Each has a session of its own, and makes the request ready once.
    """

    def __init__(self, api: Api, request: Request) -> None:
        self._api = api
        self._request = request
        self._own = threading.local()

    def ask(self) -> Answer:
        """One answer, over a new connection.

        Raises:
            ApiError: none came.
        """
        answers: Iterator[Answer] | None = getattr(self._own, "answers", None)
        if answers is None:
            answers = self._own.answers = self._api.answers(self._request, times=sys.maxsize)
        try:
            return next(answers)
        except ApiError:
            # None comes after it.
            self._own.answers = None
            raise
