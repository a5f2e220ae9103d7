"""What is different from the run before: the answer, what was found, what took how long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from pytest_canary.core.wording import steady
from pytest_canary.reporting import words
from pytest_canary.reporting.document import Found, Report

# What a stage must have gained or lost to be worth a word: seconds, and a fraction of what it took.
SECONDS, FRACTION = 1.0, 0.2
STAGES = 4


@dataclass(frozen=True)
class Paced:
    """What a stage took, in seconds: now, and in the run before."""

    stage: str
    now: float
    before: float


@dataclass(frozen=True)
class Since:
    """What has changed.

    Attributes:
        answers: the run before's in a word, and this one's.
        versions: what each version was called, and is, where that has changed: "candidate".
        new: what was not found then.
        gone: what is no longer found, though it was looked for.
        unsought: how many findings of then were not looked for, as the run ended before.
        pace: the stages that took clearly more or less, the greatest change first.
    """

    answers: tuple[str, str]
    versions: dict[str, tuple[str, str]]
    new: tuple[Found, ...]
    gone: tuple[Found, ...]
    unsought: int
    pace: tuple[Paced, ...]


def since(before: Report, now: Report) -> Since:
    """Compare a run with the one before."""
    old, fresh = _told_findings(before), _told_findings(now)
    walked = {stage.name for stage in now.stages if stage.result in ("passed", "failed")}
    missing = _without(old, fresh)
    sought = tuple(each for each in missing if not each.stage or each.stage in walked)
    return Since(
        answers=(words.headline(before).word, words.headline(now).word),
        versions=_versions(before, now),
        new=_without(fresh, old),
        gone=sought,
        unsought=len(missing) - len(sought),
        pace=_pace(before, now),
    )


def _told_findings(report: Report) -> tuple[Found, ...]:
    return report.of_level("error") + report.of_level("warning")


def _without(found: Iterable[Found], others: Iterable[Found]) -> tuple[Found, ...]:
    """The findings that others don't have, each as often as there are more of it."""
    left = Counter(_key(each) for each in others)
    kept = []
    for each in found:
        left[_key(each)] -= 1
        if left[_key(each)] < 0:
            kept.append(each)
    return tuple(kept)


def _key(found: Found) -> tuple[str, str]:
    """What a finding is known by, whatever its pod is called by now."""
    return found.code, steady(found.sentence)


def _versions(before: Report, now: Report) -> dict[str, tuple[str, str]]:
    changed = {}
    for title in ("baseline", "candidate"):
        old, fresh = getattr(before.versions, title), getattr(now.versions, title)
        if old and fresh and old.version and fresh.version and old.version != fresh.version:
            changed[title] = (old.version, fresh.version)
    return changed


def _pace(before: Report, now: Report) -> tuple[Paced, ...]:
    """The stages that were walked to their end in both, and took another time."""
    took = {stage.name: stage.seconds for stage in before.stages if stage.result == "passed"}
    both = [
        Paced(stage.name, stage.seconds, took[stage.name])
        for stage in now.stages
        if stage.result == "passed" and stage.name in took
    ]
    clear = [
        each for each in both if abs(each.now - each.before) >= max(SECONDS, FRACTION * each.before)
    ]
    clear.sort(key=lambda each: -abs(each.now - each.before))
    return tuple(clear[:STAGES])
