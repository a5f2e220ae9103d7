"""How much memory this process takes at once, where the system tells."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

_PROC = Path("/proc/self")


def begin_measuring() -> Callable[[], int]:
    """Begin; what is returned tells how many bytes more than now were held at most since.

    Pages of files are left out: libraries that the kernel has dropped for want of room come back
    whenever they are used, and are nobody's doing. On a system that does not tell it is 0.
    """
    reset = _PROC / "clear_refs"
    if not reset.exists():
        return int
    reset.write_text("5")  # what is held now is the most that was: proc(5)
    before = _told()

    def taken() -> int:
        now = _told()
        of_files = max(0, now["RssFile"] - before["RssFile"])
        return now["VmHWM"] - before["VmRSS"] - of_files

    return taken


def _told() -> dict[str, int]:
    """Bytes by the names that the kernel has for them."""
    lines = (_PROC / "status").read_text().splitlines()
    fields = (line.split() for line in lines if line.endswith(" kB"))
    return {name.rstrip(":"): int(number) * 1024 for name, number, _ in fields}
