"""The condition that `[promotion]` takes from a pipeline file of Semaphore's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_canary.conditions.errors import ConditionError
from pytest_canary.conditions.parser import parse
from pytest_canary.conditions.possibility import may_hold
from pytest_canary.config.promotion_condition import mistakes
from pytest_canary.config.settings import PromotionSettings, Settings
from pytest_canary.core.wording import did_you_mean
from pytest_canary.manifests.documents import read

if TYPE_CHECKING:
    from pytest_canary.pipelines.pipeline import Promotion

Mistake = tuple[str, object, str]
"""Key, value, what is wrong with it."""

# Mistakes of a pipeline that are told: who mends them sees the others.
MOST = 20


def read_condition(
    condition: PromotionSettings, root: Path
) -> tuple[PromotionSettings, list[Mistake]]:
    """The settings with the pipeline's condition in their `when`, and what keeps it from there.

    Args:
        condition: as it is set.
        root: the folder that holds `pipeline`, and what a pipeline names from `/`.
    """
    key, named = "promotion.pipeline", condition.pipeline
    if named is None:
        if condition.name is None:
            return condition, []
        return condition, [("promotion.name", condition.name, "goes with promotion.pipeline")]
    if condition.when is not None:
        return condition, [(key, named, "has the condition; leave promotion.when out")]
    # Most projects name none, and a check of the manifests has no time for it.
    from pytest_canary.pipelines.pipeline import read_pipeline
    from pytest_canary.pipelines.workflow import opener, repository_of

    path = root / named
    try:
        source = read(path, root)
    except OSError as error:
        return condition, [(key, named, f"can't be read: {error.strerror}")]

    pipeline = read_pipeline(source, opener(path, repository_of(path, root), root))
    if pipeline.mistakes:
        more = len(pipeline.mistakes) - MOST
        told = [*pipeline.mistakes[:MOST], *([f"and {more:,} more"] if more > 0 else [])]
        return condition, [(key, named, each) for each in told]
    chosen = _choose(pipeline.promotions, condition.name)
    if isinstance(chosen, str):
        return condition, [(key, named, chosen)]
    if chosen.when is None:
        by = "auto_promote_on, which is deprecated" if chosen.deprecated else "hand"
        problem = f"promotion {chosen.name} is started by {by}; write auto_promote with a condition"
        return condition, [(key, named, f"{source.where(chosen.line)}: {problem}")]
    return condition.model_copy(update={"when": chosen.when, "name": chosen.name}), []


def take_over(settings: Settings, pipeline: Path) -> Settings:
    """The settings with the condition of the pipeline that is looked at, where they have none.

    They stay as they are where it is not plain which that is: several promotions may start by
    themselves once it has passed, or none, as in another service's file; or where no rehearsal can
    evaluate it. What is wrong with the pipeline itself is told elsewhere.
    """
    condition = settings.promotion
    if condition.model_fields_set:
        return settings
    from pytest_canary.pipelines.kinds import kind_of

    if kind_of(pipeline) != "Semaphore":
        return settings
    from pytest_canary.pipelines.workflow import read_file, repository_of

    found = read_file(pipeline, repository_of(pipeline, settings.root), settings.root)
    automatic = [each for each in found.promotions if each.when and _starts_on_pass(each.when)]
    if len(automatic) != 1:
        return settings
    (chosen,) = automatic
    update = {"when": chosen.when, "pipeline": found.source.shown, "name": chosen.name}
    own = condition.model_copy(update=update)
    if any(mistakes(own)):
        return settings
    return settings.model_copy(update={"promotion": own})


def _starts_on_pass(when: str) -> bool:
    """Whether it may; yes, too, where only the product can tell."""
    try:
        return may_hold(parse(when), "passed")
    except ConditionError:
        return True


def _choose(promotions: tuple[Promotion, ...], name: str | None) -> Promotion | str:
    """The promotion that is meant, or why nobody can tell."""
    names = [each.name for each in promotions]
    if name is not None:
        hint = did_you_mean(name, names, otherwise=f"there are {', '.join(names) or 'none'}")
        missing = f"it has no promotion {name}, which promotion.name asks for; {hint}"
        return next((each for each in promotions if each.name == name), missing)
    automatic = [each for each in promotions if each.when is not None]
    if len(automatic) == 1:
        return automatic[0]
    if not automatic:
        return "it has no promotion with auto_promote, which would have a condition"
    listed = ", ".join(each.name for each in automatic)
    return f"several promotions have auto_promote; set promotion.name to one of them: {listed}"
