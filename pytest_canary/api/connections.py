"""Many new connections, one after the other: who answers them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from pytest_canary.core.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_canary.api.client import Answer, Api

Told = TypeVar("Told")


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
    api: Api, tell: Callable[[Answer], Told], connections: int, tolerated: float = 0.0
) -> Iterator[Told]:
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
    answers = api.answers(read, times=connections)
    failed = 0
    for made in range(1, connections + 1):
        try:
            told = tell(api.expected(read, next(answers)))
        except ApiError as error:
            failed += 1
            if failed > tolerated * connections:
                of = f"; {failed} of {made} connections failed" if failed > 1 else ""
                raise ApiError(f"{error.sentence}{of}", error.evidence) from error
            answers = api.answers(read, times=connections - made)
        else:
            yield told
