"""What comes through an exec's websocket that nobody means: an end, or an ExecError."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import websocket
from fakes.hostile import TEXTS, altered
from hypothesis import given
from hypothesis import strategies as st

from pytest_canary.core.masking import Redactor
from pytest_canary.k8s.exec import ExecError, follow

FAILURE = {
    "status": "Failure",
    "message": "exit status 3",
    "details": {"causes": [{"reason": "ExitCode", "message": "3"}]},
}


class Frames:
    """A websocket that has these frames, and then breaks."""

    def __init__(self, frames: list[tuple[int, bytes]]) -> None:
        self._frames = iter(frames)
        self.closed = False

    def settimeout(self, seconds: float) -> None:
        assert seconds > 0

    def recv_data_frame(self, control: bool) -> tuple[int, Any]:
        kind, data = next(self._frames, (websocket.ABNF.OPCODE_CLOSE, b""))
        return kind, websocket.ABNF(1, 0, 0, 0, kind, 1, data)

    def shutdown(self) -> None:
        self.closed = True


KINDS = st.sampled_from(sorted(websocket.ABNF.OPCODES))
ENDS = altered(FAILURE).map(lambda status: b"\x03" + json.dumps(status).encode())
DATA = (
    st.binary(max_size=40) | ENDS | TEXTS.map(lambda text: b"\x01" + text.encode(errors="replace"))
)


@given(frames=st.lists(st.tuples(KINDS, DATA), max_size=6), last=ENDS)
def test_any_frames_come_to_an_end_or_are_told(
    frames: list[tuple[int, bytes]], last: bytes
) -> None:
    socket = Frames([*frames, (websocket.ABNF.OPCODE_BINARY, last)])
    redactor = Redactor(["hunter22"])
    with contextlib.suppress(ExecError):
        done = follow(socket, "app-1", "app", ["true"], timeout=20, redactor=redactor, keep=20)
        assert done.pod == "app-1"
    assert socket.closed
