"""Which tests a session has: the stages' checks and a team's own, in the order of the stages."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING

import pytest

from pytest_canary.config.options import STAGES
from pytest_canary.core.wording import did_you_mean, nearest
from pytest_canary.plugin import fixtures
from pytest_canary.plugin.items import StageFile, StageTest, stage_of
from pytest_canary.plugin.marker import stage_named
from pytest_canary.plugin.pytest_internals import Screen, fixture_modules
from pytest_canary.plugin.state import SessionOutcome

if TYPE_CHECKING:
    from pytest_canary.rehearsal.rehearsal import Rehearsal


class Collector:
    """Adds the stages to what pytest has collected.

    Args:
        rehearsal: what the stages' checks look at.
        outcome: learns how many checks there are.
        screen: where pytest says how many it has collected, if it does.
    """

    def __init__(
        self, rehearsal: Rehearsal, outcome: SessionOutcome, screen: Screen | None
    ) -> None:
        self._rehearsal = rehearsal
        self._outcome = outcome
        self._screen = screen

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(
        self, session: pytest.Session, items: list[pytest.Item]
    ) -> Generator[None]:
        """Add the stages before -k and -m choose, and put all in the stages' order after them."""
        stages = self._rehearsal.plan.stages
        team, others = divide(items, stages)
        checks = self._collect_checks(session, stages)
        if self._screen:
            self._screen.count_collected(len(checks))
        items[:] = [*checks, *team]
        if others:
            session.config.hook.pytest_deselected(items=others)
        yield
        # A stage's own tests first, then the team's; in the order that they were written.
        # A stage's own are made in one order only, whatever -p or --ff would like.
        places: dict[pytest.Item, int] = {check: place for place, check in enumerate(checks)}
        items.sort(key=lambda item: (STAGES.index(stage_of(item)), places.get(item, len(places))))

    def _collect_checks(self, session: pytest.Session, stages: Iterable[str]) -> list[StageTest]:
        checks = []
        for stage in stages:
            found = list(StageFile.of(session, self._rehearsal, stage).collect())
            # What is not walked keeps nothing from having passed.
            skipped = self._rehearsal.load(stage).skips(self._rehearsal.plan)
            self._outcome.planned[stage] = 0 if skipped else len(found)
            checks += found
        return checks


def divide(
    items: Iterable[pytest.Item], stages: Iterable[str]
) -> tuple[list[pytest.Item], list[pytest.Item]]:
    """Tell a team's tests of these stages from all others.

    Returns:
        The tests of the stages, and the others.

    Raises:
        pytest.UsageError: a marker names no stage, or a test that uses our fixtures has none; with
            every such mistake.
    """
    chosen, others, mistakes = [], [], []
    for item in items:
        mistake = find_misuse(item)
        if mistake:
            mistakes.append(f"{item.nodeid}{mistake}")
        elif stage_named(item) in stages:
            chosen.append(item)
        else:
            others.append(item)
    if mistakes:
        raise pytest.UsageError(*mistakes)
    return chosen, others


def find_misuse(item: pytest.Item) -> str:
    """Find what is wrong with how a test names its stage.

    A marker that has no stage in it, nor what could be meant for one, is the team's own.

    Returns:
        The end of a sentence that begins with its node ID; empty where nothing is.
    """
    if stage_named(item):
        return ""
    for marker in item.iter_markers("canary"):
        words = [*marker.args, *marker.kwargs.values()]
        meant = [str(word) for word in words if nearest(str(word), STAGES)]
        if meant:
            shown = [repr(word) for word in marker.args]
            shown += [f"{key}={word!r}" for key, word in marker.kwargs.items()]
            near = f"; {did_you_mean(meant[0], STAGES)}" if meant[0] not in STAGES else ""
            return f": @pytest.mark.canary takes one stage, not {', '.join(shown)}{near}"
    used = [name for name, of in fixture_modules(item).items() if of == fixtures.__name__]
    if not used:
        return ""
    return f' uses {used[0]} and names no stage; mark it, for example @pytest.mark.canary("stable")'


def names_files(config: pytest.Config) -> bool:
    """Whether the command line names the files whose tests are wanted."""
    return config.args_source is pytest.Config.ArgsSource.ARGS


def leave_out_unnamed_files(config: pytest.Config) -> None:
    """Collect no file but those that the command line names.

    A team's own tests take longer to collect than the whole check.
    """
    if not names_files(config):
        config.args = []
