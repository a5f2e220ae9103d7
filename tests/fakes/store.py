"""The objects of the API server in memory, and who is told of each change."""

import threading
from collections.abc import Callable

from fakes.objects import Object, copied

from pytest_canary.k8s.observer import KINDS


class Store:
    """Objects by kind and name.

    Attributes:
        watch: told of what is put and dropped, of the kinds that are watched.
        lock: held while it changes; who keeps the tracks' addresses up to date asks from a thread
            of its own.
    """

    def __init__(self) -> None:
        self.watch: Callable[[str, str, Object], None] = lambda *_: None
        self.lock = threading.RLock()
        self._objects: dict[str, dict[str, Object]] = {}

    def held(self, kind: str) -> list[Object]:
        """The objects themselves, for who looks a thousand times; they are not to be changed."""
        return list(self._objects.get(kind, {}).values())

    def get(self, kind: str, name: str) -> Object | None:
        """One of them, which is not to be changed; None where there is none such."""
        return self._objects.get(kind, {}).get(name)

    def one(self, kind: str, name: str) -> Object:
        """The same, of one that is there."""
        return self._objects[kind][name]

    def put(self, item: Object) -> None:
        """Store an object and tell who watches."""
        kind = item["kind"]
        with self.lock:
            self._objects.setdefault(kind, {})[item["metadata"]["name"]] = copied(item)
            if kind in KINDS:
                self.watch(kind, "MODIFIED", copied(item))

    def drop(self, kind: str, name: str) -> None:
        """Remove an object and tell who watches."""
        with self.lock:
            item = self._objects.get(kind, {}).pop(name, None)
            if item and kind in KINDS:
                self.watch(kind, "DELETED", item)
