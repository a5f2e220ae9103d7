"""Where a run's seconds went, to its last check's end: each of them has one name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from pytest_canary.context.outcomes import CheckResult
from pytest_canary.context.timeline import Activity
from pytest_canary.core.wording import cut
from pytest_canary.reporting.document import Spent

# Letters of a name; a command in a pod may be a whole script.
NAME = 200

BEFORE, BETWEEN = "before the first check", "between the checks"


def time_spent(
    checks: Sequence[CheckResult], activities: Sequence[Activity]
) -> dict[str, tuple[Spent, ...]]:
    """What the seconds of each stage went into, the most first.

    A second belongs to the innermost wait, command or step that the walk's own thread was in. A
    wait for steps that others made side by side is named after the one of them that ended last.
    What is left of a check is its own work, and what lies before a check is pytest's.

    Args:
        checks: as they ended.
        activities: what took time.
    """
    found: dict[str, dict[tuple[str, str], float]] = {}
    before = 0.0
    for number, check in enumerate(sorted(checks, key=lambda check: check.ended)):
        ended = check.ended
        within = _within(activities, before, ended)
        for began, until in pairwise(_moments(check, within, before, ended)):
            key = _name(check, within, (began + until) / 2, BEFORE if number == 0 else BETWEEN)
            spent = found.setdefault(check.stage, {})
            spent[key] = spent.get(key, 0.0) + until - began
        before = ended
    return {
        stage: tuple(
            Spent(kind=kind, name=cut(name, NAME), seconds=total)  # type: ignore[arg-type]
            for (kind, name), total in sorted(spent.items(), key=lambda each: -each[1])
        )
        for stage, spent in found.items()
    }


def _within(activities: Sequence[Activity], began: float, ended: float) -> list[Activity]:
    return [each for each in activities if each.began < ended and each.ended > began]


def _moments(
    check: CheckResult, activities: Sequence[Activity], began: float, ended: float
) -> list[float]:
    """Where something begins or ends between two moments, these included."""

    def all_of_them() -> Iterator[float]:
        yield from (check.ended - check.seconds, check.ended)
        for each in activities:
            yield from (each.began, each.ended)

    inside = {moment for moment in all_of_them() if began < moment < ended}
    return [began, *sorted(inside), ended]


def _name(
    check: CheckResult, activities: Sequence[Activity], at: float, beside: str
) -> tuple[str, str]:
    """What the walk was in at a moment: a kind of `Spent`, and a name."""
    now = [each for each in activities if each.began <= at < each.ended]
    own = max(
        (each for each in now if not each.beside),
        key=lambda each: (each.began, -each.ended),
        default=None,
    )
    if own is None:
        during = check.ended - check.seconds <= at < check.ended
        return ("check", check.sentence) if during else ("pytest", beside)
    steps = [each for each in now if each.beside and each.kind == "step"]
    if steps and own.kind == "wait":
        return own.kind, f"{own.name}: {max(steps, key=lambda each: each.ended).name}"
    return own.kind, own.name
