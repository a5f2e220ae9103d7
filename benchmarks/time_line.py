"""Where a run's seconds go, a line each; all of them add up to the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pytest_canary.reporting.document import Report, Spent

# Seconds below which a stage's lines become one.
SHORT = 0.2

# What the bare script puts before the name of each of its steps.
STEP = "== "

WORDS = {
    "wait": "waiting for {name}",
    "command": "`{name}`",
    "step": "{name}",
    "check": "the rest of: {name}",
    "pytest": "pytest, {name}",
}


@dataclass(frozen=True)
class Line:
    """A row of the time line.

    Attributes:
        stage: the stage, or the script's step.
        what: in words; empty for the whole stage.
        seconds: how long.
    """

    stage: str
    what: str
    seconds: float

    @property
    def markdown(self) -> str:
        """As a row; a whole stage's is bold."""
        cells = [self.stage, self.what.replace("|", "\\|"), f"{self.seconds:.1f}"]
        if not self.what:
            cells = [f"**{cells[0]}**", "", f"**{cells[2]}**"]
        return " | ".join(["", *cells, ""]).strip()


def steps_of(printed: Sequence[tuple[float, str]], seconds: float) -> list[Line]:
    """The bare script's steps, by what it printed.

    Args:
        printed: its lines, each with the seconds after which it came.
        seconds: how long it ran.
    """
    steps = [(at, line.removeprefix(STEP)) for at, line in printed if line.startswith(STEP)]
    ends = [*(at for at, _ in steps[1:]), seconds]
    begins = [0.0, *ends]  # what comes before the first step is its
    return [
        Line(name, "", end - begin)
        for (_, name), begin, end in zip(steps, begins, ends, strict=False)
    ]


def lines_of(report: Report, began: datetime, seconds: float) -> list[Line]:
    """The walk's stages, each with what its seconds went into.

    Args:
        report: the walk's.
        began: when its process was started.
        seconds: until the process had ended.
    """
    start = (report.started - began).total_seconds()
    lines = [Line("start", "", start), Line("start", "Python, pytest and the plugin", start)]
    end = seconds - start
    for stage in report.stages:
        if stage.spent:
            took = sum(each.seconds for each in stage.spent)
            lines += [Line(stage.name, "", took), *_lines(stage.name, stage.spent)]
            end -= took
    return [*lines, Line("end", "", end), Line("end", "the report, and pytest's own end", end)]


def _lines(stage: str, spent: Sequence[Spent]) -> list[Line]:
    long = [each for each in spent if each.seconds >= SHORT]
    short = [each for each in spent if each.seconds < SHORT]
    lines = [Line(stage, WORDS[each.kind].format(name=each.name), each.seconds) for each in long]
    if short:
        what = f"{len(short)} more, of less than {SHORT:g} s each"
        lines.append(Line(stage, what, sum(each.seconds for each in short)))
    return lines
