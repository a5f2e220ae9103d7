"""The condition that `[promotion]` sets: in Semaphore's language, or as lists made into it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pytest_canary.conditions.doubts import doubts
from pytest_canary.conditions.errors import ConditionError
from pytest_canary.conditions.evaluation import expect_known
from pytest_canary.conditions.parser import parse
from pytest_canary.conditions.patterns import compile_pattern
from pytest_canary.conditions.possibility import may_hold
from pytest_canary.conditions.tree import (
    KEYWORDS,
    REFS,
    Comparison,
    Expression,
    Keyword,
    Literal,
    parts,
)
from pytest_canary.config.settings import PromotionSettings, Settings
from pytest_canary.core.findings import Finding

UNREACHABLE, MISLEADING = "unreachable-promotion", "misleading-promotion"
"""The rules: a condition that never holds, and one that says something else than it seems to."""

# How a pipeline ends that has not passed.
UNPASSED = ("failed", "stopped", "canceled")


@dataclass(frozen=True)
class Alternative:
    """One way to be promoted.

    Attributes:
        key: the setting that names it.
        expression: what must hold.
        text: what it asks for, as the run's end tells it.
    """

    key: str
    expression: Expression
    text: str


def alternatives(condition: PromotionSettings) -> list[Alternative]:
    """Every way to be promoted: any of them will do.

    Raises:
        ConditionError: `when` can't be read.
    """
    if condition.when is not None:
        text = " ".join(condition.when.split())
        return [Alternative(_key(condition), parse(condition.when), text)]
    branch, tag = Keyword("branch"), Keyword("tag")
    return [
        Alternative("promotion.branches", Comparison("=", branch, Literal(each)), each)
        for each in condition.branches
        if each  # compared with nothing, every tag would be on it
    ] + [
        Alternative("promotion.tags", Comparison("=~", tag, Literal(each)), each)
        for each in condition.tags
    ]


def _key(condition: PromotionSettings) -> str:
    """What a condition is called."""
    if condition.pipeline is None:
        return "promotion.when"
    return f"promotion {condition.name} of {condition.pipeline}"


def mistakes(condition: PromotionSettings) -> Iterator[tuple[str, object, str]]:
    """What can't be taken: key, value, what is wrong with it."""
    for pattern in condition.tags:
        try:
            compile_pattern(pattern)
        except ConditionError as error:
            yield "promotion.tags", pattern, str(error)
    if condition.when is None:
        return
    key, value, lead = "promotion.when", condition.when, ""
    if condition.pipeline is not None:
        key, value, lead = "promotion.pipeline", condition.pipeline, f"{condition.name}: "
    for each in ("branches", "tags"):
        if each in condition.model_fields_set:
            yield key, value, f"says all by itself; leave promotion.{each} out"
    if "${{" in condition.when:
        yield key, value, f"{lead}asks for a parameter, whose value no rehearsal knows"
    try:
        _expect_usable(parse(condition.when))
    except ConditionError as error:
        yield key, value, f"{lead}{error}"


def _expect_usable(expression: Expression) -> None:
    """Return where the condition can be evaluated at the end of any rehearsal.

    Raises:
        ConditionError: it can't.
    """
    expect_known(expression, dict.fromkeys(KEYWORDS))
    for part in parts(expression):
        if isinstance(part, Comparison) and part.is_match:
            if isinstance(part.left, Literal) and isinstance(part.left.value, bool):
                problem = f"{part.operator} at {part.place} has a boolean on its left, not a text"
                raise ConditionError("value", problem)
            if isinstance(part.right, Literal) and isinstance(part.right.value, str):
                compile_pattern(part.right.value, part.right.place)


def misgivings(settings: Settings) -> Iterator[Finding]:
    """What the condition says that its writer hardly means."""
    ways = alternatives(settings.promotion)
    named = settings.promotion.pipeline
    where, file = (named, settings.root / named) if named else (settings.source, settings.file)
    reached = any(may_hold(each.expression, "passed") for each in ways)
    if not reached:
        yield Finding(
            code=UNREACHABLE,
            sentence=f"no release is ever promoted: {_why_never(ways)}",
            where=where,
            file=file,
            line=_line(settings, "promotion"),
            next="say in [promotion] what may be promoted",
        )
    for way in ways:
        for doubt in doubts(way.expression):
            yield Finding(
                code=MISLEADING,
                sentence=f"{way.key}: {doubt.sentence}",
                where=where,
                file=file,
                line=_line(settings, way.key),
                next=doubt.next,
            )
        # The lists are asked of what has passed alone.
        if reached and settings.promotion.when is not None and _holds_unpassed(way):
            yield Finding(
                code=MISLEADING,
                sentence=f"{way.key} holds for a pipeline that has not passed, too",
                where=where,
                file=file,
                line=_line(settings, way.key),
                next=f"write result = 'passed' and ({way.text})",
            )


def _line(settings: Settings, key: str) -> int:
    """Where the settings say it; a pipeline's own rules tell its lines."""
    return 0 if settings.promotion.pipeline else settings.line(key)


def _holds_unpassed(way: Alternative) -> bool:
    return any(may_hold(way.expression, each) for each in UNPASSED)


def _why_never(ways: list[Alternative]) -> str:
    if not ways:
        return "promotion.branches and promotion.tags name nothing"
    way = ways[0]
    if _holds_unpassed(way):
        return f"{way.key} holds only for a pipeline that has not passed"
    asked = {part.name for part in parts(way.expression) if isinstance(part, Keyword)}
    if len(asked & {*REFS}) > 1:
        why = "of branch, tag and pull_request one has a value, and the other two are empty"
        return f"{way.key} never holds; {why}"
    return f"{way.key} never holds, whatever the branch, tag or pull request is called"
