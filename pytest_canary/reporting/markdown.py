"""The run in Markdown, for the place that a CI has for a summary."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from pytest_canary.core.errors import CanaryError
from pytest_canary.core.wording import plural
from pytest_canary.reporting import words
from pytest_canary.reporting.document import Found, Report
from pytest_canary.reporting.since import Paced, since

# GitHub's for one step's summary, and what Gitea and Forgejo took over: 1 MiB.
LIMIT = 1024 * 1024
CUT = "\n\n*The rest did not fit; report.html has it.*\n"
VARIABLE = "GITHUB_STEP_SUMMARY"

SIGNS = {"good": "✅", "bad": "❌", "unsure": "❔", "stopped": "⏹️"}
FINDINGS = 10
LINES = 40


def summary_markdown(report: Report, before: Report | None = None) -> str:
    """The answer, the figures, the stages, what has changed, and what was found.

    Args:
        report: of the run.
        before: of the run before it, where that is known.
    """
    head = words.headline(report)
    versions = [v.version for v in (report.versions.baseline, report.versions.candidate) if v]
    told = " → ".join(_inline(version) for version in versions if version)
    lines = [
        f"## {SIGNS[head.tone]} {head.word}: {_inline(report.name)} {told}".rstrip(),
        "",
        _inline(words.sentence(head.sentence)),
    ]
    if report.failures.rolled_back is not None:
        done = "Rolled back" if report.failures.rolled_back else "The rollback failed too"
        why = f": {report.failures.rollback}" if report.failures.rollback else ""
        lines += ["", _inline(words.sentence(done + why))]
    figures = _figures(report)
    if figures:
        lines += ["", *(f"- {_inline(figure)}" for figure in figures)]
    if report.stages:
        lines += ["", *_stages(report)]
    if before:
        lines += ["", *_since(before, report)]
    errors, warnings = report.of_level("error"), report.of_level("warning")
    for found in errors[:FINDINGS]:
        lines += ["", *_finding(found)]
    if warnings:
        listed = map(_warning, warnings[:FINDINGS])
        lines += ["", "### Warnings, which fail nothing", "", *listed]
    more = sum(max(len(each) - FINDINGS, 0) for each in (errors, warnings))
    if more:
        lines += ["", f"*{more} more findings are in report.html.*"]
    return "\n".join([*lines, ""])


def append_ci_summary(text: str, environ: Mapping[str, str]) -> Path | None:
    """Append a summary where the CI has a place for one.

    GitHub Actions, Gitea and Forgejo name a file in GITHUB_STEP_SUMMARY; GitLab, Semaphore and
    Jenkins have no such place. What exceeds the limit would be thrown away whole, so it is cut.

    Returns:
        The file; None where there is no place, or no room in it.

    Raises:
        CanaryError: the file can't be written to.
    """
    named = environ.get(VARIABLE)
    if not named:
        return None
    path = Path(named)
    try:
        used = path.stat().st_size if path.exists() else 0
        kept = fit(text, LIMIT - used)
        if not kept:
            return None
        with path.open("a", encoding="utf-8") as file:
            file.write(kept)
    except OSError as error:
        raise CanaryError(
            f"the summary can't be appended to {VARIABLE}: {error.strerror or error}: {named}; "
            "the report has all of it"
        ) from error
    return path


def fit(text: str, room: int) -> str:
    """As many of a text's lines as fit into so many bytes, and a word on what is missing."""
    if len(text.encode()) <= room:
        return text
    left = room - len(CUT.encode())
    kept = []
    for line in text.splitlines(keepends=True):
        left -= len(line.encode())
        if left < 0:
            break
        kept.append(line)
    if not kept:
        return ""
    # A block of code that was cut open would swallow the words after it.
    fence = "```\n" if sum(line.startswith("```") for line in kept) % 2 else ""
    return "".join(kept[:-1] if fence else kept) + fence + CUT


def _figures(report: Report) -> Iterable[str]:
    found = []
    if report.traffic:
        traffic = report.traffic
        lost, doubled = len(traffic.lost_writes), len(traffic.doubled_writes)
        found.append(
            f"{plural(traffic.sent, 'request')}, {words.count(traffic.lost)} lost; "
            f"{plural(traffic.writes, 'acknowledged write')}, "
            + (f"{lost} lost, {doubled} doubled" if traffic.read_back else "not read back")
        )
    if report.share:
        found.append(
            f"the canary took {words.percent(report.share.value)} of connections "
            f"({words.interval(report.share)}), where its replicas make "
            f"{words.percent(report.share.expected)}"
        )
    if report.promotion:
        allowed = "allowed" if report.promotion.allowed else "not allowed"
        why = f": {report.promotion.sentence}" if report.promotion.sentence else ""
        found.append(f"promotion {allowed}{why}")
    if report.database and report.database.not_undone:
        found.append(f"not undone by rolling back: {'; '.join(report.database.not_undone)}")
    return found


def _stages(report: Report) -> list[str]:
    rows = [
        f"| {SIGNS[words.RESULT_TONES[stage.result]] if stage.result != 'skipped' else words.NONE} "
        f"| {_inline(stage.name)} "
        f"| {words.seconds(stage.seconds) if stage.began is not None else ''} "
        f"| {_inline('; '.join(stage.notes))} |"
        for stage in report.stages
    ]
    return ["| | stage | took | |", "|---|---|---:|---|", *rows]


def _since(before: Report, report: Report) -> list[str]:
    found = since(before, report)
    then, now = found.answers
    told = [f"{then}, as it is now" if then == now else f"{then} then, {now} now"]
    told += [f"{title} {old} then, {new} now" for title, (old, new) in found.versions.items()]
    lines = [f"- {_inline(each)}" for each in told]
    for label, each in (("new", found.new), ("gone", found.gone)):
        lines += [_format_change(label, finding) for finding in each[:FINDINGS]]
        if len(each) > FINDINGS:
            lines.append(f"- {len(each) - FINDINGS} more are {label}")
    if not (found.new or found.gone):
        lines.append("- no finding is new, and none is gone")
    if found.unsought:
        lines.append(f"- {plural(found.unsought, 'finding')} of then not looked for this time")
    lines.append(f"- {_inline(_pace(found.pace, before, report))}")
    when = f"{before.started:%Y-%m-%d %H:%M}"
    return [f"### Since the last run, {_inline(before.run)} of {when}", "", *lines]


def _format_change(label: str, found: Found) -> str:
    told = _inline(words.sentence(found.sentence))
    return f"- **{label}** {told} ({_inline(found.code)}, {found.level})"


def _pace(pace: Iterable[Paced], before: Report, report: Report) -> str:
    took = f"took {words.seconds(report.seconds)} in all, {words.seconds(before.seconds)} then"
    stages = [
        f"{each.stage} {words.seconds(each.now)}, {words.seconds(each.before)} then"
        for each in pace
    ]
    return "; ".join([took, *stages])


def _finding(found: Found) -> list[str]:
    lines = [f"### {_inline(words.sentence(found.sentence))}", ""]
    seen = ", ".join(part for part in (found.where, found.seen) if part)
    for label, text in (("seen", seen), ("likely", found.likely), ("next", found.next)):
        if text:
            lines.append(f"- **{label}** {_inline(text)}")
    if found.evidence:
        evidence = found.evidence.splitlines()[:LINES]
        # Longer than any fence in it, or the evidence could end the block.
        longest = max((len(run) for run in re.findall(r"`+", found.evidence)), default=0)
        fence = "`" * max(3, longest + 1)
        lines += ["", fence, *evidence, fence]
    return lines


def _warning(found: Found) -> str:
    """A warning in one item: what is wrong, where, what to do, why it is none but that."""
    seen = ", ".join(part for part in (found.where, found.seen) if part)
    told = (("seen", seen), ("next", found.next), ("why", found.why))
    parts = [f"**{label}** {_inline(text)}" for label, text in told if text]
    return "- " + "; ".join([_inline(words.sentence(found.sentence)).rstrip("."), *parts])


def _inline(text: str) -> str:
    """A text on one line, with nothing in it that Markdown or HTML would take for its own."""
    flat = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\`*_\[\]|~#!@])", r"\\\1", flat)
