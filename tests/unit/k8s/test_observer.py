"""What the observer tells whom of changes."""

import threading
from typing import Any

from pytest_canary.k8s.observer import Observer

POD = {"metadata": {"name": "app-1"}}


def test_what_one_thread_has_seen_another_may_still_wait_for() -> None:
    namespace: Any = None
    observer = Observer(namespace)
    changed: list[bool] = []
    condition: Any = observer._changed
    condition.wait_for = lambda predicate, timeout: changed.append(predicate())
    observer.snapshot()
    observer.change(1)
    observer._take("Pod", "ADDED", POD)
    other = threading.Thread(target=observer.snapshot)
    other.start()
    other.join()
    observer.change(1)
    observer.snapshot()
    observer.change(1)
    assert changed == [False, True, False]
