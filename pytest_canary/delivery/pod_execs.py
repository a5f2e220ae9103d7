"""The commands that a pipeline's jobs run in pods: how they ended, and which takes for ever."""

from __future__ import annotations

import time
from collections.abc import Sequence

from pytest_canary.core.errors import FoundError
from pytest_canary.core.findings import Finding
from pytest_canary.delivery.project_pipelines import CALLED
from pytest_canary.jobs.asks import Ask
from pytest_canary.jobs.results import CommandResult, PipelineResult
from pytest_canary.k8s.exec import Exec
from pytest_canary.k8s.objects import Object
from pytest_canary.release.release import Release


def last_exec(result: PipelineResult, pod: Object, words: Sequence[str]) -> Exec | None:
    """How a command in a pod has ended, by the pipeline's command that has run it.

    Args:
        result: what came of the pipeline.
        pod: the one that it is told of.
        words: the command's.

    Returns:
        None where the pipeline has not run it.
    """
    typed, name = " ".join(words), pod["metadata"]["name"]
    found = [
        Exec(name, typed, command.code, command.output, command.output)
        for command in _commands(result)
        for call in command.calls
        if call.program == "kubectl" and _runs(call.arguments, typed)
    ]
    # One that was tried again counts as it ended at last.
    return found[-1] if found else None


def _runs(arguments: Sequence[str], typed: str) -> bool:
    """Whether kubectl's words run a command in a pod."""
    return "exec" in arguments and typed in " ".join(arguments)


class ExecWatch:
    """The command in a pod that was begun last, which may not take for ever.

    Args:
        release: knows what ping and migrate are, and how long they may take.
    """

    def __init__(self, release: Release) -> None:
        self._commands = release.settings.commands
        self._deadline = release.settings.deadlines.command
        self._since: float | None = None
        self._words: tuple[str, ...] = ()

    def hear(self, ask: Ask) -> None:
        """Another one begins."""
        if ask.kind == "kubectl":
            self._since, self._words = time.monotonic(), ask.arguments

    def expect_end(self) -> None:
        """Return unless it has taken longer than it may.

        Raises:
            FoundError: it has.
        """
        if self._since is None or time.monotonic() - self._since < self._deadline:
            return
        codes = {"MigrationHangs": self._commands.migrate, "PingHangs": self._commands.ping}
        typed = " ".join(["kubectl", *self._words])
        code = next(
            (
                each
                for each, words in codes.items()
                if words and _runs(self._words, " ".join(words))
            ),
            "CommandHangs",
        )
        raise FoundError(
            [
                Finding(
                    code,
                    f"`{typed}` of {CALLED['canary']} was given up at its deadline of "
                    f"{self._deadline:g} s, and no other command came after it",
                    next="see deadlines.command, and what the command waits for",
                )
            ]
        )


def _commands(result: PipelineResult) -> list[CommandResult]:
    return [command for block in result.blocks for job in block.jobs for command in job.commands]
