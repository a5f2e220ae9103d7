"""Follows one kind of a namespace's objects: a list, a watch from there on, and anew."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Protocol

from pytest_canary.k8s.connection import Query, StatusError
from pytest_canary.k8s.namespace_api import Listing
from pytest_canary.k8s.news import Limits
from pytest_canary.k8s.objects import Object

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

# Seconds to connect, and for the answer to a list.
LIST_TIMEOUT = (10, 30)

# What the API server says to who may not, or is not known any more.
REFUSED = (401, 403)

# Seconds until a list that failed is asked for again: first, at most, and at most where the API
# server answers the list with an error, which it does not take back as soon as it is there again.
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 1.0
LONGEST_ANSWERED = 5.0

# Seconds below which a list and its watch have come to nothing, whatever the watch told.
QUICK = 5.0


class Failed(Protocol):
    """Told that nothing was heard of a kind."""

    def __call__(self, kind: str, why: str, *, refused: bool) -> None:
        """Take it: why, in a few words, and whether it may not be listed any more."""


class Reflector:
    """Lists and watches one kind of objects, in a thread of its own, and tells what it hears.

    Whatever goes wrong, it lists them anew, and less and less often.

    Args:
        namespace: where the objects are.
        kind: "Pod", "Deployment" …
        limits: how long a watch lasts.
        listed: told of all of them, by name.
        changed: told of one: "ADDED", "MODIFIED" or "DELETED", and it.
        failed: told why nothing was heard.
    """

    def __init__(
        self,
        namespace: Listing,
        kind: str,
        limits: Limits,
        *,
        listed: Callable[[str, dict[str, Object]], None],
        changed: Callable[[str, str, Object], None],
        failed: Failed,
    ) -> None:
        self.kind = kind
        self._namespace = namespace
        self._limits = limits
        self._tell_list, self._tell_change, self._tell_failure = listed, changed, failed
        self._stopped = threading.Event()
        self._answer: BaseHTTPResponse | None = None
        self._has_list = False
        self._thread = threading.Thread(target=self._run, name=f"watch-{kind}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End the watch that runs; `join` waits for the thread."""
        self._stopped.set()
        _shut(self._answer)

    def join(self) -> None:
        """Wait until the thread has ended, a few seconds at most."""
        self._thread.join(timeout=5)

    def _run(self) -> None:
        failures = 0
        while not self._stopped.is_set():
            began, self._has_list, longest, failed = time.monotonic(), False, LONGEST_PAUSE, False
            try:
                self._follow()
            except Exception as error:
                # An expired version, a restarting API server, a socket shut by stop(): list anew.
                # What nobody has foreseen is told like these, and is not this thread's silent end.
                failed = True
                refused = False
                if isinstance(error, StatusError) and not self._has_list:
                    longest, refused = LONGEST_ANSWERED, error.status in REFUSED
                self._tell_failure(self.kind, reason(error), refused=refused)
            # Where lists are granted and watches are not, or end at once, lists have to do.
            quick = time.monotonic() - began < QUICK
            failures = failures + 1 if quick else 0
            if failed or quick:
                self._stopped.wait(pause(failures, longest))

    def _follow(self) -> None:
        """List the objects, and tell what becomes of them until the watch ends."""
        query: Query = {
            "watch": "true",
            "resourceVersion": self._list(),
            "timeoutSeconds": self._limits.watch,
        }
        if self._stopped.is_set():
            return
        timeout = (LIST_TIMEOUT[0], self._limits.dropped)
        with self._namespace.open_list(self.kind, query, timeout) as answer:
            self._answer = answer
            if self._stopped.is_set():
                # stop() may have looked for it before it was there.
                return
            for line in _lines(answer):
                if self._stopped.is_set():
                    return
                self._tell(line)

    def _tell(self, line: bytes) -> None:
        """Tell of a change, as a watch has it."""
        try:
            event = json.loads(line)
        except ValueError:
            # What it was to tell is listed anew.
            raise ValueError("a watch has told what is no JSON") from None
        if event["type"] == "ERROR":
            status = event["object"]
            told = filter(None, (status.get("reason"), status.get("message")))
            raise StatusError(int(status["code"]), ": ".join(map(str, told)))
        if event["type"] in ("ADDED", "MODIFIED", "DELETED"):
            self._tell_change(self.kind, event["type"], event["object"])

    def _list(self) -> str:
        """Tell of all objects; the version to watch from."""
        with self._namespace.open_list(self.kind, {}, LIST_TIMEOUT) as answer:
            listed = json.loads(answer.data)
        items: Iterable[Object] = listed["items"]
        self._tell_list(self.kind, {item["metadata"]["name"]: item for item in items})
        self._has_list = True
        return str(listed["metadata"]["resourceVersion"])


def pause(failures: int, longest: float) -> float:
    """Seconds until the next list, after so many that came to nothing one after the other."""
    return min(FIRST_PAUSE * 2.0 ** min(max(failures - 1, 0), 10), longest)


def reason(error: Exception) -> str:
    """What went wrong, in one line; the error's name too where nobody has foreseen it."""
    from urllib3.exceptions import HTTPError

    foreseen = isinstance(error, (StatusError, HTTPError, OSError))
    told = " ".join(str(getattr(error, "reason", None) or error).split())
    return told if foreseen else f"{type(error).__name__}: {told}"


def _lines(answer: BaseHTTPResponse) -> Iterator[bytes]:
    """What a watch tells, each as soon as it comes; what breaks off in the midst of it is left."""
    begun = b""
    for chunk in answer.stream(amt=None):
        *lines, begun = (begun + chunk).split(b"\n")
        yield from (line for line in lines if line.strip())


def _shut(answer: BaseHTTPResponse | None) -> None:
    """Let whoever reads an answer come to its end."""
    used = getattr(answer.connection, "sock", None) if answer else None
    if used:
        with contextlib.suppress(OSError):
            used.shutdown(socket.SHUT_RDWR)
