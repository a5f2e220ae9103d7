"""What the observer tells whom of changes."""

import threading
import time
from typing import Any

from pytest_canary.k8s.observer import Observer


def test_what_one_thread_has_seen_another_may_still_wait_for() -> None:
    namespace: Any = None
    observer = Observer(namespace)

    def changed() -> bool:
        began = time.monotonic()
        observer.change(0.05)
        return time.monotonic() - began < 0.05

    observer.snapshot()
    assert not changed()
    observer.wake()
    other = threading.Thread(target=observer.snapshot)
    other.start()
    other.join()
    assert changed()
    observer.snapshot()
    assert not changed()
