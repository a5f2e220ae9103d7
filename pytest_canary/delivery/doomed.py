"""A Deployment that never comes up, told while the pipeline's own command still waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from pytest_canary.core.errors import FoundError
from pytest_canary.core.findings import Finding
from pytest_canary.delivery.running_commands import RunningCommands
from pytest_canary.diagnosis import Expected
from pytest_canary.k8s.objects import images
from pytest_canary.k8s.observer import Observer

# Seconds that a command goes on once what it has applied is doomed: one that only applies ends
# sooner, and what comes behind it may mend that.
PATIENCE = 2.0

# Seconds between two looks.
LOOK = 0.25

Diagnose = Callable[[Expected], list[Finding]]
"""Tells what is wrong with a Deployment."""


class DoomedRollout:
    """Looks after what a pipeline deploys, until its own commands have an end.

    Args:
        observer: watches the namespace that it is deployed in.
        diagnose: tells what is wrong with it.
        name: the Deployment's.
        has_built: whether an image is what the release is about, by its name.
        running: the pipeline's commands.
        called: the pipeline, in a sentence.
        give_up: ends the pipeline.
        patience: seconds that a command goes on once what it has applied is doomed.
    """

    def __init__(
        self,
        observer: Observer,
        diagnose: Diagnose,
        name: str,
        has_built: Callable[[str], bool],
        running: RunningCommands,
        called: str,
        give_up: Callable[[], None],
        patience: float = PATIENCE,
    ) -> None:
        self._observer = observer
        self._diagnose = diagnose
        self._name = name
        self._has_built = has_built
        self._running = running
        self._called = called
        self._give_up = give_up
        self._patience = patience
        self._looked = 0.0
        # The command that ran when it was first seen doomed, and when that was.
        self._command: tuple[str, float] | None = None
        self._since = 0.0

    def expect_hope(self) -> None:
        """Return while it may still come up, or the command that has applied it may just end.

        Raises:
            FoundError: it never will, and a command waited for it all the same, until the pipeline
                was given up for that.
        """
        now = time.monotonic()
        if now - self._looked < LOOK:
            return
        self._looked = now
        command = self._running.longest
        found = [each for each in self._findings() if each.doomed] if command else []
        if not found or command is None or command != self._command:
            self._command, self._since = (command if found else None), now
            return
        if now - self._since < self._patience:
            return
        first = found[0]
        told = f"while `{command[0]}` of {self._called} ran, which is ended"
        seen = ", ".join(text for text in (first.seen, told) if text)
        self._give_up()
        raise FoundError([replace(first, seen=seen), *found[1:]])

    def _findings(self) -> list[Finding]:
        """What is wrong with it, once it runs what the pipeline releases."""
        deployment = self._observer.snapshot().deployments.get(self._name)
        if deployment is None:
            return []
        image = next((e for e in images(deployment["spec"]["template"]) if self._has_built(e)), "")
        if not image:
            return []
        # Whatever it asks for now: the pipeline may change it, and its Service, in several steps.
        return self._diagnose(
            Expected(
                deployment=self._name,
                replicas=deployment["spec"].get("replicas", 1),
                image=image,
                title="candidate",
            )
        )
