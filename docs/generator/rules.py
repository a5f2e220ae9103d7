"""The rules whose level a project may set."""

from __future__ import annotations

from generator.page import code, table
from pytest_canary.context.rules import WALK_RULES
from pytest_canary.preflight import ruleset


def before_the_walk() -> str:
    """The rules of the static check, in the order in which they are asked."""
    rows = ((code(each.name), each.level, each.finds, each.advice) for each in ruleset.RULES)
    return table(("rule", "level", "finds", "what to do"), rows)


def of_the_walk() -> str:
    """The rules of its stages."""
    rows = (
        (code(each.name), each.level, ", ".join(each.stages), each.finds, each.advice)
        for each in WALK_RULES
    )
    return table(("rule", "level", "stage", "finds", "what to do"), rows)
