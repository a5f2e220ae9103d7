"""What comes back for a request, and whether that is what was promised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_canary.config.api_settings import Request
from pytest_canary.core.wording import cut

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Answer:
    """What came back for one request.

    Attributes:
        seconds: from before the connection was opened until the body was read.
    """

    method: str
    path: str
    status: int
    headers: Mapping[str, str]
    text: str
    seconds: float

    @property
    def shown(self) -> str:
        """The request and its answer in one line."""
        return f"{self.method} {self.path} -> {self.status} {cut(self.text, 300)!r}"


def complaint(request: Request, answer: Answer, unique: str = "") -> str | None:
    """What is wrong with an answer, or None where it is as promised.

    Args:
        request: what was asked, and is promised.
        answer: what came back.
        unique: the text that took the place of `{unique}`.
    """
    if answer.status != request.status:
        return f"answers with status {answer.status}, not {request.status}"
    wanted = (request.contains or "").replace("{unique}", unique)
    return None if wanted in answer.text else f"answers without {wanted!r}"
