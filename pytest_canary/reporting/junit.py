"""The figures as JUnit's properties, for the CI that draws them over many runs."""

from __future__ import annotations

from pytest_canary.reporting import words
from pytest_canary.reporting.document import Report, Stage

Properties = list[tuple[str, str]]


def junit_properties(of: Report | Stage) -> Properties:
    """Names and values: a stage's for its test cases, a report's for the suite.

    Values are plain numbers, times in seconds and shares as fractions, for programs.
    """
    return _stage(of) if isinstance(of, Stage) else _report(of)


def _stage(stage: Stage) -> Properties:
    found = [("canary.stage", stage.name)]
    if stage.notes:
        found.append(("canary.figures", "; ".join(stage.notes)))
    return found


def _report(report: Report) -> Properties:
    found: dict[str, object] = {
        "run": report.run,
        "answer": words.headline(report).word.lower(),
        "seconds": report.seconds,
    }
    for title in ("baseline", "candidate"):
        version = getattr(report.versions, title)
        found[f"version.{title}"] = version.version if version else None
    for stage in report.stages:
        if stage.began is not None:
            found[f"stage.{stage.name}.seconds"] = stage.seconds
    if report.traffic:
        traffic = report.traffic
        found |= {
            "requests.sent": traffic.sent,
            "requests.lost": traffic.lost,
            "requests.slow": traffic.slow,
            "writes.acknowledged": traffic.writes,
        }
        if traffic.read_back:
            found["writes.lost"] = len(traffic.lost_writes)
            found["writes.doubled"] = len(traffic.doubled_writes)
    if report.share:
        found |= {"share": report.share.value, "share.expected": report.share.expected}
    for each in report.verdict.comparisons if report.verdict else ():
        found[f"{each.metric}.difference"] = each.effect
        found[f"{each.metric}.answer"] = each.answer
    for low in report.availability:
        found[f"available.{low.transition}"] = low.lowest
    if report.promotion:
        found["promotion.allowed"] = str(report.promotion.allowed).lower()
    found["findings"] = ", ".join(each.code for each in report.of_level("error"))
    found["warnings"] = ", ".join(each.code for each in report.of_level("warning"))
    return [
        (
            f"canary.{name.replace(' ', '-')}",
            f"{value:.6g}" if isinstance(value, float) else str(value),
        )
        for name, value in found.items()
        if value not in (None, "")
    ]
