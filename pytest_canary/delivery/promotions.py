"""Whether a promotion starts by itself, once its pipeline has ended; pure."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_canary.conditions.errors import ConditionError
from pytest_canary.conditions.evaluation import Functions, evaluate
from pytest_canary.conditions.parser import parse
from pytest_canary.core.errors import SettingsError
from pytest_canary.jobs.order import End
from pytest_canary.pipelines.pipeline import Promotion

CHANGED: Functions = {"change_in": lambda *_: True}
"""What conditions may call: what is rehearsed counts as changed, wherever it is asked for."""


def starts(promotion: Promotion, end: End, keywords: Mapping[str, str]) -> bool:
    """Whether a promotion starts by itself.

    Args:
        promotion: which.
        end: how its pipeline has ended.
        keywords: what branch, tag and pull_request stand for.

    Raises:
        SettingsError: its condition can't be evaluated.
    """
    if promotion.when is None:
        return end.result in promotion.results
    values = {**keywords, "result": end.result, "result_reason": end.reason}
    try:
        return evaluate(parse(promotion.when), values, CHANGED)
    except ConditionError as error:
        raise SettingsError(
            f"promotion {promotion.name}: its condition {promotion.when!r} can't be evaluated: "
            f"{error}"
        ) from error
