"""An addressbook in a list, behind a real server on loopback."""

import threading
from collections.abc import Callable
from urllib.parse import parse_qs

from fakes.server import Asked, Reply, Server


class Persons:
    """An addressbook in a list; `keeps` says how often it stores a write, `tells` what it says."""

    def __init__(self, server: Server) -> None:
        self.rows: list[dict[str, object]] = []
        self.keeps: Callable[[int], int] = lambda number: 1
        self.tells: Callable[[int, Reply], Reply] = lambda number, reply: reply
        self._puts = 0
        self._lock = threading.Lock()
        server.reply = self

    def __call__(self, asked: Asked) -> Reply:
        headers = {"X-Release": "2", "X-Pod": f"web-{asked.port % 2}"}
        with self._lock:
            if asked.path == "/all":
                return Reply(200, list(self.rows), headers)
            form = {name: values[0] for name, values in parse_qs(asked.body).items()}
            stamp = "2019-11-10T16:48:15.900Z"
            row = {"id": self._puts, **form, "updatedAt": stamp, "createdAt": stamp}
            self.rows += [row] * self.keeps(self._puts)
            self._puts += 1
            return self.tells(self._puts - 1, Reply(200, row, headers))
