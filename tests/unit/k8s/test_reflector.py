"""How often a kind is listed where nothing comes of it, and how that is told."""

import pytest
from urllib3.exceptions import HTTPError, MaxRetryError

from pytest_canary.k8s.connection import StatusError
from pytest_canary.k8s.reflector import LONGEST_ANSWERED, LONGEST_PAUSE, pause, reason


def test_who_is_refused_asks_less_and_less_often() -> None:
    refused = [pause(failures, LONGEST_ANSWERED) for failures in range(9)]
    assert refused == [0.2, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]
    assert pause(10**9, LONGEST_PAUSE) == LONGEST_PAUSE


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (StatusError(401, "Unauthorized", "you may not"), "Unauthorized"),
        (StatusError(503, ""), "status 503"),
        (MaxRetryError(None, "/", HTTPError("refused")), "refused"),  # type: ignore[arg-type]
        (ConnectionResetError(104, "reset"), "[Errno 104] reset"),
        (TypeError("half\na line"), "TypeError: half a line"),
        (KeyError("reason"), "KeyError: 'reason'"),
    ],
)
def test_what_went_wrong_is_told_in_one_line(error: Exception, told: str) -> None:
    assert reason(error) == told
