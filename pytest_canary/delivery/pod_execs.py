"""The commands that a pipeline's jobs run in pods: how they ended, and which takes for ever."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Sequence

from pytest_canary.config.migration_settings import CommandSettings
from pytest_canary.core.errors import FoundError, ReleaseError
from pytest_canary.core.findings import Finding
from pytest_canary.delivery.role_pipelines import CALLED
from pytest_canary.jobs.asks import Ask
from pytest_canary.jobs.results import CommandResult, PipelineResult
from pytest_canary.k8s.exec import Exec

# Options of `kubectl exec` that stand before the pod, with a value of their own.
_VALUED = ("-n", "--namespace", "-c", "--container", "--pod-running-timeout", "-v", "--v")


def last_exec(result: PipelineResult, words: Sequence[str], own: Collection[str]) -> Exec | None:
    """How a command in a pod of the canary's has ended, when a pipeline ran it last.

    Args:
        result: what came of the pipeline.
        words: the command's.
        own: names of the canary's pods, and of its Deployment.

    Returns:
        None where the pipeline has not run it.

    Raises:
        ReleaseError: it has run it elsewhere.
    """
    typed = " ".join(words)
    found: Exec | None = None
    for command in _commands(result):
        for call in command.calls:
            if call.program != "kubectl" or not runs(call.arguments, typed):
                continue
            where = _target(call.arguments)
            if where not in own:
                raise ReleaseError(
                    f"{CALLED['canary']} runs `{typed}` in {where}, which is no pod of the "
                    "canary's; let `kubectl exec` name one of those",
                    command.output,
                )
            # The program's own code: what the job made of it may be another one.
            code = command.code if call.code is None else call.code
            found = Exec(where, typed, code, command.output, command.output)
    return found


def runs(arguments: Sequence[str], typed: str) -> bool:
    """Whether kubectl's words run a command in a pod, by itself or in a shell there."""
    if "exec" not in arguments:
        return False
    behind = list(arguments[arguments.index("exec") + 1 :])
    if "--" in behind:
        behind = behind[behind.index("--") + 1 :]
    whole = rf"(?:^|[\s;&|('\"]){re.escape(typed)}(?:$|[\s;&|)'\"])"
    return bool(re.search(whole, " ".join(behind)))


def _target(arguments: Sequence[str]) -> str:
    """The pod or Deployment that `kubectl exec` names; empty for none."""
    words = iter(arguments[arguments.index("exec") + 1 :])
    for each in words:
        if each == "--":
            break
        if each in _VALUED:
            next(words, None)
        elif not each.startswith("-"):
            kind, _, name = each.rpartition("/")
            return name if not kind or kind.startswith(("pod", "deploy")) else each
    return ""


class ExecWatch:
    """The command in a pod that was begun last, which may not take for ever.

    Args:
        commands: what ping and migrate are.
        deadline: seconds that each may take.
    """

    def __init__(self, commands: CommandSettings, deadline: float) -> None:
        self._commands = commands
        self._deadline = deadline
        self._since: float | None = None
        self._words: tuple[str, ...] = ()

    def hear(self, ask: Ask) -> None:
        """Another one begins, or has ended."""
        if ask.kind == "kubectl" and "exec" in ask.arguments:
            self._since, self._words = time.monotonic(), ask.arguments
        elif ask.kind == "ended" and ask.arguments == self._words:
            self._since = None

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
            (each for each, words in codes.items() if words and runs(self._words, " ".join(words))),
            "CommandHangs",
        )
        raise FoundError(
            [
                Finding(
                    code,
                    f"`{typed}` of {CALLED['canary']} was given up at its deadline of "
                    f"{self._deadline:g} s",
                    next="see deadlines.command, and what the command waits for",
                )
            ]
        )


def _commands(result: PipelineResult) -> list[CommandResult]:
    return [command for block in result.blocks for job in block.jobs for command in job.commands]
