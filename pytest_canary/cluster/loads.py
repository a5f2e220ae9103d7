"""The order in which a run's images come into its node: what starts first, then all others."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence

from pytest_canary.cluster.container_engine import ContainerEngine, Image
from pytest_canary.core.errors import ImageError


class Loads:
    """Loads images that are there at different times, each asked for in a thread of its own.

    Args:
        engine: has them.
        timeout: seconds for each.
        step: raises where nobody waits for them any more.

    Attributes:
        wait_for_first: whether the others wait until the one that starts first is loaded.
    """

    def __init__(self, engine: ContainerEngine, timeout: float, step: Callable[[], None]) -> None:
        self.wait_for_first = False
        self._engine, self._timeout, self._step = engine, timeout, step
        self._others: deque[Image] = deque()
        self._first_is_loaded = threading.Event()
        self._loading = threading.Lock()

    def load(self, image: Image, node: str, *, first: bool) -> None:
        """Return when the image is in the node.

        One after the other, as what one has sent another need not; and all others that are there by
        then at once, as the engine packs what several share once.

        Raises:
            ImageError: it can't be saved or loaded, or one that was to come with it.
        """
        if not first:
            self._others.append(image)
            while self.wait_for_first and not self._first_is_loaded.wait(0.2):
                self._step()
        with self._loading:
            self._step()
            images = [image]
            if not first:
                images = [self._others.popleft() for _ in range(len(self._others))]
            self._load(images, node)
        if first:
            self._first_is_loaded.set()

    def _load(self, images: Sequence[Image], node: str) -> None:
        """At once; one by one where that fails, to know of which it is."""
        if len(images) > 1:
            try:
                self._engine.load(images, node, self._timeout * len(images))
            except ImageError:
                self._step()
            else:
                return
        for image in images:
            self._engine.load([image], node, self._timeout)
            self._step()
