"""A command's start, tried again where the kernel refuses it for a moment."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# ETXTBSY: the program was written just now, and a process that another thread was starting at that
# moment holds it open for writing until it runs its own. EFAULT: seen once, of a program that was
# started a thousand times before and after.
PASSING = frozenset({errno.ETXTBSY, errno.EFAULT})
# Seconds from one try to the next.
PAUSES = (0.05, 0.2, 1.0)


def start_patiently(start: Callable[[], T]) -> T:
    """What was started.

    Raises:
        OSError: it can't be, and not for a moment.
    """
    for pause in PAUSES:
        try:
            return start()
        except OSError as error:
            if error.errno not in PASSING:
                raise
        time.sleep(pause)
    return start()
