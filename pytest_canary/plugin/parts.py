"""What the plugin works with that reaches out of it; tests hand over their own."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_canary import stages
from pytest_canary.context.builders import Builders

if TYPE_CHECKING:
    from pytest_canary.context.stage import Stage
    from pytest_canary.core.waiting import Clock
    from pytest_canary.reporting.document import Report


def reap(kept: bool, tell: Callable[[str], None]) -> int:
    """Remove what earlier runs have left; returns how many."""
    from pytest_canary.cluster import reaping
    from pytest_canary.cluster.engine import Engine

    return reaping.reap(Engine(), kept=kept, tell=lambda text: tell(f"canary: {text}"))


def write_report(report: Report, folder: Path) -> list[Path]:
    """Write a report's files; returns them, the page at the head."""
    from pytest_canary import reporting

    return list(reporting.write(report, folder))


@dataclass(frozen=True)
class Parts:
    """The stages, what they build, the clock they wait by; the reaper and the report's writer."""

    load: Callable[[str], Stage[object]] = stages.load
    builders: Builders = field(default_factory=Builders)
    clock: Clock = time
    reap: Callable[[bool, Callable[[str], None]], int] = reap
    write_report: Callable[[Report, Path], list[Path]] = write_report
