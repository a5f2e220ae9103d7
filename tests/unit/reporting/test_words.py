"""Figures as a person reads them, and the answer in a word."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pytest_canary.reporting import words
from pytest_canary.reporting.document import Failures, Found, Report, Stage, Verdict

CANARY = Stage(name="canary", result="passed", began=1)
GO, NO_GO = Verdict(answer="go", sentence="errors 0.0 %"), Verdict(answer="no-go", sentence="slow")
UNSURE = Verdict(answer="inconclusive", sentence="31 requests")


def report(result: str, *stages: Stage, failed: str = "", **parts: Any) -> Report:
    if failed:
        where, _, said = failed.partition(": ")
        parts["failures"] = Failures.model_validate({"first": {"stage": where, "sentence": said}})
    return Report.model_validate(
        {
            "run": "c7f2a1",
            "name": "shop",
            "started": datetime(2026, 11, 23, tzinfo=UTC),
            "seconds": 1,
            "result": result,
            "stages": stages,
            **parts,
        }
    )


@pytest.mark.parametrize(
    ("found", "word", "tone", "sentence"),
    [
        (report("passed", CANARY, verdict=GO), "Go", "good", "Errors 0.0 %."),
        (report("failed", CANARY, verdict=NO_GO, failed="verdict: x"), "No-go", "bad", "Slow."),
        (report("failed", CANARY, verdict=NO_GO), "No-go", "bad", "Slow."),
        (
            report("failed", CANARY, verdict=UNSURE, failed="verdict: x"),
            "Inconclusive",
            "unsure",
            "31 requests.",
        ),
        # A go of the verdict is no go of a run that failed before or after it.
        (
            report("failed", CANARY, verdict=GO, failed="stable: it went"),
            "Failed",
            "bad",
            "it went",
        ),
        (
            report("failed", CANARY, verdict=NO_GO, failed="migration: it hung"),
            "Failed",
            "bad",
            "it hung",
        ),
        (
            report(
                "failed",
                CANARY,
                findings=[
                    Found(code="B", sentence="warned", level="warning"),
                    Found(code="A", sentence="found"),
                ],
            ),
            "Failed",
            "bad",
            "found",
        ),
        (
            report("failed", CANARY),
            "Failed",
            "bad",
            "A check did not hold; the stages say which.",
        ),
        (
            report("passed", CANARY, scenario="first release"),
            "Passed",
            "good",
            "1 stage passed; there was nothing to compare the candidate with.",
        ),
        (
            report("passed", CANARY, CANARY),
            "Passed",
            "good",
            "2 stages passed, and no verdict was asked for.",
        ),
        (
            report("stopped", CANARY, Stage(name="cleanup", result="passed", began=2)),
            "Stopped",
            "stopped",
            "The run was stopped in stage canary, so there is no answer.",
        ),
        (
            report("stopped", verdict=GO, stopped_by="SIGTERM"),
            "Stopped",
            "stopped",
            "The run was stopped by SIGTERM before its first stage, so there is no answer.",
        ),
        (
            report("passed"),
            "Nothing ran",
            "stopped",
            "No stage was walked, so nothing is known.",
        ),
        (
            report("passed", Stage(name="canary", result="skipped"), verdict=GO),
            "Nothing ran",
            "stopped",
            "No stage was walked, so nothing is known.",
        ),
    ],
)
def test_the_answer_in_a_word(found: Report, word: str, tone: str, sentence: str) -> None:
    head = words.headline(found)
    assert (head.word, head.tone, head.sentence) == (word, tone, sentence)


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (words.seconds(0), "0.0 s"),
        (words.seconds(0.04), "40 ms"),
        (words.seconds(0.0996), "0.1 s"),
        (words.seconds(46.34), "46.3 s"),
        (words.seconds(119.94), "119.9 s"),
        (words.seconds(119.96), "2 min 0 s"),
        (words.seconds(125.4), "2 min 5 s"),
        (words.latency(None), words.NONE),
        (words.latency(0.0004), "0.4 ms"),
        (words.latency(0.00994), "9.9 ms"),
        (words.latency(0.00999), "10 ms"),
        (words.latency(0.118), "118 ms"),
        (words.latency(0.9996), "1.00 s"),
        (words.percent(0.0), "0 %"),
        (words.percent(0.004), "0.4 %"),
        (words.percent(1 / 3), "33 %"),
        (words.count(4212), "4,212"),
        (words.sentence("it is slow"), "It is slow."),
        (words.sentence("it is slow!"), "It is slow!"),
        (words.sentence("web-canary exits"), "web-canary exits."),
        (words.sentence(" "), ""),
    ],
)
def test_figures_as_a_person_reads_them(shown: str, text: str) -> None:
    assert shown == text
