"""What the plugin works with that reaches out of it; tests hand over their own."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pytest_canary import stages
from pytest_canary.context.builders import Builders

if TYPE_CHECKING:
    from pytest_canary.context.stage import Stage
    from pytest_canary.core.waiting import Clock
    from pytest_canary.reporting import Drawer
    from pytest_canary.reporting.document import Report


def reap(kept: bool, tell: Callable[[str], None]) -> int:
    """Remove what earlier runs have left; returns how many."""
    from pytest_canary.cluster import reaping
    from pytest_canary.cluster.engine import Engine

    return reaping.reap(Engine(), kept=kept, tell=lambda text: tell(f"canary: {text}"))


class ReportWriter(Protocol):
    """Writes a report's files, once."""

    def prepare(self) -> None:
        """Begin what can be begun before the report is there."""

    def write(self, report: Report, folder: Path) -> list[Path]:
        """Write them; returns them, the page at the head."""

    def close(self) -> None:
        """End what was begun, where nothing is written."""


class PageWriter:
    """Writes the page and its JSON; what draws the page's pictures is begun beforehand."""

    def __init__(self) -> None:
        self._drawer: Drawer | None = None

    def prepare(self) -> None:
        """Start what draws, while somebody waits for something else."""
        from pytest_canary import reporting

        self._drawer = self._drawer or reporting.Drawer()

    def write(self, report: Report, folder: Path) -> list[Path]:
        """Write them; returns them, the page at the head."""
        from pytest_canary import reporting

        # It draws once; what writes again has another.
        drawer, self._drawer = self._drawer, None
        return list(reporting.write(report, folder, drawer))

    def close(self) -> None:
        """End what draws, where it still runs."""
        if self._drawer:
            self._drawer.close()


@dataclass(frozen=True)
class Parts:
    """The stages, what they build, the clock they wait by; the reaper; who writes the report."""

    load: Callable[[str], Stage[object]] = stages.load
    builders: Builders = field(default_factory=Builders)
    clock: Clock = time
    reap: Callable[[bool, Callable[[str], None]], int] = reap
    report_writer: Callable[[], ReportWriter] = PageWriter
