"""A stage of the walk: its transition, its steps and its checks, in one object.

STAGE = Stage("canary", existing_context, transition="deploy the canary", rolls_back=True)

@STAGE.enter("{name}-canary is deployed")
def deploy(context: Context) -> None: ...

@STAGE.holds("{canary}/{canary} canary pods are ready, and of the candidate")
def canary_is_ready(context: Context) -> None: ...
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pytest_canary.config.api_settings import Request
from pytest_canary.config.migration_settings import By
from pytest_canary.config.plan import Plan
from pytest_canary.config.settings import Settings
from pytest_canary.context.workspace import Workspace

MIGRATING: dict[By, str] = {
    "exec": "ping and migrate run in a canary pod",
    "job": "the migration's Job runs to its end",
    "hook": "the migration's Job, a hook that Helm runs, comes to its end",
    "init-container": "the migration's init container runs to its end",
    "start": "the app migrates as it starts",
}
"""What is asserted of the migration's run, by what migrates."""

Subject = TypeVar("Subject")
"""What a stage's functions are given: the workspace, or the context that the cluster brings."""

Function = Callable[[Subject], None]
Condition = Callable[[Plan], bool]


def always(_: Plan) -> bool:
    """Applies to every plan."""
    return True


@dataclass(frozen=True, eq=False)
class Step:
    """Something that changes the cluster; a rehearsal makes it once.

    Attributes:
        name: what the traffic and the report call it; empty where they have nothing to call.
        make: makes it.
        function: what was declared.
        after: the step that comes first.
    """

    name: str
    make: Callable[[Workspace], None]
    function: Callable[..., None]
    after: Step | None = None


@dataclass(frozen=True, eq=False)
class Check:
    """One assertion of a stage.

    Attributes:
        sentence: what must hold; `{write}` and the like stand for the app's own words.
        test: passes where it holds, and raises with what was seen where it does not. None where
            all that is asserted is that the step before it was made.
        function: what was declared.
        when: whether it applies to a plan.
        after: the step that comes first.
    """

    sentence: str
    test: Callable[[Workspace], None] | None
    function: Callable[..., None]
    when: Condition = always
    after: Step | None = None

    def name(self, plan: Plan) -> str:
        """The sentence, in the words of the app and its replicas."""
        return self.words(plan.settings)

    def words(self, settings: Settings) -> str:
        """The same, where nothing is planned yet."""
        return self.sentence.format(
            name=settings.name,
            tracks=f"{settings.name}-canary and {settings.name}-stable"
            if settings.replicas.canary
            else f"{settings.name}-stable",
            canary=settings.replicas.canary,
            stable=settings.replicas.stable,
            fewer=settings.replicas.stable_during_canary,
            migrating=MIGRATING[settings.migration.way],
            limit=f"{settings.database.lock_limit:g}",
            write=_words(settings.api.write),
            read=_words(settings.api.read),
        )


class Stage(Generic[Subject]):
    """Where the walk stands: how it gets there, and what must hold.

    Args:
        name: as users type it.
        subject: what its functions are given, from the workspace.
        transition: what the way into it is called; empty where it only looks.
        rolls_back: whether a failure in it leads to the automatic rollback.
        on_trial: whether what the canary itself fails to answer is left to the verdict.
        automatic: whether it takes the place of the stage of its name after a failure; then no
            stage comes before it.
        skips: why it is not walked, by the plan; empty where it is.
        final: whether the walk ends with it, wherever it stands: no stage has to come before it,
            and the traffic ends with its beginning.

    Attributes:
        entry: the way into it.
        checks: in the order in which they run.
    """

    def __init__(
        self,
        name: str,
        subject: Callable[[Workspace], Subject],
        *,
        transition: str = "",
        rolls_back: bool = False,
        on_trial: bool = False,
        automatic: bool = False,
        final: bool = False,
        skips: Callable[[Plan], str] = lambda _: "",
    ) -> None:
        self.name = name
        self.transition = transition
        self.rolls_back = rolls_back
        self.on_trial = on_trial
        self.automatic = automatic
        self.final = final
        self.skips = skips
        self.checks: list[Check] = []
        self.entry = Step("", _nothing, _nothing)
        self._subject = subject

    def enter(
        self, holds: str = "", *, when: Condition = always
    ) -> Callable[[Function[Subject]], Function[Subject]]:
        """Declare the transition; with a sentence, a check says that it comes to its end."""
        return self._entry(self._with_subject, holds, when)

    def begin(
        self, holds: str = "", *, when: Condition = always
    ) -> Callable[[Function[Workspace]], Function[Workspace]]:
        """Declare a transition that needs no more than the workspace, and may make the subject."""
        return self._entry(lambda function: function, holds, when)

    def step(
        self,
        name: str = "",
        *,
        holds: str = "",
        when: Condition = always,
        after: Step | None = None,
    ) -> Callable[[Function[Subject]], Step]:
        """Declare something that changes the cluster between two checks."""

        def declare(function: Function[Subject]) -> Step:
            step = Step(name, self._with_subject(function), function, after or self.entry)
            if holds:
                self.checks.append(Check(holds, None, function, when, step))
            return step

        return declare

    def holds(
        self, sentence: str, *, when: Condition = always, after: Step | None = None
    ) -> Callable[[Function[Subject]], Function[Subject]]:
        """Declare a check: `@STAGE.holds("the sentence")`."""

        def declare(function: Function[Subject]) -> Function[Subject]:
            self.checks.append(Check(sentence, self._with_subject(function), function, when, after))
            return function

        return declare

    def checks_for(self, plan: Plan) -> list[Check]:
        """The checks that apply to a plan."""
        return [check for check in self.checks if check.when(plan)]

    def _with_subject(self, function: Function[Subject]) -> Function[Workspace]:
        return lambda workspace: function(self._subject(workspace))

    def _entry(
        self,
        bound: Callable[[Callable[..., None]], Function[Workspace]],
        holds: str,
        when: Condition,
    ) -> Callable[[Callable[..., None]], Callable[..., None]]:
        def declare(function: Callable[..., None]) -> Callable[..., None]:
            self.entry = Step(self.transition, bound(function), function)
            if holds:
                self.checks.append(Check(holds, None, function, when, self.entry))
            return function

        return declare


def _nothing(_: Workspace) -> None:
    """A stage that only looks has no way into it."""


def _words(request: Request) -> str:
    return f"{request.method} {request.path}"
