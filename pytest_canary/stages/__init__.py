"""The packaged acceptance suite: one module a stage, one test an assertion.

A test's name is the sentence that must hold. The first test of each stage makes its transition.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_canary.config.plan import Plan
    from pytest_canary.rehearsal.rehearsal import Walk

Check = Callable[["Walk"], None]


@dataclass(frozen=True)
class Assertion:
    """One assertion of a stage.

    Attributes:
        sentence: what must hold; `{write}` and the like stand for the app's own words.
        check: passes where it holds, and fails with what was seen where it does not.
        when: whether it applies to a plan.
    """

    sentence: str
    check: Check
    when: Callable[[Plan], bool]

    def name(self, plan: Plan) -> str:
        """The sentence, in the words of the app and its replicas."""
        settings = plan.settings
        return self.sentence.format(
            name=settings.name,
            canary=settings.replicas.canary,
            stable=settings.replicas.stable,
            fewer=settings.replicas.stable_during_canary,
            limit=f"{settings.database.lock_limit:g}",
            write=f"{settings.api.write.method} {settings.api.write.path}",
            read=f"{settings.api.read.method} {settings.api.read.path}",
        )


class Suite(list[Assertion]):
    """A stage's assertions, in the order in which they run."""

    def holds(
        self, sentence: str, when: Callable[[Plan], bool] = lambda _: True
    ) -> Callable[[Check], Check]:
        """Declare a check of this stage: `@holds("the sentence")`."""

        def declare(check: Check) -> Check:
            self.append(Assertion(sentence, check, when))
            return check

        return declare


def suite(stage: str) -> Suite:
    """A stage's assertions."""
    from importlib import import_module

    found: Suite = import_module(f"{__name__}.{stage}").SUITE
    return found


def upgrade(plan: Plan) -> bool:
    """Applies to an upgrade only."""
    return plan.upgrade


def first(plan: Plan) -> bool:
    """Applies to a first release only."""
    return not plan.upgrade


def tells_versions(plan: Plan) -> bool:
    """Applies where a header tells which version answered an upgrade's requests."""
    return plan.upgrade and plan.tells_versions


def migrates_live(plan: Plan) -> bool:
    """Applies where there is something to migrate while a version is live."""
    return plan.upgrade and plan.migrates


def loaded(plan: Plan) -> bool:
    """Applies where there is traffic."""
    return plan.traffic


def loaded_upgrade(plan: Plan) -> bool:
    """Applies to an upgrade with traffic, which flows from its baseline on."""
    return plan.upgrade and plan.traffic
