"""Figures as a person reads them, and the answer in a word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pytest_canary.core.wording import plural
from pytest_canary.reporting.document import Report, Result, Verdict
from pytest_canary.reporting.figures import Share
from pytest_canary.reporting.pipelines import End

Tone = Literal["good", "bad", "unsure", "stopped"]

# What stands for no figure.
NONE = "\N{EN DASH}"
MARKS = {"passed": "✓", "failed": "✕", "stopped": "■", "skipped": NONE}
TONES: dict[str, Tone] = {"go": "good", "no-go": "bad", "inconclusive": "unsure"}
RESULT_TONES: dict[Result | End, Tone] = {
    "passed": "good",
    "failed": "bad",
    "stopped": "stopped",
    "skipped": "stopped",
    "canceled": "stopped",
}


@dataclass(frozen=True)
class Headline:
    """What the report opens with: the answer in a word, and the sentence that says why."""

    word: str
    tone: Tone
    sentence: str


def headline(report: Report) -> Headline:
    """The answer of a run.

    A verdict is the answer of a run that came through, or that failed by its verdict; what failed
    elsewhere failed, whatever the verdict was. Without stages there is no answer at all.
    """
    first, verdict = report.failures.first, report.verdict
    if report.result == "stopped":
        return Headline("Stopped", "stopped", _explain_stop(report))
    if report.result == "failed":
        by_verdict = first is None or first.stage in ("", "verdict")
        if verdict and verdict.answer != "go" and by_verdict:
            return _of(verdict)
        said = first.sentence if first else next((f.sentence for f in report.of_level("error")), "")
        return Headline("Failed", "bad", said or "A check did not hold; the stages say which.")
    if not any(stage.result != "skipped" for stage in report.stages):
        return Headline("Nothing ran", "stopped", "No stage was walked, so nothing is known.")
    if verdict:
        return _of(verdict)
    walked = [stage for stage in report.stages if stage.result == "passed"]
    return Headline(
        "Passed",
        "good",
        f"{plural(len(walked), 'stage')} passed; there was nothing to compare the candidate with."
        if report.scenario == "first release"
        else f"{plural(len(walked), 'stage')} passed, and no verdict was asked for.",
    )


def _of(verdict: Verdict) -> Headline:
    word = {"go": "Go", "no-go": "No-go", "inconclusive": "Inconclusive"}[verdict.answer]
    said = verdict.sentence.removeprefix(f"{verdict.answer}: ")
    return Headline(word, TONES[verdict.answer], sentence(said))


def _explain_stop(report: Report) -> str:
    entered = [stage for stage in report.stages if stage.began is not None]
    # The cleanup is walked after whatever was interrupted.
    within = [stage.name for stage in entered if stage.name != "cleanup"]
    by = f"by {report.stopped_by} " if report.stopped_by else ""
    where = f"in stage {within[-1]}" if within else "before its first stage"
    return f"The run was stopped {by}{where}, so there is no answer."


def sentence(text: str) -> str:
    """A text with a capital and a full stop, as a sentence of its own.

    What may be a name, as it has more than letters in it, keeps its own.
    """
    text = text.strip()
    if not text:
        return ""
    end = "" if text[-1] in ".!?…" else "."
    first = text.split(maxsplit=1)[0].rstrip(",:;.")
    return (text[0].upper() + text[1:] if first.isalpha() else text) + end


def seconds(value: float) -> str:
    """A duration: "40 ms", "0.4 s", "46.3 s", "2 min 5 s"."""
    if 0 < value < 0.0995:
        return latency(value)
    if value < 119.95:
        return f"{value:.1f} s"
    whole = round(value)
    return f"{whole // 60} min {whole % 60} s"


def latency(value: float | None) -> str:
    """A latency in the unit that suits it: "0.4 ms", "12 ms", "1.20 s"; a dash for none."""
    if value is None:
        return NONE
    if value >= 0.9995:
        return f"{value:.2f} s"
    milliseconds = value * 1000
    return f"{milliseconds:.0f} ms" if milliseconds >= 9.95 else f"{milliseconds:.1f} ms"


def percent(value: float) -> str:
    """A share as a percentage, with a decimal where it is small: "34 %", "0.4 %"."""
    shown = value * 100
    return f"{shown:.0f} %" if shown >= 10 or shown == 0 else f"{shown:.1f} %"


def count(value: int) -> str:
    """A number with its thousands told apart: "4,212"."""
    return f"{value:,}"


def interval(share: Share) -> str:
    """A share's interval: "29 to 39"."""
    return f"{share.low * 100:.0f} to {share.high * 100:.0f}"
