"""report.html: one file, no script, nothing fetched."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from pytest_canary.core.errors import CanaryError
from pytest_canary.core.wording import plural, size
from pytest_canary.reporting import words
from pytest_canary.reporting.document import Report
from pytest_canary.reporting.figures import Traffic
from pytest_canary.reporting.pictures import cells, charts
from pytest_canary.reporting.pictures.frame import Picture
from pytest_canary.reporting.pictures.levels import roles_in_order

if TYPE_CHECKING:
    from jinja2 import Environment

ENVIRONMENT = {
    "kubernetes": "Kubernetes",
    "node_image": "node image",
    "kind": "kind",
    "engine": "engine",
    "python": "Python",
    "pytest": "pytest",
    "platform": "machine",
    "settings": "settings",
    "revision": "git revision",
}


Draw = Callable[[list[Picture]], dict[tuple[str, str], str]]


@dataclass(frozen=True)
class Tile:
    """One figure at the head of the page."""

    label: str
    value: str
    note: str = ""
    tone: str = ""


def html(report: Report, draw: Draw) -> str:
    """The report as an HTML document.

    Where the pictures can't be drawn, the page says why and has their data all the same: what
    a run has found must not be lost with its pictures.

    Args:
        report: what is told.
        draw: makes SVGs of pictures.
    """
    shown = charts.pictures(report)
    comparisons = report.verdict.comparisons if report.verdict else ()
    small = [cells.difference(each, number) for number, each in enumerate(comparisons)]
    if report.share:
        small.append(cells.share(report.share))
    try:
        svgs, trouble = draw([*shown, *(each for each in small if each)]), ""
    except CanaryError as error:
        svgs, trouble = {}, str(error)
    style = _source("report.css")
    return (
        _templates()
        .get_template("report.html")
        .render(
            report=report,
            headline=words.headline(report),
            tiles=tiles(report),
            pictures=shown,
            svgs={f"{key}-{name}": svg for (key, name), svg in svgs.items()},
            trouble=trouble,
            legend=legend(report, shown),
            environment=_environment(report),
            style=style,
            style_hash=_hash(style),
        )
    )


def tiles(report: Report) -> list[Tile]:
    """The figures that one looks for first."""
    found = []
    traffic, verdict = report.traffic, report.verdict
    if traffic:
        found.append(_requests_tile(traffic.lost, traffic.sent))
        found.append(_writes_tile(traffic))
    if report.share:
        share = report.share
        note = f"{words.interval(share)}; {words.percent(share.expected)} of the replicas"
        found.append(Tile("of connections to the canary", words.percent(share.value), note))
    if verdict and "p95" in verdict.percentiles:
        p95 = verdict.percentiles["p95"]
        note = f"the baseline's: {words.latency(p95.baseline)}"
        found.append(Tile("the canary's p95", words.latency(p95.canary), note))
    lowest = min(report.availability, key=lambda a: a.lowest - a.allowed, default=None)
    if lowest:
        enough = lowest.lowest >= lowest.allowed
        note = f"the strategy allows {lowest.allowed}"
        tone = "good" if enough else "bad"
        found.append(Tile("fewest replicas available", str(lowest.lowest), note, tone))
    checks = [check for stage in report.stages for check in stage.checks]
    if checks:
        found.append(_checks_tile(Counter(check.result for check in checks), report.seconds))
    return found


def _writes_tile(traffic: Traffic) -> Tile:
    label, writes = "acknowledged writes", words.count(traffic.writes)
    lost, doubled = len(traffic.lost_writes), len(traffic.doubled_writes)
    if lost or doubled:
        told = [f"{lost} lost" if lost else "", f"{doubled} doubled" if doubled else ""]
        return Tile(label, writes, ", ".join(filter(None, told)), "bad")
    if not traffic.read_back:
        return Tile(label, writes, "not read back")
    return Tile(label, writes, "each there once", "good")


def _checks_tile(results: Counter[str], seconds: float) -> Tile:
    held, failed = results["passed"], results["failed"]
    rest = results.total() - held - failed
    told = [f"{failed} failed" if failed else "", f"{rest} not made" if rest else ""]
    note = ", ".join(filter(None, told)) or f"all of them, in {words.seconds(seconds)}"
    return Tile("checks held", words.count(held), note, "bad" if failed else "")


def _requests_tile(lost: int, sent: int) -> Tile:
    if not sent:
        return Tile("requests", "0", "so nothing is known of them")
    note = f"{words.count(lost)} lost" if lost else "none lost"
    return Tile("requests", words.count(sent), note, "bad" if lost else "good")


def legend(report: Report, shown: list[Picture]) -> list[tuple[str, str]]:
    """The roles and versions that the pictures have."""
    told = {row.version for row in report.replicas}
    told |= {point.version for point in report.traffic.series} if report.traffic else set()
    if not any(picture.key != "timeline" for picture in shown):
        return []
    names = {"baseline": "baseline", "canary": "candidate"}
    texts = []
    for version, role in roles_in_order(report, told).items():
        own = "" if version == names.get(role) else charts.version_text(version)
        texts.append((role, ", ".join(filter(None, (names.get(role), own)))))
    if report.traffic and report.traffic.lost:
        texts.append(("lost", "lost requests"))
    return texts


def _environment(report: Report) -> list[tuple[str, str]]:
    found = [(label, getattr(report.environment, key)) for key, label in ENVIRONMENT.items()]
    for label, version in (
        ("baseline", report.versions.baseline),
        ("candidate", report.versions.candidate),
    ):
        if version:
            origin = f" ({version.origin})" if version.origin else ""
            found.append((f"{label}'s image", f"{version.image}{origin}" if version.image else ""))
    return [(label, value) for label, value in found if value]


def _hash(text: str) -> str:
    """The name by which the page's policy lets its own style in, and no other."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _kept_together(function: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda value: function(value).replace(" ", "\u00a0")


def _source(name: str) -> str:
    return (files("pytest_canary.reporting") / "templates" / name).read_text(encoding="utf-8")


def linkable(path: str) -> bool:
    """Whether a path leads to a file below the report, and nowhere else."""
    return bool(re.fullmatch(r"[\w.-]+(/[\w.-]+)*", path)) and ".." not in path.split("/")


@cache
def _templates() -> Environment:
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.FunctionLoader(_source),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    filters: dict[str, Any] = {
        # A figure stays on one line with its unit.
        **{
            function.__name__: _kept_together(function)
            for function in (words.seconds, words.latency, words.percent, size)
        },
        "count": words.count,
        "sentence": words.sentence,
        "interval": words.interval,
        "shown": cells.difference_text,
    }
    made.filters.update(filters)
    made.tests["linkable"] = linkable
    made.globals.update(
        marks=words.MARKS, tones=words.TONES, result_tones=words.RESULT_TONES, plural=plural
    )
    return made
